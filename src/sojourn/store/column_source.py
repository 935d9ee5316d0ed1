"""Reading one column of the whole table by place in the log.

In: a version of the events table and a column's name. Out: its values by seq, as codes or numbers.
Knows where a name may stand: a fixed column, a promoted property, JSON properties, traits or context; or how it is derived from them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sojourn.records.enrichment.derived import DERIVED
from sojourn.records.errors import UnknownColumn
from sojourn.store.derived_columns import derived_values, inputs_with_column
from sojourn.store.event_columns import FIXED
from sojourn.store.json_engine import engine

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from sojourn.store.events import EventsTable, Version

_EXACT_INT = 2**53
_JSON = ("traits", "context")
_HIDDEN = {
    "actor",
    "linked_actor",
    "id_high",
    "id_low",
    "properties",
    "traits",
    "context",
    "seq",
    "time",
    "received_at",
    "previous_id",
    "external_ids",
    "proven",
    "daily",
    "original_time",
    "sent_at",
}

WHOLE = {"traits.*": "traits", "external_ids.*": "external_ids", "proven.*": "proven"}
"""Names under which a column is read as it stands, which as a name in a question is a path into JSON or a property."""


@dataclass(frozen=True, slots=True)
class BySeq:
    """A column in the order of the log.

    Attributes:
        first_seq: Place of `values[0]`.
        values: int32 codes (-1 for null) or float64 numbers (NaN for null); places without an event hold null.
        names: Distinct values of codes; None for numbers.
    """

    first_seq: int
    values: NDArray[Any]
    names: pa.Array | None

    @property
    def kind(self) -> str:
        """What the values are called in the column's file."""
        return "values" if self.names is None else "codes"

    def at(self, seq: NDArray[np.int64]) -> NDArray[Any]:
        """Values at places in the log; null for a place that is not there (any more)."""
        place = seq - self.first_seq
        known = (place >= 0) & (place < len(self.values))
        if known.all():
            return self.values[place]
        found = self.values[np.where(known, place, 0)]
        found[~known] = np.nan if self.names is None else -1
        return found


class ColumnSource:
    """Columns of one version of the events table."""

    def __init__(self, table: EventsTable, version: Version) -> None:
        """Keep what to read from."""
        self._table, self._version = table, version
        self._promoted = {promoted.property: promoted for promoted in version.promoted}

    def names(self) -> list[str]:
        """Columns and properties that have a column; JSON ones are found by asking."""
        return [name for name in FIXED.names if name not in _HIDDEN] + list(self._promoted)

    def read(self, name: str, *, progress: Callable[[int, int], None]) -> BySeq:
        """Read a column.

        Raises:
            UnknownColumn: Every event has null there.
        """
        first = 0
        seqs: list[NDArray[np.int64]] = []
        pieces: list[pa.Array] = []
        done = 0
        for seq, values in self._pieces(name):
            seqs.append(seq)
            pieces.append(values)
            done += len(seq)
            progress(done, self._version.rows)
        if all(piece.null_count == len(piece) for piece in pieces):
            raise UnknownColumn(self._unknown(name))
        first = min(int(seq.min()) for seq in seqs)
        span = max(int(seq.max()) for seq in seqs) - first + 1
        if _numeric(pieces):
            numbers = np.full(span, np.nan)
            for seq, piece in zip(seqs, pieces, strict=True):
                numbers[seq - first] = _floats(piece)
            return BySeq(first, numbers, None)
        codes = np.full(span, -1, np.int32)
        chunked = pa.chunked_array([_texts(piece).dictionary_encode() for piece in pieces]).unify_dictionaries()
        for seq, chunk in zip(seqs, chunked.chunks, strict=True):
            codes[seq - first] = chunk.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        return BySeq(first, codes, chunked.chunks[-1].dictionary)

    def _pieces(self, name: str) -> Any:  # noqa: ANN401  (a generator of pairs)
        """(seq, values) of each row group."""
        if name == "received_at":
            # Microseconds: a float64 tells them apart until the year 2255.
            for group in self._table.scan(self._version, ["seq", name]):
                yield group["seq"].to_numpy(), group[name].combine_chunks().cast(pa.int64())
            return
        if name in FIXED.names and name not in _HIDDEN:
            for group in self._table.scan(self._version, ["seq", name]):
                yield group["seq"].to_numpy(), group[name].combine_chunks()
            return
        if name in WHOLE:
            for group in self._table.scan(self._version, ["seq", WHOLE[name]]):
                yield group["seq"].to_numpy(), group[WHOLE[name]].combine_chunks()
            return
        root, _, path = name.partition(".")
        if root in _JSON and path:
            for group in self._table.scan(self._version, ["seq", root]):
                yield group["seq"].to_numpy(), json_values(group[root].combine_chunks(), path.split("."))
            return
        yield from self._properties(name)

    def _properties(self, name: str) -> Any:  # noqa: ANN401  (a generator of pairs)
        """The same of a property, derived where it can be and was not sent."""
        promoted = self._promoted.get(name)
        columns = {known.property: known.column for known in self._version.promoted}
        telling = inputs_with_column(name, columns)
        wanted = ["seq", "properties", *telling.values()]
        wanted += ["context"] if name in DERIVED else []
        wanted += [promoted.column] if promoted else []
        for group in self._table.scan(self._version, wanted):
            rest = json_values(group["properties"].combine_chunks(), [name])
            if rest.null_count == len(rest) and "." in name:
                rest = json_values(group["properties"].combine_chunks(), name.split("."))
            column = group[promoted.column].combine_chunks() if promoted else None
            sent = _merged(column, rest)
            if name in DERIVED:
                sent = _derived_where_null(name, sent, group, telling)
            yield group["seq"].to_numpy(), sent

    def _unknown(self, name: str) -> str:
        # What the log brought with it comes first: the others are there in every log, with values or without.
        own = [one for one in self.names() if one in self._promoted]
        known = ", ".join([*own, *(one for one in self.names() if one not in own and one != name)][:40])
        what = "has a value in the column" if name in self.names() else "has a column or property"
        return f"no event {what} {name!r}; known ones: {known}"


