"""What is left of an event that has expired and holds a no that still counts.

In: a version of the events table and the time before which events have expired. Out: the places of those events, and their rows with
nothing but who, when, where from, and the choice. A yes ages with its event; a no does not while there is somebody it protects.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sojourn.identify.sets import among, distinct
from sojourn.records.consent import CONSENT_KEPT, CONSENT_SET, TELLING, told
from sojourn.store.events import scan_file
from sojourn.store.index_build import current_identities

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sojourn.store.events import Version
    from sojourn.store.folder import Folder

_BY_ITSELF = frozenset((*TELLING, CONSENT_SET))
_SAID = ("seq", "time", "actor", "type", "event", "context", "proven", "from_browser")
_STAYS = (
    "seq", "time", "received_at", "source", "user_id", "anonymous_id", "actor", "external_ids", "id_high", "id_low", "bot", "proven", "daily",
    "from_browser",
)  # fmt: skip
_CONTROL = "control"
"""Type of what was said by itself: such a no stays even when nothing else of the person does."""
_Word = tuple[int, int, bool, bool, bool]
"""When and where something was said, whether it is a yes, whether by itself, and whether its event has expired."""


def places_of_choices(folder: Folder, version: Version, before_us: int) -> NDArray[np.int64]:
    """Places of expired events whose person's latest word on a purpose is the no they hold.

    A no that was said by itself (in a consent dialog's own event, or set by hand) stays; one that only came with an event stays while
    the person has events that have not expired.
    """
    said: dict[tuple[int, str, bool], _Word] = {}
    active: set[int] = set()
    persons = current_identities(folder, version).persons
    for rows in _rows(version, ("time", "actor"), before_us, expired=False):
        active |= set(distinct(persons(distinct(rows["actor"].to_numpy()))).tolist())
    for expired in (True, False):
        named = np.array(sorted({person for person, *_ in said}), np.int64)
        if not expired and not len(named):
            break
        for rows in _rows(version, _SAID, before_us, expired=expired):
            _hear(said, rows, persons(rows["actor"].to_numpy()), None if expired else named)
    kept = {
        seq
        for (person, *_), (_, seq, granted, by_itself, expired) in said.items()
        if not granted and expired and (by_itself or person in active)
    }
    return np.array(sorted(kept), np.int64)


def _rows(version: Version, columns: tuple[str, ...], before_us: int, *, expired: bool) -> Iterator[pa.Table]:
    """Rows that have expired, or those that have not; of events that speak of consent only, where the context is asked for."""
    for file in version.files:
        for group in scan_file(file.source, columns):
            old = is_expired(group, before_us)
            wanted = old if expired else ~old
            rows = group.filter(pa.array(wanted))
            if "context" in columns:
                rows = rows.filter(pc.match_substring(rows["context"], '"consent"').fill_null(False))  # noqa: FBT003  (Arrow's signature)
            if rows.num_rows:
                yield rows


def _hear(
    said: dict[tuple[int, str, bool], _Word],
    rows: pa.Table,
    persons: NDArray[np.int64],
    named: NDArray[np.int64] | None,
) -> None:
    """Keep the latest word of each person on each purpose, and the latest that is proven; of these persons only, where they are named."""
    if named is not None:
        theirs = among(persons, named)
        rows, persons = rows.filter(pa.array(theirs)), persons[theirs]
    times = rows["time"].cast(pa.int64()).fill_null(0).to_pylist()
    columns = (rows[name].to_pylist() for name in _SAID if name not in ("time", "actor"))
    for person, time, seq, kind, event, context, *sure in zip(persons.tolist(), times, *columns, strict=True):
        by_itself = event in _BY_ITSELF or (event == CONSENT_KEPT and kind == _CONTROL)
        proven, browser = sure
        for purpose, granted in told(context).items():
            for only_proven in (False, True) if proven or not browser else (False,):
                before = said.get((person, purpose, only_proven))
                if before is None or before[:2] < (time, seq):
                    # What has no time comes before all that has, and never expires.
                    said[person, purpose, only_proven] = (time, seq, granted, by_itself, named is None)


def is_expired(rows: pa.Table, before_us: int) -> NDArray[np.bool_]:
    """Whether each row happened before a time; what has no time has no age."""
    times = rows["time"].combine_chunks() if isinstance(rows["time"], pa.ChunkedArray) else rows["time"]
    found: NDArray[np.bool_] = np.asarray(pc.less(times.cast(pa.int64()), before_us).fill_null(False))  # noqa: FBT003  (Arrow's signature)
    return found


def bared(rows: pa.Table) -> pa.Table:
    """Rows of the events table as they stay for the no that they hold."""
    kept = {name: rows[name] for name in _STAYS}
    has_user = rows["user_id"].is_valid()
    # A second identifier would be evidence of who is who, which expires with its event.
    kept["anonymous_id"] = pc.if_else(has_user, None, rows["anonymous_id"])
    kept["external_ids"] = pc.if_else(pc.or_(has_user, rows["anonymous_id"].is_valid()), None, rows["external_ids"])
    by_itself = pc.or_(
        pc.is_in(rows["event"], pa.array(sorted(_BY_ITSELF))),
        pc.equal(rows["type"], _CONTROL).fill_null(False),  # noqa: FBT003  (Arrow's signature)
    )
    kept["type"] = pc.if_else(by_itself, _CONTROL, "track")
    kept["event"] = pa.array([CONSENT_KEPT] * rows.num_rows, pa.string())
    kept["context"] = pa.array([_choice(text) for text in rows["context"].to_pylist()], pa.string())
    columns = [
        kept[field.name].cast(field.type) if field.name in kept else pa.nulls(rows.num_rows, field.type)
        for field in rows.schema
    ]
    return pa.table(columns, schema=rows.schema)


def _choice(context: str) -> str:
    """A context with nothing but what it says of the purposes."""
    return msgspec.json.encode({"consent": {"categoryPreferences": told(context)}}).decode()
