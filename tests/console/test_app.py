from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from starlette.testclient import TestClient
from tests.analyse.logs import batch

from sojourn.api.history import History
from sojourn.console.app import console_app
from sojourn.console.asked import Backing
from sojourn.store.append import Append
from sojourn.store.folder import create_folder
from sojourn.store.index_build import build_index

if TYPE_CHECKING:
    from pathlib import Path

    from sojourn.console.asked import Told


class Nobody:
    """Live profiles of a folder that no worker runs on."""

    def person(self, identifier: str, /) -> Told:
        raise LookupError(identifier)


@pytest.fixture
def console(tmp_path: Path) -> TestClient:
    folder = create_folder(tmp_path / "data")
    with folder.writing():
        append = Append(folder, source="test")
        append.add(batch([("anna", 0, "view", {}), ("anna", 60, "buy", {}), ("ben", 7200, "view", {})]))
        append.finish()
        build_index(folder)
    return TestClient(console_app(Backing(History(folder), Nobody())))


def test_the_first_page_tells_of_the_log(console: TestClient) -> None:
    page = console.get("/")

    assert page.status_code == 200
    assert '<span class="value">2</span>' in page.text


def test_a_predicate_that_cannot_be_read_is_told_and_nothing_breaks(console: TestClient) -> None:
    page = console.get("/", params={"where": "event = ("})

    assert page.status_code == 400
    assert "This cannot be shown" in page.text
