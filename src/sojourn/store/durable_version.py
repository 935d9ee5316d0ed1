"""Which version of a table is durable: a file in the table's folder, replaced once all else of a commit is on disk.

In: a table's folder. Out: the version's number, and a mark that differs as soon as it may be another. Never reads the table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from sojourn.records.errors import NotADataFolder
from sojourn.store.durable import replace_file

if TYPE_CHECKING:
    from pathlib import Path

NAME = "durable.json"
Mark = tuple[int, int, int, bytes]


class _Durable(msgspec.Struct, frozen=True):
    version: int


def durable_version(table: Path) -> int | None:
    """The number of the last durable version; None when nothing was committed.

    Raises:
        NotADataFolder: The record of it is damaged.
    """
    try:
        return msgspec.json.decode((table / NAME).read_bytes(), type=_Durable).version
    except FileNotFoundError:
        return None
    except msgspec.MsgspecError as error:
        message = f"{table / NAME} is damaged ({error}); restore it from a backup"
        raise NotADataFolder(message) from error


def durable_mark(table: Path) -> Mark | None:
    """What differs when another version may be durable, or another table be in the folder; None when nothing was committed."""
    path = table / NAME
    try:
        found = path.stat()
        return found.st_dev, found.st_ino, found.st_mtime_ns, path.read_bytes()
    except FileNotFoundError:
        return None


def record_durable(table: Path, version: int) -> None:
    """Say that a version is durable."""
    replace_file(table / NAME, msgspec.json.encode(_Durable(version)))
