"""The links that the events of a table show.

In: rows of the events table. Out: `Links`, and which user ids events carry. The same that `identify.link.links_of` tells of
single events; here for whole columns. Row groups without any link cost next to nothing.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sojourn.identify.actor import actor_id, actor_ids
from sojourn.identify.link import ANONYMOUS, USER, Evidence, shown_externals
from sojourn.identify.links import EVIDENCE_BITS, NONE, ONE_IS_USER, OTHER_IS_USER, PROVEN, Gathering, Links
from sojourn.identify.sets import among
from sojourn.store.event_columns import FIXED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from sojourn.store.events import DataFile, Version

_SHOWS = ("linked_actor", "previous_id", "external_ids")
_READ = (
    *_SHOWS, "seq", "actor", "time", "id_high", "id_low", "user_id", "proven", "daily", "from_browser",
)  # fmt: skip
_ALIASES = ((USER, ANONYMOUS), (ANONYMOUS, USER), (USER, USER))


def read_links(version: Version, secret: bytes, *, after: int = -1) -> Links:
    """The links of the events of a version past a place in the log, put together.

    Args:
        version: Files of the version may hold later events too; those are left out.
        secret: The folder's.
        after: Only events past this place.
    """
    gathering = Gathering()
    for rows in chain.from_iterable(_linking(file, after) for file in version.files):
        for links in links_of_rows(_placed(rows, after, version.seq), secret):
            gathering.add(links)
    return gathering.links()


def links_of_rows(rows: pa.Table, secret: bytes) -> Iterator[Links]:
    """The links of rows of the events table, in pieces."""
    rows = rows.filter(pc.invert(pc.fill_null(rows["daily"], False)))  # noqa: FBT003  (Arrow's signature)
    yield _same_event(rows.filter(pc.field("linked_actor").is_valid()))
    yield from _aliases(rows.filter(pc.field("previous_id").is_valid() & pc.field("user_id").is_valid()), secret)
    yield _externals(rows.filter(pc.field("external_ids").is_valid()), secret)


def named_users(version: Version, wanted: NDArray[np.int64], *, after: int = -1) -> NDArray[np.int64]:
    """Which of some user ids an event carries that is no alias: known users.

    Args:
        version: Files that cannot hold one of the users are not read.
        wanted: int64: numbers of user ids, ascending.
        after: Only events past this place.
    """
    found = np.zeros(len(wanted), np.bool_)
    files = [file for file in version.files if len(wanted) and may_hold(file.bucket, wanted)]
    for rows in chain.from_iterable(_groups(file, after, ("actor", "type", "seq")) for file in files):
        placed = _placed(rows, after, version.seq)
        actors = placed["actor"].to_numpy()
        place = np.minimum(np.searchsorted(wanted, actors), len(wanted) - 1)
        mine = wanted[place] == actors
        if mine.any():
            named = np.asarray(pc.not_equal(pc.fill_null(placed["type"], "track"), "alias"))
            found[place[mine & named]] = True
    return wanted[found]


def actors_at(version: Version, seqs: NDArray[np.int64]) -> NDArray[np.int64]:
    """The actors of the events at some places in the log, in the order of the places; each must be there."""
    order = np.argsort(seqs)
    wanted, found = seqs[order], np.zeros(len(seqs), np.int64)
    for rows in rows_at(version, wanted, ("actor",)):
        found[np.searchsorted(wanted, rows["seq"].to_numpy())] = rows["actor"].to_numpy()
    actors = np.empty_like(found)
    actors[order] = found
    return actors


def rows_at(version: Version, seqs: NDArray[np.int64], columns: Sequence[str]) -> Iterator[pa.Table]:
    """Events at some places in the log, in pieces; only row groups that hold one are read.

    Args:
        version: Where the events are.
        seqs: int64, ascending.
        columns: Columns wanted besides `seq`.
    """
    for file in version.files:
        with pq.ParquetFile(file.source, memory_map=True) as opened:
            names = opened.schema_arrow.names
            present = [name for name in columns if name in names]
            for group in range(opened.num_row_groups):
                known = opened.metadata.row_group(group).column(names.index("seq")).statistics
                if np.searchsorted(seqs, known.min) == np.searchsorted(seqs, known.max, side="right"):
                    continue
                seq = opened.read_row_group(group, columns=["seq"], use_threads=False)["seq"]
                mine = np.flatnonzero(among(seq.to_numpy(), seqs))
                if len(mine):
                    rows = opened.read_row_group(group, columns=["seq", *present], use_threads=False).take(
                        pa.array(mine)
                    )
                    yield _with(rows, columns)


def alias_users(links: Links) -> NDArray[np.int64]:
    """User ids that aliases name: whether they are known users is not said by a link."""
    return links.take(links.evidence == Evidence.ALIAS).users()


def may_hold(bucket: str, actors: NDArray[np.int64]) -> bool:
    """Whether a file of a bucket, named by the first bits of its actors' numbers, can hold one of these."""
    if not set(bucket) <= {"0", "1"} or not bucket:
        return True
    return bool(((actors.view(np.uint64) >> np.uint64(64 - len(bucket))) == np.uint64(int(bucket, 2))).any())


def _linking(file: DataFile, after: int) -> Iterator[pa.Table]:
    """Row groups with rows past a place that may link; what a file lacks comes as nulls."""
    return _groups(file, after, _READ, probe=_SHOWS)


