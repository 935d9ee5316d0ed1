"""`sojourn collector` as a process of its own, a faulty door in front of it, and the log it writes."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.clients.door import Door
from tests.clients.running import collector
from tests.node_packages import installed

from sojourn.store.folder import open_folder
from sojourn.store.log import Log
from sojourn.store.sources import create_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.clients.door import Fault

    from sojourn.records.event import Event, SourceKind


@dataclass
class Shop:
    """A collector and the door that clients come through."""

    data: Path
    door: Door
    sources: int = 0

    def open(self, faults: list[Fault], kind: SourceKind = "server") -> str:
        """A key of a source of its own, and what goes wrong with the first requests."""
        self.sources += 1
        self.door.begin(faults)
        return create_key(open_folder(self.data), self.source, kind=kind, consent="assumed")[0]

    @property
    def source(self) -> str:
        """The newest source."""
        return f"source-{self.sources}"

    def events(self) -> list[Event]:
        """What the newest source sent, in the order of the log."""
        return [event for _, event in Log(open_folder(self.data)).read(-1, 1_000_000) if event.source == self.source]

    def wait_for(self, count: int, *, within_s: float = 40) -> list[Event]:
        """Its events as soon as there are so many."""
        end = time.monotonic() + within_s
        while len(found := self.events()) < count and time.monotonic() < end:
            time.sleep(0.1)
        return found


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    data = tmp_path_factory.mktemp("shop") / "data"
    with collector(data, "--port", "0") as port:
        door = Door(port)
        yield Shop(data, door)
        door.close()


@pytest.fixture(scope="session")
def node_clients() -> Path:
    """A folder with the Node clients of package.json."""
    return installed(Path(__file__).parent)
