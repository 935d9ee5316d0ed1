"""Accepted events are in every answer before anything has flushed them, and the flush changes no answer."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pytest

from sojourn.analyse.journeys import Journeys
from sojourn.app.exporting import export_events
from sojourn.identify.actor import actor_id
from sojourn.store.columns import TextColumn
from sojourn.store.events import EventsTable
from sojourn.store.flush import flush
from sojourn.store.index import open_index, refresh_index
from sojourn.store.log import Log
from sojourn.store.query import run_query
from sojourn.store.sqlite import database, queries
from sojourn.store.tail import read_version
from sojourn.store.timeline import find_person, read_rows
from tests.store.log_events import event, events
from tests.store.rows import START, Row, batch, store, stored

if TYPE_CHECKING:
    from sojourn.store.folder import Folder


def sql(folder: Folder, text: str) -> list[dict[str, Any]]:
    table, _ = run_query(folder, text, most=1000, timeout_s=60, memory_mb=512)
    return list(table.to_pylist())


def seqs(folder: Folder) -> list[int]:
    """Places of all events that a question sees, each once."""
    return sorted(int(seq) for bucket in open_index(folder).buckets for seq in bucket.seq)


def exported(folder: Folder) -> list[str]:
    out = io.BytesIO()
    export_events(Journeys(open_index(folder)), out, "segment", progress=lambda *_: None)
    return sorted(msgspec.json.decode(line)["messageId"] for line in out.getvalue().splitlines())


def test_an_accepted_event_is_in_questions_sql_export_and_the_timeline(folder: Folder) -> None:
    Log(folder).append([event("a", second=5, user="anna", properties={"path": "/x"}), *events(0, 30)])

    index = open_index(folder)

    assert seqs(folder) == list(range(31))
    assert index.manifest.rows == 31
    [path] = index.column("path")
    assert isinstance(path, TextColumn)
    assert int((path.codes >= 0).sum()) == 1
    assert sql(folder, "select count(*) n, count(distinct person) p from events") == [{"n": 31, "p": 11}]
    assert exported(folder) == sorted(["a", *(f"m{n}" for n in range(30))])
    person = find_person(index, "anna")
    assert person is not None
    assert read_rows(index, person, np.array([0]))[0].properties == {"path": "/x"}


def test_events_on_top_of_an_import_are_seen_and_those_accepted_after_opening_by_the_next_reader(
    folder: Folder,
) -> None:
    store(folder, batch([Row(user=f"u{n % 5}", second=n, properties={"n": n}) for n in range(100)]))
    with folder.writing():
        refresh_index(folder)
    log = Log(folder)
    assert len(seqs(folder)) == 100

    log.append(events(0, 3))
    assert seqs(folder) == list(range(103))
    log.append(events(3, 5))
    assert seqs(folder) == list(range(105))
    assert EventsTable(folder.events).read().rows == 100, "nothing was flushed"
    assert sql(folder, "select sum(n) s, count(*) c from events") == [{"s": sum(range(100)) + 10, "c": 105}]


def test_a_login_in_the_tail_moves_what_the_device_did_before(folder: Folder) -> None:
    store(folder, batch([Row(anonymous="phone", second=n) for n in range(20)]))
    log = Log(folder)
    assert open_index(folder).manifest.persons == 1
    log.append([event("login", second=50, user="anna", anonymous="phone")])

    index = open_index(folder)

    assert index.manifest.persons == 1
    anna = actor_id(folder.secret, "user", "anna")
    assert find_person(index, "phone") == find_person(index, "anna") == anna
    assert seqs(folder) == list(range(21))


@pytest.mark.long
def test_a_flush_changes_no_answer(folder: Folder) -> None:
    store(folder, batch([Row(user="u1", second=n, properties={"n": n}) for n in range(10)]))
    assert seqs(folder) == list(range(10))
    Log(folder).append(
        [
            event(f"e{n}", second=n, user=f"u{n % 3}", properties={"n": n, "path": f"/p{n % 4}", "deep": {"a": [n]}},
                  context='{"userAgent":"Googlebot/2.1"}', browser=n % 2 == 0, revenue=1.5, order_id=f"o{n}",
                  external_ids=(("email", "a@example.org"),), original_time=START, group_id="acme")
            for n in range(200)
        ]
    )  # fmt: skip
    question = "select event, user_id, n, bot, order_id, revenue, external_ids, original_time, group_id from events order by seq"
    before = (seqs(folder), sql(folder, question), exported(folder))

    with folder.writing():
        assert flush(folder).rows == 200
        assert flush(folder).rows == 0

    assert (seqs(folder), sql(folder, question), exported(folder)) == before
    assert EventsTable(folder.events).read().rows == 210
    assert read_version(folder) == EventsTable(folder.events).read()
    assert sum(row["bot"] for row in stored(folder, "bot")) == 100
    assert {p.property for p in EventsTable(folder.events).read().promoted} == {"n", "path"}


@pytest.mark.parametrize("flushed", [False, True])
def test_events_of_an_erased_person_are_left_out(folder: Folder, flushed: bool) -> None:  # noqa: FBT001  (a case)
    log = Log(folder)
    log.append(
        [event("a", user="anna", anonymous="phone", second=1), event("b", user="bo", anonymous="phone", second=2)]
    )
    log.append([event("c", user="anna", second=9)])
    actors = [actor_id(folder.secret, "user", "anna"), actor_id(folder.secret, "anonymous", "phone")]
    with database(folder.control, "control") as control:
        queries("control").suppress(control, [{"actor": a, "until_us": START + 5_000_000} for a in actors])
    if flushed:
        with folder.writing():
            flush(folder)

    found = sql(folder, "select message_id, user_id, anonymous_id from events order by seq")

    assert found == [
        {"message_id": "b", "user_id": "bo", "anonymous_id": None},
        {"message_id": "c", "user_id": "anna", "anonymous_id": "device"},
    ]
    assert seqs(folder) == [1, 2]


def test_a_flush_of_nothing_but_erased_persons_passes_them(folder: Folder) -> None:
    log = Log(folder)
    log.append([event("a", user="anna", second=1)])
    with database(folder.control, "control") as control:
        queries("control").suppress(
            control, [{"actor": actor_id(folder.secret, "user", "anna"), "until_us": START + 5_000_000}]
        )

    with folder.writing():
        assert (flush(folder).rows, flush(folder).seq) == (0, 0)
    log.append([event("b", user="bo", second=1)])

    assert seqs(folder) == [1]


def test_junk_ids_name_nobody_and_link_nobody(folder: Folder) -> None:
    Log(folder).append(
        [
            event("a", user="null", anonymous="one"), event("b", user="undefined", anonymous="two"),
            event("c", user="0", anonymous=None), event("d", user=None, anonymous=None),
            event("e", user="anna", anonymous="0"),
        ]
    )  # fmt: skip

    assert open_index(folder).manifest.persons == 5
