"""Small tables that questions take beside the log: what advertising cost, rates of currencies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from sojourn.api.endpoint import endpoint
from sojourn.api.options import TABLE_NAME
from sojourn.api.questions import TABLES
from sojourn.api.refusals import NotThere
from sojourn.records.errors import BadField
from sojourn.store.durable import clear_errors, replace_file

if TYPE_CHECKING:
    from pathlib import Path

    from sojourn.api.call import Call


class TableText(msgspec.Struct, forbid_unknown_fields=True):
    """A table.

    Attributes:
        text: CSV with a line of names first: `channel,cost` and perhaps `date`, `currency`; or `date,currency,rate`.
    """

    text: str


@dataclass(frozen=True, slots=True)
class TableFile:
    """A table that is there.

    Attributes:
        name: What questions call it.
        bytes: Its size.
    """

    name: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Tables:
    """Tables that are there.

    Attributes:
        tables: By name.
    """

    tables: tuple[TableFile, ...]


def listing(call: Call) -> Tables:
    """Tables that questions may name."""
    place = call.folder.path / TABLES
    found = sorted(place.iterdir()) if place.is_dir() else []
    return Tables(tuple(TableFile(one.name, one.stat().st_size) for one in found if TABLE_NAME.fullmatch(one.name)))


def put(call: Call, *, name: str, body: TableText) -> TableFile:
    """Put a table into the data folder, or another in its place.

    Args:
        call: The request.
        name: What questions call it, such as spend.csv.
        body: The table.
    """
    place = _place(call, name)
    try:
        content = body.text.encode()
    except UnicodeEncodeError as error:
        raise BadField("body", "expected text without halves of surrogate pairs - at `$.text`") from error
    if b"," not in content:
        raise BadField("body", "expected CSV with a line of names, such as `channel,cost` - at `$.text`")
    with clear_errors(call.folder.path, f"the table {name} was not kept"):
        place.parent.mkdir(exist_ok=True)
        replace_file(place, content)
    call.done("put a table", name=name, bytes=len(content))
    return TableFile(name, len(content))


def remove(call: Call, *, name: str) -> TableFile:
    """Remove a table.

    Args:
        call: The request.
        name: What questions call it.
    """
    place = _place(call, name)
    if not place.is_file():
        raise NotThere(f"there is no table {name!r}; GET /api/tables lists them")
    size = place.stat().st_size
    place.unlink()
    call.done("removed a table", name=name)
    return TableFile(name, size)


def _place(call: Call, name: str) -> Path:
    if not TABLE_NAME.fullmatch(name):
        raise BadField("name", f"expected a name such as spend.csv, got {name[:80]!r}")
    return call.folder.path / TABLES / name


ENDPOINTS = (
    endpoint("GET", "/api/tables", listing, role="viewer", group="tables"),
    endpoint("PUT", "/api/tables/{name}", put, role="analyst", group="tables"),
    endpoint("DELETE", "/api/tables/{name}", remove, role="analyst", group="tables"),
)
