"""What the live state knows of a person follows when the person's events expire."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.store.everything import mentions
from tests.store.log_events import START, event

from sojourn.app.live import fold_rules, live_profile, worker_of
from sojourn.app.renewing import renew_live
from sojourn.store.expiry import expire
from sojourn.store.folder import Folder, create_folder
from sojourn.store.log import Log
from sojourn.store.state import EXPIRED, Changes, Move, State

if TYPE_CHECKING:
    from pathlib import Path

DAY = 86_400
LIMIT = START + 10 * DAY * 1_000_000
SENT = [
    event("m1", second=0, user="anna", anonymous="phone", name="Product Viewed", traits='{"city": "Lindau"}'),
    event("m2", second=20 * DAY, user="anna", anonymous=None, traits='{"plan": "pro"}'),
    event("m3", second=21 * DAY, anonymous="phone"),
    event("m4", second=0, user="ben", anonymous=None),
    event("m5", second=1 * DAY, user="carl", anonymous=None, context='{"consent": {"categoryPreferences": {"marketing": false}}}'),
    event("m6", second=20 * DAY, user="carl", anonymous=None),
]  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A folder whose worker has taken all, and whose events of the first ten days have expired from the table."""
    made = create_folder(tmp_path / "data")
    Log(made).append(SENT)
    with worker_of(made) as worker:
        worker.catch_up()
    with State(made) as state:
        moves = [Move(1, name, "keen", True, at, 1) for name, at in (("told-of-old", START), ("told-of-late", LIMIT))]
        state.write(Changes(moves=moves), cursors={})
    with made.writing():
        expire(made, LIMIT)
    return made


def test_a_profile_is_what_the_events_left_say(folder: Folder) -> None:
    """Anna keeps one event of two, and her phone is not hers any more: the event that showed it has gone. Ben is nobody."""
    assert renew_live(folder, lambda: fold_rules(folder))

    anna, phone, carl = (live_profile(folder, one) for one in ("anna", "phone", "carl"))
    assert anna is not None
    assert phone is not None
    assert carl is not None
    assert (anna.events, anna.traits, len(anna.identities)) == (1, {"plan": "pro"}, 1)
    assert (phone.person, phone.events) == ("phone", 1)
    assert live_profile(folder, "ben") is None
    assert (carl.event_counts, carl.consent) == ({"Page Viewed": 1, "Consent Kept": 1}, {"marketing": False})
    assert {word: mentions(folder.path, word) for word in ("ben", "Lindau", "told-of-old")} == {
        word: [] for word in ("ben", "Lindau", "told-of-old")
    }
    assert mentions(folder.path, "told-of-late")


def test_it_is_done_once_and_by_a_worker_too(folder: Folder) -> None:
    with worker_of(folder) as worker:
        worker.catch_up()

    with State(folder) as state:
        assert state.cursor(EXPIRED) == LIMIT
        assert not state.has_residue()
    assert not mentions(folder.path, "ben")


def test_a_worker_that_does_not_get_to_it_is_waited_for_no_longer_than_said(folder: Folder) -> None:
    with folder.alone("worker"):
        assert not renew_live(folder, lambda: fold_rules(folder), wait_s=0.0)


def test_an_old_event_that_came_before_the_limit_moved_takes_no_effect(folder: Folder) -> None:
    Log(folder).append([event("m9", second=DAY, user="dora", anonymous=None)])

    with worker_of(folder) as worker:
        worker.catch_up()

    assert live_profile(folder, "dora") is None


def test_an_event_that_cannot_be_worked_on_keeps_nobody(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was poison when it came; the other events of the persons concerned count."""
    from sojourn.app import effects
    from sojourn.identify import actor_record

    add = actor_record.add_event

    def failing(record: object, one: object, seq: int, **more: object) -> None:
        if seq == 2:
            raise ZeroDivisionError
        add(record, one, seq, **more)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr(effects, "add_event", failing)

    assert renew_live(folder, lambda: fold_rules(folder))

    assert live_profile(folder, "phone") is None
    assert live_profile(folder, "anna") is not None