def json_values(objects: pa.Array, path: list[str]) -> pa.Array:
    """Values at a path of JSON objects, as text (strings without their quotes); null where there is none."""
    if objects.null_count == len(objects):
        return pa.nulls(len(objects), pa.string())
    pointer = "".join("/" + key.replace("~", "~0").replace("/", "~1") for key in path)
    distinct = objects.dictionary_encode()
    with engine().cursor() as connection:
        connection.register("objects", pa.table({"o": distinct.dictionary}))
        query = "select json_extract_string(o, $pointer) v from objects"
        values: pa.Table = connection.sql(query, params={"pointer": pointer}).to_arrow_table()
    found = values["v"].combine_chunks()
    return found.cast(pa.string()).take(distinct.indices)


def _merged(column: pa.Array | None, rest: pa.Array) -> pa.Array:
    """A promoted column with what did not fit it."""
    if column is None:
        return rest
    if rest.null_count == len(rest):
        return column
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        numbers = _as_numbers(column, rest)
        if numbers is not None:
            return numbers
    return pc.coalesce(_texts(column), rest)


def _derived_where_null(name: str, sent: pa.Array, rows: pa.Table, telling: Mapping[str, str]) -> pa.Array:
    """A property as sent, with what is derived for the rows that have none."""
    if not sent.null_count:
        return sent
    missing = sent.is_null()
    told = derived_values(name, rows.filter(missing), telling)
    if told.null_count == len(told):
        return sent
    return pc.replace_with_mask(_texts(sent), missing, told)


def _as_numbers(column: pa.Array, rest: pa.Array) -> pa.Array | None:
    """A column of numbers with the numbers that did not fit its type; None when some are no numbers."""
    if pc.any(pc.match_substring_regex(rest, r"^(\+|-?0[0-9])")).as_py():
        # Article 007 is not article 7.
        return None
    try:
        return pc.coalesce(column.cast(pa.float64()), rest.cast(pa.float64()))
    except pa.ArrowInvalid:
        return None


def _numeric(pieces: list[pa.Array]) -> bool:
    """Whether all values are numbers a float64 holds exactly enough to compare."""
    for piece in pieces:
        kind = piece.type
        if pa.types.is_floating(kind) or piece.null_count == len(piece):
            continue
        if not pa.types.is_integer(kind):
            return False
        bounds = pc.min_max(piece).as_py()
        if max(abs(bounds["min"]), abs(bounds["max"])) > _EXACT_INT:
            return False
    return True


def _floats(piece: pa.Array) -> NDArray[np.float64]:
    if pa.types.is_string(piece.type) or pa.types.is_null(piece.type):
        return np.full(len(piece), np.nan)
    return piece.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)


def _texts(piece: pa.Array) -> pa.Array:
    return piece if pa.types.is_string(piece.type) else piece.cast(pa.string())
