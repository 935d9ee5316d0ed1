"""Compaction: the same events before and after, in files by the top bits of their actor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sojourn.store import compaction
from sojourn.store.compaction import compact
from sojourn.store.events import EventsTable, scan_file
from sojourn.store.index import open_index
from sojourn.store.index_build import build_index
from tests.store.rows import Row, batch, store, stored

if TYPE_CHECKING:
    from collections.abc import Callable

    from sojourn.store.events import DataFile
    from sojourn.store.folder import Folder


@pytest.fixture
def buckets(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """`buckets(2)` makes every compaction use 2 ** 2 buckets."""
    return lambda bits: monkeypatch.setattr(compaction, "bucket_bits", lambda _rows: bits)


def some(first: int, last: int, **properties: object) -> list[Row]:
    return [Row(user=f"u{n % 50}", second=n, properties={"n": n, **properties}) for n in range(first, last)]


def files(folder: Folder) -> list[DataFile]:
    return list(EventsTable(folder.events).read().files)


def run(folder: Folder) -> None:
    with folder.writing():
        compact(folder)


@pytest.mark.parametrize(("bits", "names"), [(0, {"all"}), (2, {"00", "01", "10", "11"}), (4, None)])
def test_events_are_the_same_in_the_buckets_of_their_actors(
    folder: Folder, buckets: Callable[[int], None], bits: int, names: set[str] | None
) -> None:
    for first in range(0, 300, 100):
        store(folder, batch(some(first, first + 100)))
    before = stored(folder)
    buckets(bits)

    run(folder)

    assert stored(folder) == before
    # Of 50 users, some of 16 buckets may get none.
    assert {file.bucket for file in files(folder)} <= (names or {f"{n:04b}" for n in range(16)})
    for file in files(folder):
        prefix = "" if file.bucket == "all" else file.bucket
        rows = [row for group in scan_file(file.path, ["actor"]) for row in group["actor"].to_pylist()]
        assert all(f"{actor & (2**64 - 1):064b}".startswith(prefix) for actor in rows)
        assert len(rows) == file.rows


def test_buckets_grow_by_prefix(folder: Folder, buckets: Callable[[int], None]) -> None:
    store(folder, batch(some(0, 200)))
    before = stored(folder)
    for bits in (0, 2, 4):
        buckets(bits)
        run(folder)
        assert {len(file.bucket) for file in files(folder)} == ({bits} if bits else {3})
        assert stored(folder) == before


def test_fresh_files_join_their_buckets_and_old_ones_are_left_alone(
    folder: Folder, buckets: Callable[[int], None]
) -> None:
    buckets(2)
    store(folder, batch(some(0, 200)))
    run(folder)
    old = {file.path for file in files(folder)}
    store(folder, batch(some(200, 300)))

    run(folder)

    assert old < {file.path for file in files(folder)}
    assert "fresh" not in {file.bucket for file in files(folder)}


def test_a_bucket_of_too_many_files_becomes_one(folder: Folder, buckets: Callable[[int], None]) -> None:
    buckets(0)
    for first in range(0, 100, 10):
        store(folder, batch(some(first, first + 10)))
        run(folder)

    assert len(files(folder)) < 9
    assert [row["p_n"] for row in stored(folder, "p_n")] == list(range(100))


def test_nothing_to_do_commits_nothing(folder: Folder) -> None:
    run(folder)
    store(folder, batch(some(0, 10)))
    run(folder)
    number = EventsTable(folder.events).read().number

    run(folder)

    assert EventsTable(folder.events).read().number == number


def test_files_with_different_columns_become_one(folder: Folder) -> None:
    store(folder, batch(some(0, 3)))
    store(folder, batch(some(3, 6, channel="ads")))
    before = stored(folder)

    run(folder)

    assert len(files(folder)) == 1
    assert stored(folder) == before


def test_the_index_stays_true_and_is_not_built_again(folder: Folder) -> None:
    store(folder, batch(some(0, 20)))
    store(folder, batch(some(20, 40)))
    with folder.writing():
        built = build_index(folder)

    run(folder)

    index = open_index(folder)
    assert index.manifest.generation == built.generation
    assert sum(len(bucket.seq) for bucket in index.buckets) == 40


def test_old_files_are_gone(folder: Folder) -> None:
    store(folder, batch(some(0, 20)))
    run(folder)

    assert {path for path in folder.events.glob("*/*.parquet")} == {file.path for file in files(folder)}  # noqa: C416  (a set of paths)
    assert len(list(folder.events.glob("bucket=*/*"))) == 1


def test_a_compaction_that_fails_leaves_the_table_as_it_was(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    store(folder, batch(some(0, 20)))
    before = files(folder)

    def full(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(EventsTable, "commit", full)
    with pytest.raises(KeyboardInterrupt):
        run(folder)

    assert files(folder) == before
    assert len(list(folder.events.glob("bucket=*/*"))) == 1
