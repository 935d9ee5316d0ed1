"""Consoles over small logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.analyse.logs import batch

from sojourn.api.history import History
from sojourn.console.asked import Backing
from sojourn.store.append import Append
from sojourn.store.folder import create_folder
from sojourn.store.index_build import build_index

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.analyse.logs import Row

    from sojourn.console.asked import Told


class Nobody:
    """Live profiles of a folder that no worker runs on."""

    def person(self, identifier: str, /) -> Told:
        raise LookupError(identifier)


def backing_of(place: Path, rows: Sequence[Row]) -> Backing:
    """What pages are made from, of some rows."""
    folder = create_folder(place / "data")
    with folder.writing():
        append = Append(folder, source="test")
        append.add(batch(rows))
        append.finish()
        build_index(folder)
    return Backing(History(folder), Nobody())
