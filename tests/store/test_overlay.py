"""Newer rows merged into an index: every question answers as over a new index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sojourn.analyse.journeys import Journeys
from sojourn.store import index as module
from sojourn.store.append import Append
from sojourn.store.events import EventsTable
from sojourn.store.folder import TemporaryFolder, create_folder
from sojourn.store.index import Index, newer_files, open_index, refresh_index
from sojourn.store.index_build import build_index, read_manifest
from tests.analyse.logs import Row, batch, random_rows
from tests.thoroughness import examples

if TYPE_CHECKING:
    import pytest

    from sojourn.store.folder import Folder


def folder_with(*stretches: list[Row], place: TemporaryFolder) -> Folder:
    """A folder where the first stretch is indexed and the others came later, one import each."""
    folder = create_folder(place.path)
    for number, rows in enumerate(stretches):
        append = Append(folder, source=f"s{number}")
        append.add(batch(rows))
        append.finish()
        if not number:
            build_index(folder)
    return folder


def answers(index: Index) -> dict[str, Any]:
    """What a few questions say, with a text and a number column among them."""
    journeys = Journeys(index)
    return {
        "sessions": journeys.sessions(gap="10m", trend="hour").to_dict(),
        "by channel": journeys.sessions(by="last channel").to_dict()["groups"],
        "dear": journeys.where("price >= 2").sessions().to_dict(),
        "held": (index.manifest.rows, index.manifest.persons, index.manifest.first_us, index.manifest.last_us),
        "rows": sorted(
            (int(p), int(t), int(s), index.manifest.events[e])
            for bucket in index.buckets
            for p, first, last in zip(bucket.person, bucket.offset[:-1], bucket.offset[1:], strict=True)
            for t, s, e in zip(bucket.time[first:last], bucket.seq[first:last], bucket.event[first:last], strict=True)
        ),
    }


FILL: Row = ("p9", 50, "a", {"channel": "ads", "price": 2.0})


@examples(40)
@given(random_rows(longest=15), random_rows(persons=7, events="abz", longest=8), random_rows(longest=4))
def test_an_index_with_newer_rows_answers_like_a_new_one(first: list[Row], second: list[Row], third: list[Row]) -> None:
    """New persons, new rows of known persons in between their old ones, a new event name."""
    place = TemporaryFolder()
    folder = folder_with([*first, FILL], second, third, place=place)
    merged = open_index(folder)
    assert merged._overlay is not None

    over = answers(merged)
    build_index(folder)

    assert over == answers(open_index(folder))


def linked_batch(rows: list[tuple[str | None, str | None, int]]) -> Any:
    """Rows of (user, anonymous, seconds)."""
    made = batch([("x", seconds, "a") for _, _, seconds in rows])
    fixed = made.fixed
    for name, values in (("user_id", [r[0] for r in rows]), ("anonymous_id", [r[1] for r in rows])):
        import pyarrow as pa

        fixed = fixed.set_column(fixed.schema.get_field_index(name), name, pa.array(values, pa.string()))
    return type(made)(fixed, {}, made.row_hash + np.uint64(len(rows)), [], len(rows))


LINKED = st.lists(
    st.tuples(st.sampled_from(["u1", "u2", None]), st.sampled_from(["d1", "d2", "d3"]), st.integers(0, 50)),
    min_size=1,
    max_size=6,
)


@examples(60)
@given(LINKED, LINKED)
def test_a_login_that_comes_later_moves_the_earlier_events_to_the_person(first: list[Any], second: list[Any]) -> None:
    """Whatever links the new rows bring, the answer is that of a new index."""
    place = TemporaryFolder()
    folder = create_folder(place.path)
    for number, rows in enumerate((first, second)):
        append = Append(folder, source=f"s{number}")
        append.add(linked_batch(rows))
        append.finish()
        if not number:
            build_index(folder)

    seen = open_index(folder)
    persons = {bucket.number: bucket.person.tolist() for bucket in seen.buckets}
    sizes = [np.diff(bucket.offset).tolist() for bucket in seen.buckets]
    build_index(folder)
    anew = open_index(folder)

    assert persons == {bucket.number: bucket.person.tolist() for bucket in anew.buckets}
    assert sizes == [np.diff(bucket.offset).tolist() for bucket in anew.buckets]


def test_many_new_rows_get_a_new_index(monkeypatch: pytest.MonkeyPatch) -> None:
    """Past a share of the index, merging at every start would cost more."""
    monkeypatch.setattr(module, "_NEW_ALWAYS", 2)
    place = TemporaryFolder()
    folder = folder_with([FILL] * 50, [("p1", n, "b", {}) for n in range(3)], place=place)
    manifest = read_manifest(folder)
    assert manifest is not None

    assert newer_files(manifest, EventsTable(folder.events).read()) is None
    assert refresh_index(folder).version > manifest.version
    held = read_manifest(folder)
    assert held is not None
    assert held.rows == 53


def test_a_property_that_only_new_rows_have_is_found() -> None:
    """And one that changes from numbers to text is read anew."""
    place = TemporaryFolder()
    old: list[Row] = [("p1", 0, "a", {"price": 1.0})]
    new: list[Row] = [("p1", 5, "a", {"price": "free", "colour": "red"})]
    folder = folder_with(old, new, place=place)
    journeys = Journeys(open_index(folder))

    assert journeys.where("colour = 'red'").sessions().events == 1
    assert journeys.where("price = 'free'").sessions().events == 1
    assert journeys.where("price = 1").sessions().events == 1
