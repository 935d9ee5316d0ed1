"""Keys open their source, are kept hashed, and can be ended."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from sojourn.records.errors import BadOption
from sojourn.store.sources import Keyring, create_key, find_source, list_keys, revoke_keys, user_secret
from sojourn.store.sqlite import database

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path

    from sojourn.records.event import SourceKind
    from sojourn.store.folder import Folder


def test_a_key_opens_its_source(folder: Folder) -> None:
    key, made = create_key(folder, "web", kind="browser")

    assert find_source(folder, key) == made
    assert (made.name, made.kind, made.consent, made.role) == ("web", "browser", "required", None)
    assert find_source(folder, key[:-1]) is None
    assert find_source(folder, "") is None


def test_servers_are_assumed_to_have_consent_unless_told(folder: Folder) -> None:
    assert create_key(folder, "shop")[1].consent == "assumed"
    assert create_key(folder, "shop", consent="required")[1].consent == "required"


def test_a_key_is_nowhere_in_the_folder(folder: Folder) -> None:
    key, _ = create_key(folder, "web")

    assert not [path for path in folder.path.rglob("*") if path.is_file() and key.encode() in path.read_bytes()]


def test_keys_of_another_folder_open_nothing(folder: Folder, tmp_path_factory: pytest.TempPathFactory) -> None:
    from sojourn.store.folder import create_folder

    key, _ = create_key(create_folder(tmp_path_factory.mktemp("other")), "web")

    assert find_source(folder, key) is None


def test_revoking_by_key_number_and_source(folder: Folder) -> None:
    first, second, third, fourth = (create_key(folder, name)[0] for name in ("a", "b", "c", "c"))

    assert [revoke_keys(folder, which) for which in (first, "2", "c", "c", "nobody", "99")] == [1, 1, 2, 0, 0, 0]
    assert [find_source(folder, key) for key in (first, second, third, fourth)] == [None] * 4
    assert [(one.source, one.revoked_at is None) for one in list_keys(folder)] == [
        ("a", False),
        ("b", False),
        ("c", False),
        ("c", False),
    ]


def test_a_running_keyring_notices_what_is_made_and_revoked_elsewhere(folder: Folder) -> None:
    now = 0.0
    ring = Keyring(folder, clock=lambda: now)
    key, source = create_key(folder, "web")
    assert ring.find(key) is None
    now = 1.0
    assert ring.stale
    ring.refresh()
    found = ring.find(key)
    assert found is not None
    assert found.source == source

    revoke_keys(folder, key)
    now = 2.0
    ring.refresh()
    assert ring.find(key) is None


def test_guesses_do_not_make_a_keyring_read_more_than_ten_times_a_second(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[Path] = []

    @contextlib.contextmanager
    def counted(path: Path, name: str) -> Iterator[sqlite3.Connection]:
        reads.append(path)
        with database(path, name) as control:
            yield control

    monkeypatch.setattr("sojourn.store.sources.database", counted)
    ring = Keyring(folder, clock=lambda: 0.0)
    for _ in range(100):
        ring.refresh()

    assert len(reads) == 1


@pytest.mark.parametrize(
    ("name", "kind", "role"),
    [
        ("", "server", None),
        ("a\nb", "server", None),
        ("x" * 201, "server", None),
        ("web", "browser", "admin"),
        ("web", "server", "king"),
        ("web", "phone", None),
    ],
)
def test_what_cannot_be_a_key(folder: Folder, name: str, kind: SourceKind, role: str | None) -> None:
    with pytest.raises(BadOption):
        create_key(folder, name, kind=kind, role=role)


def test_the_secret_for_user_ids_belongs_to_the_newest_browser_key(folder: Folder) -> None:
    assert user_secret(folder, "web") is None
    create_key(folder, "web", kind="server")
    assert user_secret(folder, "web") is None
    first, _ = create_key(folder, "web", kind="browser")
    before = user_secret(folder, "web")
    known = Keyring(folder).find(first)
    assert known is not None
    assert known.user_secret.decode() == before

    create_key(folder, "web", kind="browser")
    assert user_secret(folder, "web") not in (None, before)


def test_a_name_opens_only_a_browser_s_source(folder: Folder) -> None:
    create_key(folder, "shop", kind="server")
    create_key(folder, "web", kind="browser")
    ring = Keyring(folder)

    assert ring.named("shop") is None
    found = ring.named("web")
    assert found is not None
    assert found.source.kind == "browser"
