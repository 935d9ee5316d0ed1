"""Events older than a folder keeps them: gone, bytes included, and refused on every path."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sojourn.records.rejected import Reason
from sojourn.store import erasure
from sojourn.store.events import EventsTable
from sojourn.store.expiry import before_of, expire, expiries, is_due
from sojourn.store.flush import flush
from sojourn.store.index import open_index
from sojourn.store.index_build import build_index
from sojourn.store.log import Log
from sojourn.store.quarantine import rejected_page
from sojourn.store.tail import read_version
from tests.store.everything import mentions
from tests.store.log_events import event
from tests.store.rows import SECOND, START, Row, batch, passing_folder, store, stored, stored_values

if TYPE_CHECKING:
    from sojourn.store.expiry import Expiry
    from sojourn.store.folder import Folder

DAY = 86_400
LOG = [
    Row(user="anna", anonymous="annas-phone", second=0, properties={"street": "Lindenstrasse"}),
    Row(user="ben", second=DAY, properties={"street": "Ringweg"}, message_id="msg-ben-1"),
    Row(user="ben", second=2 * DAY, properties={"street": "Marktplatz"}),
    Row(user="carl", second=None, properties={"street": "Nirgends"}),
]


def run(folder: Folder, second: int) -> Expiry | None:
    """Have everything expire that happened before so many seconds after the start of 2024."""
    with folder.writing():
        return expire(folder, START + second * SECOND)


def test_what_happened_before_the_limit_goes_and_the_rest_stays(folder: Folder) -> None:
    """Of four events one is of the first day, one of the second, one of the third, and one has no time."""
    store(folder, batch(LOG))

    receipt = run(folder, 2 * DAY)

    assert stored_values(folder, "user_id") == ["ben", "carl"]
    assert open_index(folder).manifest.rows == 2
    assert receipt is not None
    assert (receipt.events, receipt.first, receipt.last) == (
        2,
        "2024-01-01T00:00:00+00:00",
        "2024-01-02T00:00:00+00:00",
    )
    assert receipt.before == "2024-01-03T00:00:00+00:00"
    assert expiries(folder) == [receipt]


def test_no_file_of_the_folder_holds_what_has_expired(folder: Folder) -> None:
    words = ["anna", "annas-phone", "Lindenstrasse", "Ringweg", "msg-ben-1"]
    store(folder, batch(LOG))
    log = Log(folder)
    log.append([event("m-dora", second=DAY, user="dora", properties={"street": "Bachgasse"})])
    with folder.writing():
        flush(folder)
        build_index(folder)
    log.append([event("m-emil", second=DAY, user="emil"), event("m-finn", second=3 * DAY, user="finn")])
    open_index(folder).column("street")
    assert all(mentions(folder.path, word) for word in (*words, "dora", "Bachgasse", "emil"))

    receipt = run(folder, 2 * DAY)
    open_index(folder).column("street")

    assert {word: mentions(folder.path, word) for word in (*words, "dora", "Bachgasse", "emil")} == {
        word: [] for word in (*words, "dora", "Bachgasse", "emil")
    }
    assert receipt is not None
    assert (receipt.events, receipt.logged) == (4, 2)
    assert stored_values(folder, "user_id") == ["ben", "carl", "finn"]


def test_nothing_comes_back(folder: Folder) -> None:
    """Neither with the same file, nor resent, nor when events are kept for longer from now on."""
    store(folder, batch(LOG))
    log = Log(folder)
    sent = [event("m1", second=DAY, user="dora"), event("m2", second=3 * DAY, user="dora")]
    log.append(sent)
    run(folder, 2 * DAY)

    counts = store(folder, batch(LOG))
    assert (counts.read, counts.imported, counts.duplicates, counts.rejected) == (4, 0, 2, 2)
    assert [(row[4], row[6]) for row in rejected_page(folder)] == [(Reason.EXPIRED, b"")]
    assert log.append(sent).fresh == [False, False]
    log.append([event("m3", second=DAY, user="emil")])
    assert read_version(folder).rows == 3, "an old event that is new to the log is in no answer"
    assert run(folder, DAY) is None, "an earlier limit takes nothing back"
    with folder.writing():
        flush(folder)
    assert stored_values(folder, "user_id") == ["ben", "carl", "dora"]


def test_a_run_that_was_killed_goes_on_where_it_ended(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed before the commit, and after it: the receipt of the run that ends it says all that went."""
    store(folder, batch(LOG))
    for killed_at in ("doubt_persons", "publish_persons"):
        with monkeypatch.context() as patch:
            patch.setattr(erasure, killed_at, _killed)
            with pytest.raises(KeyboardInterrupt):
                run(folder, 2 * DAY)
        assert expiries(folder) == []
        assert is_due(folder, START), "whatever the limit is by then"

    receipt = run(folder, DAY)

    assert receipt is not None
    assert (receipt.id, receipt.events, receipt.before) == (1, 2, "2024-01-03T00:00:00+00:00")
    assert not mentions(folder.path, "Lindenstrasse")
    assert open_index(folder).manifest.rows == 2
    assert not is_due(folder, START + 2 * DAY * SECOND)


