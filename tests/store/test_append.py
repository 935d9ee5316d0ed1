"""Imports: every row is imported, a duplicate or rejected, and the same event is stored once however often it comes."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.identify.actor import actor_id
from sojourn.records.rejected import Reason, Rejected
from sojourn.store.append import Append
from sojourn.store.events import EventsTable
from sojourn.store.index import open_index
from sojourn.store.index_build import build_index
from sojourn.store.quarantine import count_rejected
from tests.store.rows import Row, batch, passing_folder, store, stored, stored_values
from tests.thoroughness import examples

if TYPE_CHECKING:
    from sojourn.store.append import AppendCounts
    from sojourn.store.folder import Folder

BAD = Rejected("f.csv", 3, Reason.BAD_TIME, "not a time", b"x,y,z")


def views(*persons: str) -> list[Row]:
    return [Row(user=person, second=n) for n, person in enumerate(persons)]


def test_the_same_file_again_adds_nothing(folder: Folder) -> None:
    rows = views("anna", "ben", "anna")

    first, second = store(folder, batch(rows)), store(folder, batch(rows))

    assert (first.read, first.imported, first.duplicates) == (3, 3, 0)
    assert (second.read, second.imported, second.duplicates) == (3, 0, 3)
    assert stored_values(folder, "user_id") == ["anna", "ben", "anna"]


def test_a_longer_version_of_a_file_adds_its_new_rows(folder: Folder) -> None:
    rows = views("anna", "ben", "anna", "carl", "ben")
    store(folder, batch(rows[:3]))

    again = store(folder, batch(rows))

    assert (again.imported, again.duplicates) == (2, 3)
    assert stored_values(folder, "user_id") == ["anna", "ben", "anna", "carl", "ben"]


def test_a_file_that_grows_leaves_no_gap_for_what_was_known(folder: Folder) -> None:
    """Gaps would pile up: memory of a column goes by the places between the first and the last event."""
    rows = views(*[f"u{n}" for n in range(50)])
    for last in range(5, 51, 5):
        store(folder, batch(rows[:last]))

    assert stored_values(folder, "seq") == list(range(50))
    assert EventsTable(folder.events).read().seq == 49


def test_equal_rows_are_kept_and_counted(folder: Folder) -> None:
    row = Row(user="anna")

    counts = store(folder, batch([row, row]), batch([row]))

    assert (counts.imported, counts.repeated, counts.duplicates) == (3, 2, 0)
    again = store(folder, batch([row] * 5))
    assert (again.imported, again.repeated, again.duplicates) == (2, 2, 3)


def test_equal_rows_are_dropped_when_asked(folder: Folder) -> None:
    row = Row(user="anna")

    counts = store(folder, batch([row, row]), batch([row, Row(user="ben")]), drop_repeats=True)

    assert (counts.imported, counts.repeated, counts.duplicates) == (2, 0, 2)
    assert stored_values(folder, "user_id") == ["anna", "ben"]


def test_the_same_message_id_is_the_same_event(folder: Folder) -> None:
    rows = [Row(user="anna", message_id="m1"), Row(user="anna", second=9, message_id="m1"), Row(user="anna")]

    counts = store(folder, batch(rows))

    assert (counts.imported, counts.duplicates, counts.repeated) == (2, 1, 0)
    assert store(folder, batch([Row(user="ben", message_id="m1")])).duplicates == 1


def test_message_ids_of_different_sources_are_different(folder: Folder) -> None:
    """Also of sources whose names differ only behind the 64th letter."""
    rows = [Row(user="anna", message_id="m1")]

    counts = [store(folder, batch(rows), source="s" * 70 + name) for name in ("a", "b", "a")]

    assert [count.imported for count in counts] == [1, 1, 0]


def test_events_of_one_import_that_fails_are_not_there(folder: Folder) -> None:
    with folder.writing():
        append = Append(folder, source="test")
        append.add(batch(views("anna")))
        append._flush()
        append.abandon()

    assert stored(folder) == []
    assert not list(folder.events.glob("bucket=*/*"))
    assert store(folder, batch(views("anna"))).imported == 1


def test_bots_are_counted_among_the_imported(folder: Folder) -> None:
    rows = [Row(user="anna"), Row(user="spider", more={"bot": True})]

    assert store(folder, batch(rows)).bots == 1
    assert store(folder, batch(rows)).bots == 0


def test_an_actor_is_the_user_and_else_the_device(folder: Folder) -> None:
    store(folder, batch([Row(user="u"), Row(anonymous="a"), Row(user="u", anonymous="a")]))
    user, device = actor_id(folder.secret, "user", "u"), actor_id(folder.secret, "anonymous", "a")

    assert stored(folder, "actor", "linked_actor") == [
        {"actor": user, "linked_actor": None},
        {"actor": device, "linked_actor": None},
        {"actor": user, "linked_actor": device},
    ]


def test_rejected_rows_are_in_quarantine_once(folder: Folder) -> None:
    for _ in range(2):
        counts = store(folder, batch(views("anna"), rejected=[BAD, BAD]))
        assert (counts.read, counts.rejected) == (3, 2)

    assert count_rejected(folder) == {"bad_time": 2}


def test_rows_without_properties_after_rows_with_some_can_be_imported(folder: Folder) -> None:
    store(
        folder,
        batch([Row(user="a", properties={"x": 1})]),
        batch(views("b")),
        batch([Row(properties={"y": "z"}, user="c")]),
    )

    assert stored(folder, "user_id", "p_x", "p_y") == [
        {"user_id": "a", "p_x": 1, "p_y": None},
        {"user_id": "b", "p_x": None, "p_y": None},
        {"user_id": "c", "p_x": None, "p_y": "z"},
    ]


@pytest.mark.long
def test_ten_thousand_property_names_are_all_kept(folder: Folder) -> None:
    properties = {f"k{n}": n for n in range(10_000)}

    store(folder, batch([Row(user="anna", properties=properties)]))

    [row] = stored(folder)
    columns = {p.property: row[p.column] for p in EventsTable(folder.events).read().promoted}
    assert len(columns) == 64
    assert columns | json.loads(row["properties"]) == properties


row_strategy = st.builds(
    Row,
    user=st.sampled_from(["anna", "ben"]),
    second=st.sampled_from([None, 0, 1]),
    event=st.sampled_from(["view", "pay"]),
    message_id=st.sampled_from([None, None, None, "m1", "m2"]),
)
file_strategy = st.lists(st.lists(row_strategy, min_size=1, max_size=5), min_size=1, max_size=3)


class Oracle:
    """What a store holds, kept as a dictionary: message ids, and how often each other row came."""

    def __init__(self) -> None:
        self.messages: set[str] = set()
        self.rows: Counter[bytes] = Counter()

    def add(self, rows: list[Row], *, drop_repeats: bool) -> tuple[int, int, int]:
        """Imported, duplicates and repeated of a file."""
        imported = duplicates = repeated = 0
        times: Counter[bytes] = Counter()
        for row in rows:
            if row.message_id is not None:
                new = row.message_id not in self.messages
                self.messages.add(row.message_id)
                imported, duplicates = imported + new, duplicates + (not new)
                continue
            times[row.hash()] += 1
            if times[row.hash()] <= self.rows[row.hash()] or (drop_repeats and times[row.hash()] > 1):
                duplicates += 1
                continue
            self.rows[row.hash()] = times[row.hash()]
            imported, repeated = imported + 1, repeated + (times[row.hash()] > 1)
        return imported, duplicates, repeated


@examples(25)
@given(st.lists(st.tuples(file_strategy, st.booleans()), min_size=1, max_size=3))
def test_read_is_imported_and_duplicates_and_rejected(imports: list[tuple[list[list[Row]], bool]]) -> None:
    """Any files, in any number of batches, repeated within and between imports, against a dictionary."""
    oracle = Oracle()
    with passing_folder() as folder:
        total = 0
        for batches, drop in imports:
            counts = store(folder, *(batch(rows, rejected=[BAD]) for rows in batches), drop_repeats=drop)
            rows = [row for rows in batches for row in rows]
            assert counts.read == counts.imported + counts.duplicates + counts.rejected == len(rows) + len(batches)
            assert (counts.imported, counts.duplicates, counts.repeated) == oracle.add(rows, drop_repeats=drop)
            total += counts.imported
            assert len(stored(folder, "seq")) == total


_TYPES: list[tuple[pa.DataType, st.SearchStrategy[Any]]] = [
    (
        pa.string(),
        st.text(max_size=6) | st.sampled_from(["1", "007", "1.50", "true", "nan", "-0", "1e5", " 5", "null", "{}"]),
    ),
    (pa.int64(), st.integers(-(2**63), 2**63 - 1) | st.integers(-3, 3)),
    (pa.float64(), st.floats(allow_nan=True) | st.sampled_from([0.0, 1.0, 2.0**53, 1e300])),
    (pa.bool_(), st.booleans()),
    (pa.null(), st.none()),
]


@st.composite
def changing_properties(draw: st.DrawFn) -> list[tuple[pa.DataType, list[Any]]]:
    """Batches of one property whose type changes from batch to batch."""
    batches = []
    for _ in range(draw(st.integers(1, 4))):
        kind, values = draw(st.sampled_from(_TYPES))
        batches.append((kind, draw(st.lists(st.none() | values, min_size=1, max_size=4))))
    return batches


@examples(40)
@given(changing_properties(), st.sampled_from(["price", "", 'a"b', "é\n", "a.b", "a/b~c", "time"]))
def test_a_property_that_changes_its_type_loses_no_value(
    batches: list[tuple[pa.DataType, list[Any]]], name: str
) -> None:
    """What its column cannot hold exactly is in the JSON, as it came."""
    with passing_folder() as folder:
        store(
            folder,
            *(
                batch(
                    [Row(user=f"{n}-{i}", properties={name: value}) for i, value in enumerate(values)],
                    types={name: kind},
                )
                for n, (kind, values) in enumerate(batches)
            ),
        )
        promoted = EventsTable(folder.events).read().promoted
        rows = stored(folder)
        given_values = [value for _, values in batches for value in values]
        found = [_found(row, name, promoted[0].column if promoted else None) for row in rows]

    assert [_comparable(value) for value in found] == [_comparable(value) for value in given_values]


def _found(row: dict[str, Any], name: str, column: str | None) -> Any:
    rest = json.loads(row["properties"]) if row["properties"] else {}
    assert column is None or row[column] is None or name not in rest
    return rest[name] if name in rest else row[column] if column else None


def _comparable(value: Any) -> tuple[str, Any]:
    """Numbers by value, whatever their type; a text that is the usual spelling of a number or boolean as that."""
    if value is None or isinstance(value, bool):
        return ("is", value)
    if isinstance(value, str):
        if value in ("true", "false"):
            return ("is", value == "true")
        try:
            return (
                ("number", float(value)) if repr(float(value)) == value or str(int(value)) == value else ("text", value)
            )
        except (ValueError, OverflowError):
            return ("number", float(value)) if value == "1.50" else ("text", value)
    if isinstance(value, float) and (value != value or abs(value) == float("inf")):  # noqa: PLR0124  (NaN is what differs from itself)
        return ("text", str(value))
    return ("number", value)


def test_numbers_of_two_types_are_one_column_of_numbers(folder: Folder) -> None:
    """A price that is first 5 and later 2.5 can be compared with 3."""
    store(
        folder,
        batch([Row(user="a", properties={"price": 5})]),
        batch([Row(user="a", second=1, properties={"price": 2.5})]),
    )
    with folder.writing():
        build_index(folder)

    [column] = open_index(folder).column("price")

    assert list(column.values) == [5.0, 2.5]  # type: ignore[union-attr]  # a column of text would fail here


def test_counts_are_those_of_the_import_alone(folder: Folder) -> None:
    def counted(counts: AppendCounts) -> tuple[int, int]:
        return counts.read, counts.imported

    assert counted(store(folder, batch(views("a", "b")))) == (2, 2)
    assert counted(store(folder, batch(views("a", "b", "c")))) == (3, 1)


@pytest.mark.parametrize("rows", [[], views("anna")])
def test_an_import_of_nothing_new_commits_nothing(folder: Folder, rows: list[Row]) -> None:
    store(folder, batch(views("anna")))
    before = EventsTable(folder.events).read().number

    store(folder, *([batch(rows)] if rows else []))

    assert EventsTable(folder.events).read().number == before
