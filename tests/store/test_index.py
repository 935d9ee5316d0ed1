"""The index: every event under its person, in order, whatever the size, and the same when it is built again."""

from __future__ import annotations

import json
import os
import shutil
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sojourn.store.index as module
from sojourn.identify.actor import actor_id
from sojourn.records.errors import FolderBusy, NotADataFolder, UnknownColumn
from sojourn.store import compaction, index_build
from sojourn.store.columns import NumberColumn, TextColumn
from sojourn.store.compaction import compact
from sojourn.store.folder import create_folder
from sojourn.store.index import Index, open_index, refresh_index
from sojourn.store.index_build import bucket_bits, build_index
from tests.store.rows import SECOND, START, Row, batch, passing_folder, store
from tests.thoroughness import examples

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sojourn.store.folder import Folder

Event = tuple[int | None, str, Any]
"""Time in seconds (0: none), event name, the property `n`."""


def indexed(folder: Folder) -> Index:
    with folder.writing():
        build_index(folder)
    return open_index(folder)


def journeys(index: Index, column: str = "n") -> dict[int, list[Event]]:
    """What an index holds, by person."""
    found = {}
    for bucket, values in zip(index.buckets, index.column(column), strict=True):
        held = values.values if isinstance(values, NumberColumn) else [_text(values, code) for code in values.codes]
        assert bucket.person.tolist() == sorted(set(bucket.person.tolist()))
        for p, (first, last) in enumerate(zip(bucket.offset[:-1], bucket.offset[1:], strict=True)):
            seconds = [(time - START) // SECOND if time else None for time in bucket.time[first:last].tolist()]
            names = [index.manifest.events[code] for code in bucket.event[first:last]]
            found[int(bucket.person[p])] = list(zip(seconds, names, list(held[first:last]), strict=True))
    return found


def _text(column: TextColumn, code: int) -> str | None:
    return None if code < 0 else column.names[int(code)]


def by_hand(folder: Folder, rows: list[Row]) -> dict[int, list[Event]]:
    """The same with loops over the rows: a device belongs to the user of its earliest link."""
    first: dict[str, tuple[Any, str]] = {}
    for place, row in enumerate(rows):
        if row.user is not None and row.anonymous is not None:
            link = ((-START if row.second is None else row.second, place), row.user)
            first[row.anonymous] = min(first.get(row.anonymous, link), link)
    found = defaultdict(list)
    for place, row in enumerate(rows):
        user = row.user or (first[row.anonymous][1] if row.anonymous in first else None)
        person = (
            actor_id(folder.secret, "user", user) if user else actor_id(folder.secret, "anonymous", row.anonymous or "")
        )
        order = (-START if row.second is None else row.second, place)
        found[person].append((order, (row.second, row.event, float(row.properties["n"]))))
    return {person: [event for _, event in sorted(events)] for person, events in found.items()}


row_strategy = st.builds(
    lambda user, anonymous, second, event, n: Row(
        user=user, anonymous=anonymous if user or anonymous else "d0", second=second, event=event, properties={"n": n}
    ),
    st.sampled_from([None, "u1", "u2", "u3"]),
    st.sampled_from([None, "d1", "d2", "d3"]),
    st.sampled_from([None, 1, 2, 3, 4, 5]),
    st.sampled_from(["view", "pay", "cart"]),
    st.integers(0, 10**6),
)


@examples(30)
@given(st.lists(row_strategy, min_size=1, max_size=20), st.sampled_from([0, 2, 4]), st.booleans())
def test_every_event_is_under_its_person_in_order(rows: list[Row], bits: int, compacted: bool) -> None:  # noqa: FBT001  (drawn)
    with passing_folder() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(index_build, "bucket_bits", lambda _rows: bits)
        patch.setattr(compaction, "bucket_bits", lambda _rows: 4 - bits)
        store(folder, batch(rows))
        if compacted:
            with folder.writing():
                compact(folder)
        index = indexed(folder)

        assert len(index.buckets) == 1 << bits
        assert journeys(index) == by_hand(folder, rows)
        for number, bucket in enumerate(index.buckets):
            assert all((person % 2**64) >> (64 - bits) == number for person in bucket.person.tolist() if bits)
        held = index.manifest
        seconds = [row.second for row in rows if row.second is not None]
        assert (held.rows, held.persons, held.untimed) == (
            len(rows),
            len(by_hand(folder, rows)),
            len(rows) - len(seconds),
        )
        assert held.first_us == (START + min(seconds) * SECOND if seconds else 0)
        assert held.last_us == (START + max(seconds) * SECOND if seconds else 0)


def many(first: int, last: int, **properties: Any) -> list[Row]:
    return [Row(user=f"u{n % 30}", second=n * 7 % 100, properties={"n": n, **properties}) for n in range(first, last)]


@pytest.fixture
def shop(folder: Folder) -> Folder:
    """300 events of 30 persons in three imports, indexed."""
    for first in range(0, 300, 100):
        store(folder, batch(many(first, first + 100, channel=f"c{first}")))
    indexed(folder)
    return folder


def test_the_index_deleted_and_built_again_is_the_same_to_the_byte(shop: Folder) -> None:
    """Nothing in it is not in the events."""
    before = {path.name: path.read_bytes() for path in open_index(shop)._path.glob("*.arrow")}
    answers = journeys(open_index(shop))
    shutil.rmtree(shop.index)

    again = open_index(shop)

    assert {path.name: path.read_bytes() for path in again._path.glob("*.arrow")} == before
    assert journeys(again) == answers


def test_the_answer_is_the_same_after_a_compaction(shop: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compaction, "bucket_bits", lambda _rows: 2)
    before = journeys(open_index(shop), "channel")
    with shop.writing():
        compact(shop)

    assert journeys(open_index(shop), "channel") == before
    shutil.rmtree(shop.index)
    assert journeys(open_index(shop), "channel") == before


def test_times_before_1970_are_bounds_too(folder: Folder) -> None:
    store(
        folder, batch([Row(user="anna", second=-START // SECOND - 10), Row(user="anna", second=-START // SECOND - 5)])
    )

    held = indexed(folder).manifest

    assert (held.first_us, held.last_us) == (-10 * SECOND, -5 * SECOND)


def test_a_store_grows_by_factors_of_four() -> None:
    sizes = [1, 500_000, 500_001, 4_000_000, 4_000_001, 40_000_000, 40_000_001, 10**9]

    assert [1 << bucket_bits(rows) for rows in sizes] == [1, 1, 4, 4, 16, 16, 64, 64]


@pytest.mark.long
def test_more_event_names_than_16_bits_hold(folder: Folder) -> None:
    store(folder, batch([Row(user="anna", event=f"e{n}", second=n, properties={"n": n}) for n in range(65_600)]))

    [journey] = journeys(indexed(folder)).values()

    assert [event for _, event, _ in journey] == [f"e{n}" for n in range(65_600)]


def test_no_index_is_built_on_opening(shop: Folder) -> None:
    """A log that crashed before its index was built."""
    shutil.rmtree(shop.index)

    assert open_index(shop).manifest.rows == 300


@pytest.mark.parametrize("content", ["", "{", "{}", '{"format": 99}'])
def test_a_manifest_that_cannot_be_read_is_built_anew(shop: Folder, content: str) -> None:
    (shop.index / "manifest.json").write_text(content)

    assert open_index(shop).manifest.rows == 300


def test_what_a_killed_build_left_goes_with_the_next_one(shop: Folder) -> None:
    (shop.index / ".00000009-left").mkdir()
    (shop.index / "00000001-old").mkdir()

    indexed(shop)

    assert sorted(path.name for path in shop.index.iterdir() if path.is_dir()) == [open_index(shop).manifest.generation]


def test_an_empty_folder_says_how_to_fill_it(folder: Folder) -> None:
    with pytest.raises(NotADataFolder, match="holds no events yet; `sojourn import FILE"):
        open_index(folder)


def test_a_reader_before_the_first_index_is_told_who_makes_it(folder: Folder) -> None:
    store(folder, batch(many(0, 5)))

    with folder.writing(), pytest.raises(FolderBusy, match=f"process {os.getpid()} is writing"):
        open_index(folder)


def test_columns_are_built_once_and_mapped_then(shop: Folder) -> None:
    first = open_index(shop)
    [column] = first.column("channel")
    [place] = (first._path / "columns").iterdir()
    changed = place.stat().st_ctime_ns, {path: path.stat().st_mtime_ns for path in place.iterdir()}

    [again] = open_index(shop).column("channel")

    assert isinstance(column, TextColumn)
    assert isinstance(again, TextColumn)
    assert list(again.names) == list(column.names) == ["c0", "c100", "c200"]
    assert np.array_equal(again.codes, column.codes)
    assert {path: path.stat().st_mtime_ns for path in place.iterdir()} == changed[1]


def test_a_column_no_event_has_is_said_and_searched_for_once(shop: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    index = open_index(shop)
    with pytest.raises(UnknownColumn, match=r"no event has a column or property 'nothing'; known ones: .*channel"):
        index.column("nothing")
    monkeypatch.setattr(Index, "_read_column", None)

    with pytest.raises(UnknownColumn, match="no event has a column or property 'nothing'"):
        open_index(shop).column("nothing")


def test_the_columns_longest_unused_go_first(shop: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "COLUMN_LIMIT", 2)
    index = open_index(shop)
    for age, name in enumerate(["n", "channel", "user_id"]):
        index.column(name)
        for place in (index._path / "columns").iterdir():
            os.utime(place, (age, age))

    open_index(shop).column("event")

    assert len(list((index._path / "columns").iterdir())) == 2


@pytest.mark.parametrize("after", ["import", "compaction", "rebuild", "column gone"])
def test_an_open_index_goes_on_while_a_new_one_takes_its_place(shop: Folder, after: str) -> None:
    """Also for columns it had not asked for yet."""
    index = open_index(shop)
    expected = journeys(open_index(shop), "channel")
    with shop.writing():
        if after == "compaction":
            compact(shop)
        if after == "import":
            store_while_writing(shop, many(300, 320, channel="new"))
        build_index(shop)
        if after == "column gone":
            shutil.rmtree(shop.index)

    assert journeys(index, "channel") == expected
    assert open_index(shop).manifest.rows == (320 if after == "import" else 300)


def store_while_writing(folder: Folder, rows: list[Row]) -> None:
    from sojourn.store.append import Append

    append = Append(folder, source="late")
    append.add(batch(rows))
    append.finish()


def test_newer_rows_stay_readable_when_a_compaction_moves_them(shop: Folder) -> None:
    """An index with a small import merged in, whose file is gone when a column is asked for."""
    store(shop, batch(many(300, 310, channel="new")))
    index = open_index(shop)
    assert index.manifest.rows == 310
    with shop.writing():
        compact(shop)

    found = journeys(index, "channel")

    assert sum(len(journey) for journey in found.values()) == 310
    assert sum(value == "new" for journey in found.values() for *_, value in journey) == 10
    assert len(index.person_map().actor) == 0


def test_persons_are_the_same_when_the_index_has_been_replaced(folder: Folder) -> None:
    """A later row with an earlier time must not take the place of the link that this index knows."""
    store(folder, batch([Row(user="anna", anonymous="phone", second=50)]))
    index = indexed(folder)
    store(folder, batch([Row(user="ben", anonymous="phone", second=1)]))
    assert indexed(folder).manifest.generation != index.manifest.generation

    found = index.person_map()

    assert found.actor.tolist() == [actor_id(folder.secret, "anonymous", "phone")]
    assert found.person.tolist() == [actor_id(folder.secret, "user", "anna")]


@pytest.mark.parametrize("compacted", [False, True])
@pytest.mark.parametrize("large", [False, True])
def test_while_a_writer_is_busy_readers_see_what_is_stored_or_what_they_saw_before(
    folder: Folder,
    monkeypatch: pytest.MonkeyPatch,
    compacted: bool,  # noqa: FBT001  (a parameter)
    large: bool,  # noqa: FBT001  (a parameter)
) -> None:
    """A small import is merged in by readers; the next one needs a new index, and until there is one it is merged in, too.

    Its events may be those that a keeper took from the log, where they were seen. A large one waits for its index.
    """
    store(folder, batch([Row(anonymous=f"d{n}", second=n, properties={"n": n}) for n in range(50)]))
    indexed(folder)
    store(folder, batch(many(100, 110)))
    with folder.writing():
        refresh_index(folder)
    assert open_index(folder).manifest.rows == 60
    # Too many to be merged in.
    monkeypatch.setattr("sojourn.store.index._NEW_ALWAYS", 10)
    if large:
        monkeypatch.setattr("sojourn.store.index._MOST_MEANWHILE", 10)
    with folder.writing():
        store_while_writing(folder, [Row(user="anna", anonymous="d0", second=99, properties={"n": 999})])
        if compacted:
            compact(folder)

        busy = open_index(folder)

        values = [event[2] for journey in journeys(busy).values() for event in journey]
        assert sorted(values) == [*range(50), *range(100, 110), *([] if large else [999])]
        assert busy.manifest.rows == (60 if large else 61)
    assert open_index(folder).manifest.rows == 61


def test_an_index_on_a_read_only_disk_answers_everything(
    small_disk: Callable[[int], Path], read_only: Callable[[Path], None]
) -> None:
    """Columns asked for the first time too: they are not kept then."""
    disk = small_disk(16)
    folder = create_folder(disk / "data")
    store(folder, batch(many(0, 100, channel="ads")))
    expected = journeys(indexed(folder))
    read_only(disk)

    index = open_index(folder)

    assert journeys(index) == expected
    [column] = index.column("channel")
    assert isinstance(column, TextColumn)
    assert list(column.names) == ["ads"]
    with pytest.raises(UnknownColumn):
        index.column("nothing")


def test_a_folder_deleted_meanwhile_is_said(shop: Folder) -> None:
    index = open_index(shop)
    index.column("n")
    shutil.rmtree(shop.path)

    assert sum(len(journey) for journey in journeys(index).values()) == 300
    with pytest.raises(NotADataFolder, match="was deleted or replaced meanwhile"):
        index.column("channel")


def test_the_manifest_is_plain_json(shop: Folder) -> None:
    held = json.loads((shop.index / "manifest.json").read_text())

    assert (held["rows"], held["persons"], held["events"], held["seq"]) == (300, 30, ["view"], 299)


def test_codes_and_times_are_read_only(shop: Folder) -> None:
    """A kernel that writes into the index would change the next answer."""
    [bucket] = open_index(shop).buckets

    assert not any(
        array.flags.writeable for array in (bucket.person, bucket.offset, bucket.time, bucket.event, bucket.seq)
    )
    assert pa.types.is_uint16(pa.from_numpy_dtype(bucket.event.dtype))
