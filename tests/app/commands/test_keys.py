"""`sojourn keys` on the command line: the JSON others script against."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from sojourn.app.cli import app
from sojourn.collect.accept import sign_user
from sojourn.store.folder import open_folder
from sojourn.store.sources import Keyring, find_source

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.fsync", lambda _descriptor: None)


def run(data: Path, *arguments: str, code: int = 0) -> str:
    done = CliRunner().invoke(app, ["keys", *arguments, "--data", str(data)])
    assert done.exit_code == code, done.output
    return done.stdout


def test_without_json_the_key_alone_is_the_output(tmp_path: Path) -> None:
    """`KEY=$(sojourn keys create web)` is what a script writes; the rest is said beside it."""
    key = run(tmp_path / "new", "create", "web").removesuffix("\n")

    assert find_source(open_folder(tmp_path / "new"), key) is not None


def test_create_prints_the_key_and_its_source(tmp_path: Path) -> None:
    """In a folder that is not there yet, too."""
    made = json.loads(run(tmp_path / "new", "create", "web", "--json"))

    assert made.keys() == {"key", "source"}
    source = find_source(open_folder(tmp_path / "new"), made["key"])
    assert source is not None
    assert (made["source"], source.name, source.kind, source.consent) == ("web", "web", "server", "assumed")


def test_kind_role_and_consent(tmp_path: Path) -> None:
    browser = json.loads(run(tmp_path, "create", "web", "--kind", "browser", "--json"))["key"]
    reader = json.loads(run(tmp_path, "create", "me", "--role", "viewer", "--consent", "required", "--json"))["key"]
    found = [find_source(open_folder(tmp_path), key) for key in (browser, reader)]

    assert [(one.kind, one.consent, one.role) for one in found if one] == [
        ("browser", "required", None),
        ("server", "required", "viewer"),
    ]


def test_list_and_revoke(tmp_path: Path) -> None:
    key = json.loads(run(tmp_path, "create", "web", "--json"))["key"]
    assert run(tmp_path, "create", "web").startswith("sjs_")
    before = json.loads(run(tmp_path, "list", "--json"))["keys"]
    assert [(one["id"], one["source"], one["revoked_at"]) for one in before] == [(1, "web", None), (2, "web", None)]

    assert json.loads(run(tmp_path, "revoke", key, "--json")) == {"revoked": 1}
    assert run(tmp_path, "revoke", "web") == "revoked 1 key\n"

    assert find_source(open_folder(tmp_path), key) is None
    assert all(one["revoked_at"] for one in json.loads(run(tmp_path, "list", "--json"))["keys"])
    assert "revoked" in run(tmp_path, "list")


def test_what_is_no_key_cannot_be_revoked(tmp_path: Path) -> None:
    run(tmp_path, "create", "web")

    done = CliRunner().invoke(app, ["keys", "revoke", "nobody", "--data", str(tmp_path)])

    assert done.exit_code != 0


def test_the_secret_signs_as_the_page_of_the_documentation_says(tmp_path: Path) -> None:
    key = json.loads(run(tmp_path, "create", "web", "--kind", "browser", "--json"))["key"]
    secret = json.loads(run(tmp_path, "secret", "web", "--json"))["user_secret"]

    user_hash = hmac.new(secret.encode(), b"anna", hashlib.sha256).hexdigest()

    known = Keyring(open_folder(tmp_path)).find(key)
    assert known is not None
    assert sign_user(known.user_secret, "anna") == user_hash
