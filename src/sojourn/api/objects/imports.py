"""Imports done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sojourn.api.endpoint import endpoint

if TYPE_CHECKING:
    from sojourn.api.call import Call


@dataclass(frozen=True, slots=True)
class ImportDone:
    """One finished import of one file.

    Attributes:
        id: Its number, from 1.
        file: The file's name.
        source: Source it was imported under.
        finished_at: When, ISO 8601 UTC.
        read: Rows read.
        imported: Rows that became events.
        duplicates: Rows that were in the folder before.
        repeated: Rows that were in the file twice.
        rejected: Rows in quarantine.
        bots: Events of self-declared crawlers.
    """

    id: int
    file: str
    source: str
    finished_at: str
    read: int
    imported: int
    duplicates: int
    repeated: int
    rejected: int
    bots: int


@dataclass(frozen=True, slots=True)
class Imports:
    """Imports done.

    Attributes:
        imports: Newest first.
    """

    imports: tuple[ImportDone, ...]


def listing(call: Call) -> Imports:
    """Imports done, newest first."""
    from sojourn.store.decided import imports  # noqa: PLC0415  (heavy)

    return Imports(tuple(ImportDone(*row) for row in reversed(imports(call.folder))))


ENDPOINTS = (endpoint("GET", "/api/imports", listing, role="viewer", group="imports"),)
