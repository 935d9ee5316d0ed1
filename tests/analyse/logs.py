"""Small logs for tests of questions, through the real store, and random ones for property tests.

A row is (person, time, event, properties). Rows keep their order, which decides between equal times.
"""

from __future__ import annotations

import datetime as dt
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from hypothesis import strategies as st

from sojourn.analyse.journeys import Journeys
from sojourn.records.batch import FIXED_COLUMNS, EventBatch
from sojourn.store.append import Append
from sojourn.store.folder import TemporaryFolder, create_folder
from sojourn.store.index import open_index
from sojourn.store.index_build import build_index

if TYPE_CHECKING:
    from collections.abc import Sequence

Row = tuple[str, str | dt.datetime | int, str, dict[str, Any]]
"""Person, time (ISO text, moment, or seconds since 2024-01-01 UTC), event, properties."""

START = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)


def moment(time: str | dt.datetime | int) -> dt.datetime:
    """A row's time as an aware moment."""
    if isinstance(time, int):
        return START + dt.timedelta(seconds=time)
    if isinstance(time, str):
        time = dt.datetime.fromisoformat(time)
    return time if time.tzinfo else time.replace(tzinfo=dt.UTC)


def batch(rows: Sequence[Row | tuple[str, str | dt.datetime | int, str]]) -> EventBatch:
    """Rows as one batch, as reading a file gives it."""
    n = len(rows)
    properties = [row[3] if len(row) > 3 else {} for row in rows]
    names = sorted({name for row in properties for name in row})
    stamp = pa.timestamp("us", tz="UTC")
    columns: dict[str, pa.Array] = {name: pa.nulls(n, pa.string()) for name in FIXED_COLUMNS}
    columns |= {
        "time": pa.array([moment(row[1]) for row in rows], stamp),
        "received_at": pa.nulls(n, stamp),
        "type": pa.array(["track"] * n, pa.string()),
        "event": pa.array([row[2] for row in rows], pa.string()),
        "user_id": pa.array([row[0] for row in rows], pa.string()),
        "revenue": pa.array([row.get("revenue") for row in properties], pa.float64()),
        "bot": pa.array([False] * n, pa.bool_()),
    }
    fixed = ("anonymous_id", "order_id", "currency")
    columns |= {name: pa.array([row.get(name) for row in properties], pa.string()) for name in fixed}
    hashes = np.random.default_rng(zlib.crc32(repr(rows).encode())).integers(1, 2**63, (n, 2)).astype(np.uint64)
    extra = {name: pa.array([row.get(name) for row in properties]) for name in names if name not in {"revenue", *fixed}}
    return EventBatch(pa.table(columns), extra, hashes, [], n)


def log(rows: Sequence[Row | tuple[str, str | dt.datetime | int, str]]) -> Journeys:
    """Store and index rows in a folder that lives as long as the journeys."""
    place = TemporaryFolder()
    folder = create_folder(place.path)
    with folder.writing():
        append = Append(folder, source="test")
        append.add(batch(rows))
        append.finish()
        build_index(folder)
    return Journeys(open_index(folder), _keep_alive=place)


def random_rows(
    *, persons: int = 4, events: str = "abc", longest: int = 12, seconds: int = 4000
) -> st.SearchStrategy[list[Row]]:
    """Small random logs: few persons, few event names, many equal times."""
    row = st.tuples(
        st.integers(0, persons - 1).map(lambda n: f"p{n}"),
        st.integers(0, seconds // 100).map(lambda n: n * 100),
        st.sampled_from(list(events)),
        st.fixed_dictionaries(
            {}, optional={"channel": st.sampled_from(["ads", "mail"]), "price": st.integers(0, 3).map(float)}
        ),
    )
    return st.lists(row, min_size=1, max_size=longest)
