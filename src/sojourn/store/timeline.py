"""One person's events in full, from the events table.

In: an identifier, or places in the log. Out: the person's number, and the rows at those places with all their properties.
Reads only files and row groups that can hold them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from sojourn.identify.actor import actor_id
from sojourn.identify.link import ANONYMOUS, USER, external_actor
from sojourn.store.index import retried
from sojourn.store.tail import read_version

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

    from numpy.typing import NDArray

    from sojourn.store.events import Promoted, Version
    from sojourn.store.index import Index

_COLUMNS = ("seq", "user_id", "anonymous_id", "order_id", "revenue", "currency", "properties")


@dataclass(frozen=True, slots=True)
class Row:
    """One event in full.

    Attributes:
        user_id: Its user id; None without one.
        anonymous_id: Its anonymous id.
        order_id: Its order.
        revenue: Its value.
        currency: The value's currency.
        properties: What else was sent with it, by name.
    """

    user_id: str | None
    anonymous_id: str | None
    order_id: str | None
    revenue: float | None
    currency: str | None
    properties: dict[str, Any]


def find_person(index: Index, identifier: str) -> int | None:
    """The number of the person an identifier belongs to.

    Args:
        index: The index.
        identifier: A user id or an anonymous id as it was sent; where it is both, the user is meant. Else an e-mail address,
            or another identifier with its kind before it: `loyalty_card:4711`.

    Returns:
        The person's number; None when no event carries the identifier.
    """
    named = [actor_id(index.folder.secret, kind, value) for kind, value in readings(identifier)]
    persons = index.identities.persons(np.array(named, np.int64)).tolist()
    return next((person for person in persons if _holds(index, person)), None)


def readings(identifier: str) -> list[tuple[str, str]]:
    """What an identifier may be, likeliest first."""
    kind, _, value = identifier.partition(":")
    named = external_actor(kind, value) if value else None
    mail = external_actor("email", identifier) if "@" in identifier else None
    others = [(actor.kind, actor.value) for actor in (mail, named) if actor is not None]
    return [(USER, identifier), (ANONYMOUS, identifier), *others]


def bucket_of(index: Index, person: int) -> int:
    """Which bucket a person's rows are in."""
    bits = index.manifest.bits
    return int(np.array([person], np.int64).view(np.uint64)[0] >> np.uint64(64 - bits)) if bits else 0


def read_rows(index: Index, person: int, seqs: NDArray[np.int64]) -> dict[int, Row]:
    """Events of one person by their places in the log.

    Args:
        index: The index.
        person: The person's number.
        seqs: int64: places of events of the person.

    Returns:
        The events that are there, by place.
    """
    actors = [person, *index.identities.actors_of(person).tolist()]
    wanted = np.sort(seqs)
    return retried(lambda: _read(read_version(index.folder), actors, wanted)) if len(wanted) else {}


def _holds(index: Index, person: int) -> bool:
    persons = index.buckets[bucket_of(index, person)].person
    place = int(np.searchsorted(persons, person))
    return place < len(persons) and int(persons[place]) == person


def _read(version: Version, actors: list[int], wanted: NDArray[np.int64]) -> dict[int, Row]:
    out: dict[int, Row] = {}
    for file in version.files:
        if file.first_seq <= wanted[-1] and _may_hold(file.bucket, actors):
            for group in _groups(file.source, wanted, version.promoted):
                out.update(_rows(group, version.promoted))
    return out


def _may_hold(bucket: str, actors: list[int]) -> bool:
    """Whether a file of a bucket, named by the first bits of its actors' numbers, can hold one of these."""
    if not set(bucket) <= {"0", "1"}:
        return True
    return any(f"{actor & (1 << 64) - 1:064b}".startswith(bucket) for actor in actors)


def _groups(
    path: Path | pa.BufferReader, wanted: NDArray[np.int64], promoted: tuple[Promoted, ...]
) -> Iterator[pa.Table]:
    """The wanted rows of a file: the place of each row is read first, the rest only where one is wanted."""
    with pq.ParquetFile(path, memory_map=True) as file:
        present = set(file.schema_arrow.names)
        names = [name for name in (*_COLUMNS, *(p.column for p in promoted)) if name in present]
        seq_at = file.schema_arrow.names.index("seq")
        for number in range(file.num_row_groups):
            known = file.metadata.row_group(number).column(seq_at).statistics
            if known is not None and known.has_min_max and not _any_between(wanted, known.min, known.max):
                continue
            seq = file.read_row_group(number, columns=["seq"], use_threads=False)["seq"].to_numpy()
            places = np.flatnonzero(np.isin(seq, wanted))
            if len(places):
                # Every property is a column: several are read at a time.
                yield file.read_row_group(number, columns=names).take(pa.array(places))


def _any_between(wanted: NDArray[np.int64], low: int, high: int) -> bool:
    return bool(np.searchsorted(wanted, low) < np.searchsorted(wanted, high, side="right"))


def _rows(group: pa.Table, promoted: tuple[Promoted, ...]) -> Iterator[tuple[int, Row]]:
    names = {p.column: p.property for p in promoted}
    for record in group.to_pylist():
        properties = {names[key]: value for key, value in record.items() if key in names and value is not None}
        if record.get("properties"):
            properties |= msgspec.json.decode(record["properties"])
        yield (
            record["seq"],
            Row(
                record.get("user_id"), record.get("anonymous_id"), record.get("order_id"), record.get("revenue"),
                record.get("currency"), properties,
            ),
        )  # fmt: skip
