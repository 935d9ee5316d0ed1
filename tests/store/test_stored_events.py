from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pyarrow.parquet as pq

from sojourn.records.event import Event, arrived
from sojourn.store.events import FRESH, EventsTable
from sojourn.store.folder import create_folder
from sojourn.store.log_rows import LogRows
from sojourn.store.stored_events import stored_events

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

    from sojourn.store.events import Version

EVENTS = [
    Event(
        "shop", "m1", "identify", "Identified", 10, 20, user_id="anna", anonymous_id="a", proven=True,
        traits='{"plan":"pro"}', external_ids=(("email", "anna@example.org"),),
    ),
    Event(
        "shop", "m2", "track", "Order Completed", 30, 40, sent_event="purchase", user_id="anna", order_id="o1",
        revenue=9.5, currency="EUR", original_time=29, sent_at=39, properties='{"colour":"red","deep":{"a":1},"price":2.5}',
    ),
    Event("web", "m3", "page", "Page Viewed", 50, 60, anonymous_id="d", daily=True, browser=True, context='{"page":{}}'),
]  # fmt: skip


def table_of(tmp_path: Path, events: list[tuple[int, Event]]) -> tuple[EventsTable, Version]:
    folder = create_folder(tmp_path / "data")
    table = EventsTable(folder.events)
    table.create()
    with folder.writing():
        version = table.promote([("price", _double()), ("colour", _text())])
        path = table.new_file(FRESH)
        rows = LogRows(folder.secret, version.promoted, {}).table(events)
        pq.write_table(rows, path, row_group_size=2)
        return table, table.commit([path], seq=events[-1][0])


def _double() -> pa.DataType:
    import pyarrow as pa

    return pa.float64()


def _text() -> pa.DataType:
    import pyarrow as pa

    return pa.string()


def test_an_event_of_the_log_comes_back_from_the_table_as_it_was(tmp_path: Path) -> None:
    _, version = table_of(tmp_path, list(enumerate(EVENTS)))
    found = stored_events(version, -1, 10)

    assert [one.seq for one in found] == [0, 1, 2]
    for one, event in zip(found, EVENTS, strict=True):
        assert one.key == arrived(0, event).key
        assert msgspec.json.decode(one.event.properties) == msgspec.json.decode(event.properties)
        assert msgspec.structs.replace(one.event, properties="{}") == msgspec.structs.replace(event, properties="{}")


def test_only_the_stretch_that_was_asked_for_comes_back(tmp_path: Path) -> None:
    _, version = table_of(tmp_path, [(n, EVENTS[n % 3]) for n in range(3)])

    assert [one.seq for one in stored_events(version, 0, 1)] == [1]
    assert stored_events(version, 2, 9) == []


def test_bots_do_not_come_back(tmp_path: Path) -> None:
    crawler = msgspec.structs.replace(
        EVENTS[2], context='{"userAgent":"Googlebot/2.1 (+http://www.google.com/bot.html)"}'
    )
    _, version = table_of(tmp_path, [(0, EVENTS[0]), (1, crawler)])

    assert [one.seq for one in stored_events(version, -1, 9)] == [0]
