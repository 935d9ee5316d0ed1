"""Events that are older than a folder keeps them leave it, bytes included.

In: a data folder and a time. Out: a receipt. Reaches log, events table, persons table and index; from then on what happened before that
time is refused on every path, and the worker renews the live state (`app.renewing`). Killed anywhere, the next run goes on where
it ended. A no that still counts stays, bare of everything else (`kept_choices`).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sojourn.records.consent import CONSENT_KEPT
from sojourn.records.periods import from_us, to_us
from sojourn.store.durable import clear_errors
from sojourn.store.erasure import replace_for_good, settle
from sojourn.store.events import EventsTable, scan_file, write_file
from sojourn.store.expiry_limit import reached_limit
from sojourn.store.kept_choices import bared, is_expired, places_of_choices
from sojourn.store.log import open_log
from sojourn.store.sqlite import database, queries

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from sojourn.store.events import DataFile, Version
    from sojourn.store.folder import Folder

    Progress = Callable[[str, int, int], None]

_FIRST_US, _LAST_US = to_us(dt.datetime.min.replace(tzinfo=dt.UTC)), to_us(dt.datetime.max.replace(tzinfo=dt.UTC))


@dataclass(frozen=True, slots=True)
class Expiry:
    """What one run took away.

    Attributes:
        id: Its number, from 1.
        before: Events that happened before this moment have expired, ISO 8601 UTC.
        finished_at: When it was done, ISO 8601 UTC.
        events: Events removed from the table and the index.
        first: Time of the earliest of them; None without any.
        last: Time of the latest of them.
        logged: Records removed from the log.
        choices: Of these events, how many stay for the no that they hold, bare of everything else.
    """

    id: int
    before: str
    finished_at: str
    events: int
    first: str | None
    last: str | None
    logged: int
    choices: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a run would take away.

    Attributes:
        before_us: Events that happened before this time would go, microseconds UTC.
        events: How many there are.
        first_us: Time of the earliest of them; None without any.
        last_us: Time of the latest of them.
        files: Files of the table that hold any.
        choices: Places of those that would stay for the no that they hold.
    """

    before_us: int
    events: int
    first_us: int | None
    last_us: int | None
    files: tuple[DataFile, ...]
    choices: NDArray[np.int64]


def before_of(days: int, *, now: dt.datetime) -> int:
    """The midnight (UTC) that begins the last so many whole days, microseconds: a limit moves once a day."""
    midnight = now.astimezone(dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return to_us(midnight - dt.timedelta(days=days))


def is_due(folder: Folder, before_us: int) -> bool:
    """Whether events of before a time may still be there, or a run was killed."""
    return before_us > reached_limit(folder) or _unfinished(folder) is not None


def waiting(folder: Folder, version: Version, before_us: int) -> Waiting:
    """What a run would take out of a version of the table; changes nothing."""
    choices = places_of_choices(folder, version, before_us)
    files, events = [], 0
    first: int | None = None
    last: int | None = None
    for file in version.files:
        concerned = False
        for rows in scan_file(file.source, ("seq", "time", "event")):
            old = is_expired(rows, before_us)
            gone = old & ~_among(rows, choices)
            bare = np.asarray(pc.equal(rows["event"], CONSENT_KEPT))
            concerned = concerned or bool(gone.any()) or bool((old & ~bare).any())
            if gone.any():
                times = rows["time"].cast(pa.int64()).fill_null(0).to_numpy()[gone]
                events += int(gone.sum())
                first = int(times.min()) if first is None else min(first, int(times.min()))
                last = int(times.max()) if last is None else max(last, int(times.max()))
        if concerned:
            files.append(file)
    return Waiting(before_us, events, first, last, tuple(files), choices)


def expire(folder: Folder, before_us: int, *, progress: Progress | None = None) -> Expiry | None:
    """Take away all events that happened before a time. For the holder of `Folder.writing`.

    Args:
        folder: The data folder.
        before_us: Microseconds UTC; an earlier time than that of a run before is passed over.
        progress: Called with what is done.

    Returns:
        The receipt; None when there was nothing to do.

    Raises:
        StorageFull: The disk is full; do it again when there is space.
    """
    if not is_due(folder, before_us):
        return None
    with clear_errors(folder.path, "events that have expired are not all gone yet"):
        version = settle(folder)
        number, before = _begin(folder, before_us)
        found = waiting(folder, version, before)
        with database(folder.control, "control") as control:
            queries("control").plan_expiry(
                control, id=number, events=found.events, first_us=found.first_us, last_us=found.last_us, choices=len(found.choices)
            )  # fmt: skip
        log = open_log(folder)
        # Before the table's: while those are there, the run can be done again and says what went.
        logged = 0 if log is None else log.rewrite(lambda event: None if event.time < before else event)
        if found.files:
            written = [path for file in found.files if (path := _without(folder, version, file, found))]
            replace_for_good(folder, version, found.files, written, kind="expire", progress=progress)
        with database(folder.control, "control") as control:
            at = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
            queries("control").finish_expiry(control, id=number, finished_at=at, logged=logged)
    return expiries(folder)[-1]


def expiries(folder: Folder) -> list[Expiry]:
    """Receipts of the runs that are done, oldest first."""
    if not folder.control.exists():
        return []
    with database(folder.control, "control") as control:
        rows = list(queries("control").expiries(control))
    return [
        Expiry(
            number,
            iso_of(before),
            at,
            events,
            None if first is None else iso_of(first),
            None if last is None else iso_of(last),
            logged,
            choices,
        )
        for number, before, at, events, first, last, logged, choices in rows
    ]


def _unfinished(folder: Folder) -> tuple[int, int] | None:
    with database(folder.control, "control") as control:
        found = queries("control").unfinished_expiry(control)
    return None if found is None else (int(found[0]), int(found[1]))


def _begin(folder: Folder, before_us: int) -> tuple[int, int]:
    """Number and time of the run; from now on nobody takes in what happened before that time."""
    known = _unfinished(folder)
    at = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    with database(folder.control, "control") as control:
        if known is None:
            return int(queries("control").begin_expiry(control, before_us=before_us, begun_at=at)), before_us
        queries("control").widen_expiry(control, id=known[0], before_us=before_us)
    return known[0], max(known[1], before_us)


def _without(folder: Folder, version: Version, file: DataFile, found: Waiting) -> Path | None:
    """The file without what has expired; None when nothing is left."""
    table = EventsTable(folder.events)
    path = table.new_file(file.bucket)
    columns = table.schema(version).names
    groups = scan_file(file.path, columns, version.promoted)
    return path if write_file(path, (_left(rows, found) for rows in groups)) else None


def _left(rows: pa.Table, found: Waiting) -> pa.Table:
    """What stays of rows, in their order."""
    old = is_expired(rows, found.before_us)
    kept = old & _among(rows, found.choices)
    if not kept.any():
        return rows.filter(pa.array(~old))
    both = pa.concat_tables([rows.filter(pa.array(~old)), bared(rows.filter(pa.array(kept)))])
    return both.sort_by("seq")


def _among(rows: pa.Table, choices: NDArray[np.int64]) -> NDArray[np.bool_]:
    return np.isin(rows["seq"].to_numpy(), choices)


def iso_of(time_us: int) -> str:
    """A time, microseconds UTC, in ISO 8601, to the second."""
    # The table takes times beyond the years that can be written.
    return from_us(min(max(time_us, _FIRST_US), _LAST_US)).isoformat(timespec="seconds")
