"""What linked actors are called: the identifiers of the events that link them.

In: places in the log. Out: the kind and text of actors named there, as they were sent. Numbers cannot be turned back into
text, so the events tell it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pyarrow as pa

from sojourn.identify.actor import actor_id, actor_ids
from sojourn.identify.link import ANONYMOUS, USER, shown_externals
from sojourn.identify.sets import among, distinct
from sojourn.store.links import rows_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from sojourn.identify.link import Actor
    from sojourn.store.events import Version

NAMES = pa.schema([("actor", pa.int64()), ("kind", pa.string()), ("id", pa.string())])
NAMED_BY = ("user_id", "anonymous_id", "previous_id", "external_ids")
"""Columns of the events table that name actors."""
_KINDS = (
    (USER, "user_id"),
    (ANONYMOUS, "anonymous_id"),
    (USER, "previous_id"),
    (ANONYMOUS, "previous_id"),
    (ANONYMOUS, "user_id"),
)


def names_at(version: Version, secret: bytes, seqs: NDArray[np.int64], actors: NDArray[np.int64]) -> pa.Table:
    """Names of actors that the events at some places tell.

    Args:
        version: Where the events are.
        secret: The folder's.
        seqs: Places in the log.
        actors: int64, ascending: whose names are wanted.

    Returns:
        Table of `NAMES`, by actor, one row for each that was found.
    """
    return names_in(rows_at(version, distinct(seqs), NAMED_BY), secret, actors)


def names_in(events: Iterable[pa.Table], secret: bytes, actors: NDArray[np.int64]) -> pa.Table:
    """Names of actors that some events tell.

    Args:
        events: Pieces with the columns `NAMED_BY`.
        secret: The folder's.
        actors: int64, ascending: whose names are wanted.

    Returns:
        As of `names_at`.
    """
    found = [NAMES.empty_table()]
    for rows in events:
        for kind, column in _KINDS:
            texts = rows[column].drop_null().combine_chunks()
            found += _named(actor_ids(secret, kind, texts), kind, texts, actors)
        found += _externals(rows["external_ids"].drop_null(), secret, actors)
    names = pa.concat_tables(found).combine_chunks()
    _, first = np.unique(names["actor"].to_numpy(), return_index=True)
    return names.take(pa.array(first))


def _named(numbers: NDArray[np.int64], kind: str, texts: pa.Array, actors: NDArray[np.int64]) -> Iterator[pa.Table]:
    wanted = among(numbers, actors)
    if wanted.any():
        known, first = np.unique(numbers[wanted], return_index=True)
        own = texts.filter(pa.array(wanted)).take(pa.array(first)).cast(pa.string())
        yield pa.table([pa.array(known), pa.repeat(pa.scalar(kind), len(known)), own], schema=NAMES)


def _externals(column: pa.ChunkedArray, secret: bytes, actors: NDArray[np.int64]) -> Iterator[pa.Table]:
    if not len(column):
        return
    told: dict[int, Actor] = {}
    for text in column.unique().to_pylist():
        try:
            pairs = msgspec.json.decode(text, type=list[tuple[str, str]])
        except msgspec.MsgspecError:
            continue
        told |= {actor_id(secret, actor.kind, actor.value): actor for actor, _ in shown_externals(pairs)}
    wanted = set(actors.tolist())
    rows = [
        {"actor": number, "kind": actor.kind, "id": actor.value} for number, actor in told.items() if number in wanted
    ]
    if rows:
        yield pa.Table.from_pylist(rows, schema=NAMES)