def _groups(file: DataFile, after: int, columns: Sequence[str], *, probe: Sequence[str] = ()) -> Iterator[pa.Table]:
    """Row groups of a file with rows past a place, where one of the probed columns has a value; what it lacks comes as nulls."""
    with pq.ParquetFile(file.source, memory_map=True) as opened:
        names = opened.schema_arrow.names
        probed, wanted = ([name for name in some if name in names] for some in (probe, columns))
        for group in range(opened.num_row_groups):
            known = opened.metadata.row_group(group).column(names.index("seq")).statistics
            if known is not None and known.has_min_max and known.max <= after:
                continue
            if probe:
                told = opened.read_row_group(group, columns=probed, use_threads=False)
                if all(column.null_count == len(column) for column in told.columns):
                    continue
            yield _with(opened.read_row_group(group, columns=wanted, use_threads=False), columns)


def _with(rows: pa.Table, columns: Sequence[str]) -> pa.Table:
    """Rows with all of some columns; what their file lacks comes as nulls."""
    for name in set(columns).difference(rows.column_names):
        rows = rows.append_column(name, pa.nulls(rows.num_rows, FIXED.field(name).type))
    return rows


def _placed(rows: pa.Table, after: int, last: int) -> pa.Table:
    seq = rows["seq"].to_numpy()
    wanted = (seq > after) & (seq <= last)
    return rows if wanted.all() else rows.filter(pa.array(wanted))


def _same_event(rows: pa.Table) -> Links:
    """A user id and an anonymous id on one event."""
    proven = _flags(rows, "proven")
    return _paired(
        rows, _whole(rows["actor"]), _whole(rows["linked_actor"]), Evidence.SAME_EVENT, proven, (True, False)
    )


def _aliases(rows: pa.Table, secret: bytes) -> Iterator[Links]:
    """Two names of one person, each of which may be a device's or a user's."""
    if not rows.num_rows:
        return
    names = [rows[name].combine_chunks() for name in ("user_id", "previous_id")]
    rows = rows.filter(different := pc.not_equal(*names))
    names = [name.filter(different) for name in names]
    proven = _flags(rows, "proven") & ~_flags(rows, "from_browser")
    for one, other in _ALIASES:
        numbers = actor_ids(secret, one, names[0]), actor_ids(secret, other, names[1])
        yield _paired(rows, *numbers, Evidence.ALIAS, proven, (one == USER, other == USER))


def _externals(rows: pa.Table, secret: bytes) -> Links:
    """Further identifiers on an event."""
    if not rows.num_rows:
        return NONE
    coded = rows["external_ids"].combine_chunks().dictionary_encode()
    told = [_told(text, secret) for text in coded.dictionary.to_pylist()]
    shown = [told[code] for code in coded.indices.to_pylist()]
    place = np.repeat(np.arange(len(shown)), [len(one) for one in shown])
    flat = list(chain.from_iterable(shown))
    others = np.array([number for number, _, _ in flat], np.int64)
    clicked = np.array([click for _, click, _ in flat], np.bool_)
    users = np.array([user for _, _, user in flat], np.bool_)
    rows = rows.take(pa.array(place))
    # A user id that names nobody is not whose the event is: it belongs to a device then.
    own_user = actor_ids(secret, USER, rows["user_id"].combine_chunks()) == _whole(rows["actor"])
    proven = _flags(rows, "proven") & ~_flags(rows, "from_browser") & ~clicked
    evidence = np.where(clicked, Evidence.SIGNED_CLICK, Evidence.EXTERNAL_ID).astype(np.uint8)
    return _paired(rows, _whole(rows["actor"]), others, evidence, proven, (own_user, users))


def _told(text: str, secret: bytes) -> list[tuple[int, bool, bool]]:
    """Number of each identifier in a text, whether it was clicked, and whether it is a user id."""
    try:
        pairs = msgspec.json.decode(text, type=list[tuple[str, str]])
    except msgspec.MsgspecError:
        # An import may bring anything; the row keeps it as it came.
        return []
    return [
        (actor_id(secret, actor.kind, actor.value), evidence is Evidence.SIGNED_CLICK, actor.kind == USER)
        for actor, evidence in shown_externals(pairs)
    ]


def _paired(
    rows: pa.Table,
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    evidence: NDArray[np.uint8] | Evidence,
    proven: NDArray[np.bool_],
    users: tuple[NDArray[np.bool_] | bool, NDArray[np.bool_] | bool],
) -> Links:
    """Links between two columns of actors of rows; an actor and itself are none."""
    swapped = left > right
    of_left, of_right = (np.broadcast_to(np.asarray(user), len(left)) for user in users)
    kind = np.asarray(evidence, np.uint8) & EVIDENCE_BITS | proven * np.uint8(PROVEN)
    kind = kind | np.where(swapped, of_right, of_left) * np.uint8(ONE_IS_USER)
    kind = kind | np.where(swapped, of_left, of_right) * np.uint8(OTHER_IS_USER)
    time = _whole(rows["time"])
    links = Links(
        np.minimum(left, right), np.maximum(left, right), kind.astype(np.uint8), time,
        _whole(rows["id_high"]).view(np.uint64), _whole(rows["id_low"]).view(np.uint64), time, _whole(rows["seq"]),
    )  # fmt: skip
    return links.take(left != right)


def _flags(rows: pa.Table, name: str) -> NDArray[np.bool_]:
    return np.asarray(pc.fill_null(rows[name], False))  # noqa: FBT003  (Arrow's signature)


def _whole(values: pa.ChunkedArray) -> NDArray[np.int64]:
    """Integers or times as int64; 0 for null."""
    cast = values.cast(pa.int64())
    filled = cast.fill_null(0) if cast.null_count else cast
    return np.array(filled.to_numpy())
