from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.analyse.logs import batch
from tests.console.visitors import user

from sojourn.api.history import History
from sojourn.console import under_way
from sojourn.console.asked import Backing
from sojourn.store.append import Append
from sojourn.store.folder import create_folder
from sojourn.store.index_build import build_index

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.testclient import TestClient

    from sojourn.console.asked import Told


@pytest.fixture(autouse=True)
def whole_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page waits for its answer however busy the machine is; test_answers.py has pages that do not."""
    monkeypatch.setattr(under_way, "AT_ONCE_S", 120.0)


class Nobody:
    """Live profiles of a folder that no worker runs on."""

    def person(self, identifier: str, /) -> Told:
        raise LookupError(identifier)


@pytest.fixture
def backing(tmp_path: Path) -> Backing:
    """Of a log in which anna views and buys, and ben views two hours later."""
    folder = create_folder(tmp_path / "data")
    with folder.writing():
        append = Append(folder, source="test")
        append.add(batch([("anna", 0, "view", {}), ("anna", 60, "buy", {}), ("ben", 7200, "view", {})]))
        append.finish()
        build_index(folder)
    return Backing(History(folder), Nobody())


@pytest.fixture
def empty(tmp_path: Path) -> Backing:
    """Of a folder without events."""
    return Backing(History(create_folder(tmp_path / "data")), Nobody())


@pytest.fixture
def console(backing: Backing) -> TestClient:
    """The admin's browser."""
    return user(backing)
