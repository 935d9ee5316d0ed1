from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from sojourn.api.call import Backing
from sojourn.api.control import control_app
from sojourn.api.history import History
from sojourn.app.live_profile import LiveProfile
from sojourn.records.errors import UnknownPerson
from sojourn.store.folder import create_folder
from sojourn.store.sources import Keyring, create_key, revoke_keys

if TYPE_CHECKING:
    from pathlib import Path

    from sojourn.store.erasure import Receipt
    from sojourn.store.folder import Folder


@dataclass
class Anna:
    """The only person there is."""

    asked: list[str] = field(default_factory=list)

    def person(self, identifier: str) -> Anna:
        self.asked.append(identifier)
        if identifier not in {"anna", "a/b c"}:
            message = f"no event carries the identifier {identifier!r}"
            raise UnknownPerson(message)
        return self

    def to_dict(self) -> dict[str, Any]:
        return {"person": self.asked[-1]}


class Nobody:
    """Cares for no one."""

    def export(self, identifier: str) -> bytes:
        raise UnknownPerson(identifier)

    def erase(self, identifier: str) -> Receipt:
        raise UnknownPerson(identifier)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return create_folder(tmp_path / "data")


@dataclass
class Client:
    """Asks the API in this process."""

    folder: Folder

    def get(self, path: str, **more: Any) -> httpx.Response:
        return asyncio.run(self._ask("GET", path, **more))

    def post(self, path: str, **more: Any) -> httpx.Response:
        return asyncio.run(self._ask("POST", path, **more))

    async def _ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        backing = Backing(History(self.folder), Anna(), Nobody(), LiveProfile)
        app = control_app(backing, Keyring(self.folder, clock=lambda: 0.0))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://console") as asked:
            return await asked.request(method, path, **more)


def client(folder: Folder) -> Client:
    return Client(folder)


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def test_a_token_with_a_role_reads_a_person(folder: Folder) -> None:
    key, _ = create_key(folder, "crm", role="viewer")
    answer = client(folder).get("/api/persons/anna", headers=bearer(key))

    assert (answer.status_code, answer.json()) == (200, {"person": "anna"})
    assert answer.headers["cache-control"] == "no-store"


def test_an_identifier_may_hold_a_slash_and_blanks(folder: Folder) -> None:
    key, _ = create_key(folder, "crm", role="viewer")

    assert client(folder).get("/api/persons/a%2Fb%20c", headers=bearer(key)).json() == {"person": "a/b c"}


def test_a_key_that_may_only_write_reads_nobody(folder: Folder) -> None:
    for key in (create_key(folder, "shop")[0], create_key(folder, "page", kind="browser")[0], "sjs_guess", ""):
        answer = client(folder).get("/api/persons/anna", headers=bearer(key))

        assert (answer.status_code, answer.json()["code"]) == (401, "no_token")
        assert answer.headers["www-authenticate"] == "Bearer"


def test_a_request_without_a_token_is_told_how_to_make_one(folder: Folder) -> None:
    answer = client(folder).get("/api/persons/anna")

    assert answer.status_code == 401
    assert "sojourn keys create" in answer.json()["message"]


def test_a_revoked_token_reads_nobody(folder: Folder) -> None:
    key, _ = create_key(folder, "crm", role="viewer")
    revoke_keys(folder, key)

    assert client(folder).get("/api/persons/anna", headers=bearer(key)).status_code == 401


def test_an_unknown_person_and_an_unknown_path_are_told_apart(folder: Folder) -> None:
    key, _ = create_key(folder, "crm", role="admin")
    asked = client(folder)

    assert asked.get("/api/persons/ghost", headers=bearer(key)).json()["code"] == "unknown_person"
    assert asked.get("/api/nothing", headers=bearer(key)).json()["code"] == "not_found"
    assert asked.post("/api/persons/anna", headers=bearer(key)).json()["code"] == "wrong_method"


def test_an_identifier_longer_than_any_is_refused(folder: Folder) -> None:
    key, _ = create_key(folder, "crm", role="viewer")

    assert client(folder).get("/api/persons/" + "a" * 1001, headers=bearer(key)).json()["field"] == "id"


def test_readiness_needs_no_token(folder: Folder) -> None:
    assert client(folder).get("/ready").json() == {"ready": True}
