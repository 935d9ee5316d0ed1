"""Imports into a folder that collects: places and ids are each given once, whichever way an event came."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.records.errors import StorageFull
from sojourn.store.events import EventsTable
from sojourn.store.flush import flush
from sojourn.store.log import Log
from sojourn.store.log_ids import RangeState
from sojourn.store.tail import read_version
from tests.store.log_events import event, events
from tests.store.rows import Row, batch, passing_folder, store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sojourn.store.folder import Folder


def rows(first: int, last: int, *, given_ids: bool = True) -> list[Row]:
    """The events of `log_events.events`, as a file tells them."""
    return [
        Row(anonymous=f"device{n % 10}", second=n, event="Page Viewed", message_id=f"m{n}" if given_ids else None)
        for n in range(first, last)
    ]


def seen(folder: Folder) -> list[tuple[int, str | None]]:
    """Places and message ids of all events, flushed or not, in the order of their places."""
    found: list[tuple[int, str | None]] = []
    for group in EventsTable(folder.events).scan(read_version(folder), ["seq", "message_id"]):
        found += zip(group["seq"].to_pylist(), group["message_id"].to_pylist(), strict=True)
    return sorted(found, key=lambda pair: pair[0])


def test_an_import_takes_the_places_after_the_events_that_came_before_it_and_stores_those_with_it(
    folder: Folder,
) -> None:
    log = Log(folder)
    log.append(events(0, 5))

    store(folder, batch(rows(100, 110)), source="file")

    assert seen(folder) == [(n, f"m{n}") for n in range(5)] + [(n + 5, f"m{100 + n}") for n in range(10)]
    version = EventsTable(folder.events).read()
    assert (version.rows, version.seq) == (15, 14), "the table holds all events up to its last place"
    assert log.append(events(5, 7)).seqs == [15, 16]
    assert [seq for seq, _ in seen(folder)] == list(range(17))


def test_an_import_skips_what_the_log_holds_and_a_live_event_what_was_imported(folder: Folder) -> None:
    log = Log(folder)
    log.append(events(0, 5))

    counts = store(folder, batch(rows(3, 9)), source="web")

    assert (counts.imported, counts.duplicates) == (4, 2)
    assert log.append(events(0, 10)).fresh == [False] * 9 + [True]
    assert sorted(name or "" for _, name in seen(folder)) == sorted(f"m{n}" for n in range(10))
    assert store(folder, batch(rows(0, 10)), source="web").imported == 0
    assert store(folder, batch(rows(0, 10)), source="other").imported == 10, "ids are unique within a source"


def test_rows_without_an_id_are_imported_once_as_ever(folder: Folder) -> None:
    log = Log(folder)
    log.append(events(0, 5))

    assert store(folder, batch(rows(0, 5, given_ids=False)), source="web").imported == 5
    assert store(folder, batch(rows(0, 7, given_ids=False)), source="web").imported == 2


class _Killed(Exception):
    """In place of a kill: nothing after it is done."""


@pytest.mark.parametrize("stored", [False, True])
def test_an_event_that_comes_while_an_import_has_claimed_its_id_is_there_once_however_the_import_ends(
    folder: Folder,
    monkeypatch: pytest.MonkeyPatch,
    stored: bool,  # noqa: FBT001  (a case)
) -> None:
    """Between the claim and the commit, or the end of the import that is killed there."""
    log = Log(folder)
    commit = EventsTable.commit

    def interrupted(table: EventsTable, *args: object, **more: object) -> object:
        log.append(events(0, 3))
        if stored:
            commit(table, *args, **more)  # type: ignore[arg-type]  # passed on
        raise _Killed

    monkeypatch.setattr(EventsTable, "commit", interrupted)
    with pytest.raises(_Killed):
        store(folder, batch(rows(0, 2)), source="web")
    monkeypatch.undo()
    expected = sorted(f"m{n}" for n in range(3))

    assert sorted(name or "" for _, name in seen(folder)) == expected
    with folder.writing():
        flush(folder)
    assert sorted(name or "" for _, name in seen(folder)) == expected
    assert [one.state for one in log.ids.ranges()] == [RangeState.STORED if stored else RangeState.GIVEN_UP]
    assert sum(log.append(events(0, 3)).fresh) == 0
    assert store(folder, batch(rows(0, 3)), source="web").imported == 0
    assert sorted(name or "" for _, name in seen(folder)) == expected


@given(
    st.lists(st.tuples(st.sampled_from(["live", "import", "flush"]), st.integers(0, 8), st.integers(1, 5)), max_size=8)
)
def test_any_order_of_imports_appends_and_flushes_holds_each_id_once(work: list[tuple[str, int, int]]) -> None:
    with passing_folder() as folder:
        log, expected = Log(folder), set[int]()
        for what, first, n in work:
            if what == "live":
                fresh = sum(log.append(events(first, first + n)).fresh)
                assert fresh == len(set(range(first, first + n)) - expected)
            elif what == "import":
                counts = store(folder, batch(rows(first, first + n)), source="web")
                assert counts.imported == len(set(range(first, first + n)) - expected)
            else:
                with folder.writing():
                    flush(folder)
            if what != "flush":
                expected |= set(range(first, first + n))
            found = seen(folder)
            assert sorted(name or "" for _, name in found) == sorted(f"m{n}" for n in expected)
            assert len({seq for seq, _ in found}) == len(found)


def fill(path: Path) -> None:
    with contextlib.suppress(OSError), path.open("wb") as file:
        while True:
            file.write(b"x" * 4096)
            file.flush()


def test_a_flush_and_an_append_that_fill_the_disk_lose_nothing(small_disk: Callable[[int], Path]) -> None:
    from sojourn.store.folder import create_folder

    disk = small_disk(12)
    folder = create_folder(disk / "data")
    log = Log(folder)
    log.append([event(f"m{n}", properties={"text": "x" * 100}) for n in range(200)])
    fill(disk / "full")

    with pytest.raises(StorageFull), folder.writing():
        flush(folder)
    with pytest.raises(StorageFull):
        log.append([event(f"large{n}", properties={"text": "x" * 10_000}) for n in range(2000)])
    kept = log.last_seq() + 1
    (disk / "full").unlink()

    assert log.append([event("after")]).seqs == [kept]
    with folder.writing():
        assert flush(folder).rows == kept + 1