def _killed(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def test_everything_may_expire(folder: Folder) -> None:
    store(folder, batch(LOG[:3]))

    run(folder, 9 * DAY)

    assert stored(folder) == []
    assert not mentions(folder.path, "ben")


def test_the_limit_is_a_midnight(folder: Folder) -> None:
    """30 whole days and what there is of today."""
    store(folder, batch([Row(user="anna", second=1), Row(user="anna", second=-1)]))
    before = before_of(30, now=dt.datetime(2024, 1, 31, 17, 5, tzinfo=dt.UTC))

    with folder.writing():
        expire(folder, before)

    assert before == START
    assert len(stored(folder)) == 1


CHOICE = st.sampled_from([None, True, False])
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["anna", "ben", None]),
        st.sampled_from(["phone", "laptop", None]),
        st.one_of(st.none(), st.integers(0, 9)),
        CHOICE,
        CHOICE,
        st.sampled_from(["view", "Consent Updated"]),
    ).filter(lambda row: row[0] or row[1]),
    max_size=12,
)


def choices(said: dict[str, bool | None]) -> str | None:
    told = {name: value for name, value in said.items() if value is not None}
    return json.dumps({"consent": {"categoryPreferences": told}, "page": {"path": "/secret"}}) if told else None


@given(ROWS, st.integers(0, 10))
@example([("anna", None, 0, True, None, "view"), ("anna", None, None, None, False, "Consent Updated")], 1)
def test_it_is_a_filter_by_time_and_keeps_the_latest_no(rows: list[tuple[Any, ...]], limit: int) -> None:
    """Against a loop over the rows. Nobody is linked here: user ids and devices come one at a time."""
    log = [
        Row(
            user=user, anonymous=None if user else device, second=second, event=name, message_id=f"m{n}", properties={"n": n},
            more={"context": choices({"personalisation": first, "marketing": other})},
        )
        for n, (user, device, second, first, other, name) in enumerate(rows)
    ]  # fmt: skip
    with passing_folder() as folder:
        store(folder, batch(log))
        with folder.writing():
            receipt = expire(folder, START + limit * SECOND)
        found = {row["seq"]: row for row in stored(folder)}

    old = {n for n, row in enumerate(log) if row.second is not None and row.second < limit}
    kept = _latest_no(log, old, rows)
    assert set(found) == (set(range(len(log))) - old) | kept
    assert receipt is not None
    assert (receipt.events, receipt.choices) == (len(old - kept), len(kept))
    for seq in kept:
        assert found[seq]["event"] == "Consent Kept"
        assert "secret" not in found[seq]["context"]
        assert found[seq].get("p_n") is None
        assert found[seq]["properties"] is None
    for seq in set(found) - kept:
        assert found[seq]["event"] == log[seq].event


def _latest_no(log: list[Row], old: set[int], rows: list[tuple[Any, ...]]) -> set[int]:
    kept = set()
    for who in {(row.user, row.anonymous) for row in log}:
        mine = [n for n, row in enumerate(log) if (row.user, row.anonymous) == who]
        for place in (3, 4):
            said = [n for n in mine if rows[n][place] is not None]
            if not said:
                continue
            last = max(said, key=lambda n: (-1 if log[n].second is None else log[n].second, n))
            by_itself = log[last].event == "Consent Updated"
            if rows[last][place] is False and last in old and (by_itself or set(mine) - old):
                kept.add(last)
    return kept


def test_a_kept_no_goes_when_a_later_word_takes_its_place(folder: Folder) -> None:
    said = [Row(user="anna", second=0, event="Consent Updated", more={"context": choices({"marketing": False})})]
    store(folder, batch(said))
    run(folder, DAY)
    assert stored_values(folder, "event") == ["Consent Kept"]
    table = EventsTable(folder.events).read()

    store(folder, batch([Row(user="anna", second=2 * DAY, more={"context": choices({"marketing": True})})]))
    run(folder, 2 * DAY)

    assert table.rows == 1
    assert stored_values(folder, "event") == ["view"]


def test_a_yes_that_a_browser_made_up_does_not_take_the_place_of_a_kept_no(folder: Folder) -> None:
    """Only a yes that is proven ends a proven no, when the no has expired, too."""
    said, agreed = (json.dumps({"consent": {"categoryPreferences": {"marketing": yes}}}) for yes in (False, True))
    no = event("a1", user="anna", second=0, name="Consent Set", context=said)
    yes = event("a2", user="anna", second=2 * DAY, browser=True, context=agreed)
    Log(folder).append([no, yes])
    with folder.writing():
        flush(folder)
    run(folder, DAY)

    assert stored_values(folder, "event") == ["Consent Kept", "Page Viewed"]

    Log(folder).append([event("a3", user="anna", second=3 * DAY, context=agreed)])
    with folder.writing():
        flush(folder)
    run(folder, 2 * DAY)

    assert stored_values(folder, "event") == ["Page Viewed", "Page Viewed"]
