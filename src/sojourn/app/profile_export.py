"""Exporting who people are: live profiles and the members of segments, for a CRM or a warehouse.

In: the state of a data folder and a format. Out: JSON lines, CSV or Parquet. Never holds more than a thousand profiles at a time.
The columns: docs/export.md.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import time
from typing import IO, TYPE_CHECKING, Any, Literal, Protocol

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from sojourn.app.live import fold_rules
from sojourn.app.live_profile import ProfileReader
from sojourn.app.outbound import Outbound, move_delivery
from sojourn.records.errors import BadOption
from sojourn.store.held import WEBHOOK, check_not_held
from sojourn.store.state import STATE_FILE, Changes, State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sojourn.app.live_profile import LiveProfile
    from sojourn.app.outbound import Delivered, Delivery
    from sojourn.store.folder import Folder

ProfileFormat = Literal["jsonl", "parquet", "csv"]
Row = dict[str, Any]

_AT_ONCE = 1_000
_LIST, _TIME = pa.list_(pa.string()), pa.timestamp("us", tz="UTC")
_PROFILE = pa.schema(
    [
        ("person", pa.string()), ("user_ids", _LIST), ("emails", _LIST), ("first_seen", _TIME), ("last_seen", _TIME),
        ("events", pa.int64()), ("scored", pa.bool_()), ("stage", pa.string()), ("segments", _LIST), ("traits", pa.string()),
        ("consent", pa.string()),
    ]
)  # fmt: skip
_MEMBER = pa.schema([("segment", pa.string()), ("person", pa.string()), ("user_ids", _LIST), ("emails", _LIST)])


def export_profiles(
    folder: Folder,
    what: Literal["profiles", "segments"],
    out: IO[bytes],
    form: ProfileFormat,
    *,
    progress: Callable[[str, int, int], None],
) -> int:
    """Write everybody's live profile, or the members of every segment.

    Args:
        folder: A data folder that a worker has worked on.
        what: `profiles`: one row a person; `segments`: one row a person and segment.
        out: Where to.
        form: Format.
        progress: Called with what is done.

    Returns:
        Rows written.

    Raises:
        BadOption: No worker has run on the folder.
    """
    rules = fold_rules(folder)
    names = [score.name for score in rules.program.catalogue.scores]
    schema = _PROFILE if what == "profiles" else _MEMBER
    for name in names if what == "profiles" else ():
        schema = schema.append(pa.field(f"score_{name}", pa.float64()))
    writer = _WRITERS[form](out, schema)
    written = 0
    with _state(folder) as state:
        reader, done, of = ProfileReader(state, rules), 0, state.counted()[1]
        for profiles in _profiles(state, reader):
            rows = [row for profile in profiles for row in _ROWS[what](profile)]
            writer.write(rows)
            written += len(rows)
            done += len(profiles)
            progress("exporting", done, max(of, done))
    writer.close()
    return written


def tell_moves(folder: Folder, outbound: Outbound, url: str) -> Delivered:
    """Tell a receiver who entered and left segments since the last time; how far it came is kept with the state.

    Raises:
        BadOption: No worker has run on the folder.
        NotDelivered: The receiver did not take one; it and those behind it are told the next time.
        SendsHeld: The folder was restored, and nobody has seen yet what would be sent.
    """
    check_not_held(folder)
    cursor = f"{WEBHOOK}{url}"
    with _state(folder) as state:

        def waiting() -> Iterator[Delivery]:
            place = max(state.cursor(cursor), 0)
            while moves := state.moves(place, most=_AT_ONCE):
                for place, move in moves:
                    yield move_delivery(place, move)

        return outbound.send(waiting(), lambda place: state.write(Changes(), cursors={cursor: place}))


def _state(folder: Folder) -> State:
    if not (folder.path / STATE_FILE).exists():
        message = f"no worker has run on {folder.path}, so there are no profiles; start one: `sojourn worker --data {folder.path}`"
        raise BadOption(message)
    return State(folder)


def _profiles(state: State, reader: ProfileReader) -> Iterator[list[LiveProfile]]:
    now = time.time_ns() // 1_000
    after: int | None = None
    while persons := state.persons(after, most=_AT_ONCE):
        after = persons[-1]
        yield [reader.of_person(person, at_us=now) for person in persons]


def _profile_rows(profile: LiveProfile) -> list[Row]:
    return [
        {
            **_named(profile),
            "first_seen": min(one.first_seen for one in profile.identities),
            "last_seen": max(one.last_seen for one in profile.identities),
            "events": profile.events,
            "scored": profile.scored,
            "stage": profile.stage,
            "segments": list(profile.segments),
            "traits": profile.traits,
            "consent": profile.consent,
            **{f"score_{score.name}": score.points for score in profile.scores},
        }
    ]


def _member_rows(profile: LiveProfile) -> list[Row]:
    return [{"segment": segment, **_named(profile)} for segment in profile.segments]


def _named(profile: LiveProfile) -> Row:
    """Who it is: what another system may know a person by."""
    by_kind = {
        kind: [one.value for one in profile.identities if one.kind == kind]
        for kind in ("user", "email")
    }  # fmt: skip
    told = profile.traits.get("email")
    emails = [*by_kind["email"], *([told.strip().lower()] if isinstance(told, str) and "@" in told else [])]
    return {"person": profile.person, "user_ids": by_kind["user"], "emails": list(dict.fromkeys(emails))}


_ROWS = {"profiles": _profile_rows, "segments": _member_rows}


class _Writer(Protocol):
    def write(self, rows: list[Row]) -> None: ...

    def close(self) -> None: ...


class _Lines:
    """One JSON object a line; what is not known is absent."""

    def __init__(self, out: IO[bytes], _schema: pa.Schema) -> None:
        self._out = out

    def write(self, rows: list[Row]) -> None:
        kept = [{name: value for name, value in row.items() if value is not None} for row in rows]
        self._out.write(msgspec.json.Encoder().encode_lines(kept))

    def close(self) -> None:
        self._out.flush()


class _Table:
    """Lists separated by semicolons, objects as JSON."""

    def __init__(self, out: IO[bytes], schema: pa.Schema) -> None:
        self._text = io.TextIOWrapper(out, "utf-8", newline="", write_through=True)
        self._writer = csv.DictWriter(self._text, schema.names, restval="")
        self._writer.writeheader()

    def write(self, rows: list[Row]) -> None:
        self._writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)

    def close(self) -> None:
        # The stream below belongs to whoever opened it.
        self._text.detach()


class _Parquet:
    """Lists as lists, objects as JSON text."""

    def __init__(self, out: IO[bytes], schema: pa.Schema) -> None:
        self._schema, self._writer = schema, pq.ParquetWriter(out, schema, compression="zstd")

    def write(self, rows: list[Row]) -> None:
        typed = [{name: _typed(value, self._schema.field(name).type) for name, value in row.items()} for row in rows]
        self._writer.write_table(pa.Table.from_pylist(typed, self._schema))

    def close(self) -> None:
        self._writer.close()


_WRITERS: dict[ProfileFormat, Callable[[IO[bytes], pa.Schema], _Writer]] = {
    "jsonl": _Lines,
    "csv": _Table,
    "parquet": _Parquet,
}


def _cell(value: object) -> object:
    if isinstance(value, list):
        return ";".join(value)
    return _json(value) if isinstance(value, dict) else value


def _typed(value: object, kind: pa.DataType) -> object:
    if pa.types.is_timestamp(kind) and isinstance(value, str):
        return dt.datetime.fromisoformat(value)
    return _json(value) if isinstance(value, dict) else value


def _json(value: object) -> str:
    return msgspec.json.encode(value, order="sorted").decode()
