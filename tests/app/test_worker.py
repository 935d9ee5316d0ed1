from __future__ import annotations

import json
import sqlite3
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from tests.analyse.logs import batch

from sojourn.app import worker as module
from sojourn.app.effects import FoldRules
from sojourn.app.live import worker_of
from sojourn.app.worker import Worker, without_ranges
from sojourn.identify.link import Actor, Evidence, own_actor
from sojourn.records.event import Event
from sojourn.signals.catalogue import Catalogue, Count, Segment, Without
from sojourn.signals.program import compile_catalogue
from sojourn.signals.state import State as Signals
from sojourn.signals.state import read
from sojourn.store.folder import Folder, create_folder
from sojourn.store.link_control import decide, read_control
from sojourn.store.log import Log
from sojourn.store.log_ids import Range, RangeState
from sojourn.store.quarantine import count_rejected
from sojourn.store.sources import consent_modes, create_key
from sojourn.store.sqlite import database, queries
from sojourn.store.state import Owed, State

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sojourn.signals.program import Program

MINUTE = 60_000_000
PROGRAM = compile_catalogue(Catalogue(signals=(Count(name="views", kind="behavioral", says="views", of="view"),)))


class Live:
    """A folder with its log, its state and a worker."""

    def __init__(self, path: Path, program: Program = PROGRAM) -> None:
        self.folder: Folder = create_folder(path)
        self.log = Log(self.folder)
        self.state = State(self.folder)
        self.rules = FoldRules(self.folder.secret, program)
        self.worker = Worker(self.folder, self.log, self.state, self.rules)

    def send(self, *users: str, first: int = 0) -> None:
        self.log.append([event(n, user) for n, user in enumerate(users, first)])

    def look(self) -> None:
        """Have the worker look around at once."""
        self.worker.catch_up()

    def views(self, user: str) -> float:
        return self.value(self.person(user)) or 0.0

    def value(self, person: int) -> float | None:
        """The first signal of a person; None for no person."""
        kept = self.state.profiles([person])
        return float(read(self.rules.program, Signals.from_bytes(kept[person]), 10**12)[0]) if kept else None

    def device(self, value: str) -> int:
        return self.rules.number(Actor("anonymous", value))

    def person(self, user: str) -> int:
        own = own_actor(event(0, user))
        assert own is not None
        return self.rules.number(own)


def event(n: int, user: str, name: str = "view") -> Event:
    return Event("shop", f"m{n}", "track", name, n + 1, n + 1, user_id=user)


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    made = Live(tmp_path / "data")
    yield made
    made.state.__exit__(None, None, None)


def test_what_is_in_the_log_is_in_the_profiles_once(live: Live) -> None:
    live.send("anna", "ben", "anna")
    assert live.worker.catch_up() == 3
    assert live.worker.catch_up() == 0
    live.send("anna", first=3)
    live.worker.catch_up()

    assert (live.views("anna"), live.views("ben"), live.worker.lag()) == (3.0, 1.0, 0)


def test_a_worker_that_starts_again_goes_on_where_the_last_one_ended(live: Live) -> None:
    live.send("anna", "ben")
    live.worker.catch_up()
    live.send("anna", first=2)
    again = Worker(live.folder, live.log, live.state, live.rules)

    assert again.catch_up() == 1
    assert live.views("anna") == 2.0


def test_more_events_than_a_batch_holds_take_effect_once(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BATCH", 7)
    live.send(*["anna", "ben"] * 50)

    assert live.worker.catch_up() == 100
    assert (live.views("anna"), live.views("ben")) == (50.0, 50.0)


def test_an_event_that_breaks_the_worker_goes_to_quarantine_and_those_behind_it_go_on(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = live.rules.matcher.packed

    def breaks(one: Event, seq: int) -> Any:
        if one.user_id == "poison":
            message = "what nobody thought of"
            raise RuntimeError(message)
        return taken(one, seq)

    monkeypatch.setattr(live.rules.matcher, "packed", breaks)
    live.send("anna", "ben", "poison", "anna", "ben")
    live.worker.catch_up()

    assert (live.views("anna"), live.views("ben"), live.views("poison")) == (2.0, 2.0, 0.0)
    assert count_rejected(live.folder) == {"poison": 1}
    assert live.worker.lag() == 0


def test_events_of_an_erased_person_take_no_effect_up_to_the_erasure(live: Live) -> None:
    with database(live.folder.control, "control") as control:
        queries("control").suppress(control, ({"actor": live.person("anna"), "until_us": 2} for _ in range(1)))
    live.send("anna", "ben", "anna")
    live.worker.catch_up()

    assert (live.views("anna"), live.views("ben")) == (1.0, 1.0)


def test_another_catalogue_reads_the_same_log_anew(live: Live) -> None:
    live.send("anna", "anna")
    live.worker.catch_up()
    other = compile_catalogue(
        Catalogue(signals=(Count(name="views", kind="behavioral", says="views", of="view", cap=1.0),))
    )
    live.rules = FoldRules(live.folder.secret, other)
    Worker(live.folder, live.log, live.state, live.rules).catch_up()
    kept = live.state.profiles([live.person("anna")])[live.person("anna")]

    assert read(other, Signals.from_bytes(kept), 10**12).tolist() == [1.0]


def test_what_was_imported_takes_effect_like_what_was_sent(tmp_path: Path) -> None:
    from sojourn.store.append import Append

    folder = create_folder(tmp_path / "data")
    with folder.writing():
        before = Append(folder, source="import")
        before.add(batch([("anna", 1, "view"), ("ben", 2, "view")]))
        before.finish()
    live = Live(folder.path)
    live.send("anna")
    assert live.worker.catch_up() == 3
    with folder.writing():
        later = Append(folder, source="import")
        later.add(batch([("anna", 3, "view"), ("carl", 4, "view")]))
        later.finish()
    live.send("carl", first=1)
    live.look()

    assert {user: live.views(user) for user in ("anna", "ben", "carl")} == {"anna": 3.0, "ben": 1.0, "carl": 2.0}


def test_a_revoked_link_parts_the_persons_and_a_restored_one_joins_them(live: Live) -> None:
    live.log.append(
        [
            Event("shop", "d1", "track", "view", 1, 1, anonymous_id="phone"),
            Event("shop", "d2", "track", "view", 2, 2, anonymous_id="phone", user_id="anna"),
        ]
    )
    live.worker.catch_up()
    assert live.views("anna") == 2.0
    ends = sorted((live.person("anna"), live.device("phone")))
    decide(live.folder, [(ends[0], ends[1], Evidence.SAME_EVENT)], revoked=True)
    live.look()
    assert (live.views("anna"), live.value(live.device("phone"))) == (1.0, 1.0)

    decide(live.folder, [(ends[0], ends[1], Evidence.SAME_EVENT)], revoked=False)
    live.look()
    assert (live.views("anna"), live.value(live.device("phone"))) == (2.0, None)


def test_a_worker_that_reads_the_log_anew_decides_as_it_says(live: Live) -> None:
    """The control file lost what was decided; the log has it."""
    live.log.append([Event("shop", "d1", "track", "view", 1, 1, anonymous_id="phone", user_id="anna")])
    ends = sorted((live.person("anna"), live.device("phone")))
    decide(live.folder, [(ends[0], ends[1], Evidence.SAME_EVENT)], revoked=True)
    decided = read_control(live.folder)
    live.folder.control.unlink()
    live.look()

    assert read_control(live.folder) == decided
    assert (live.rules.control, live.worker.lag()) == (decided, 0)


def test_nothing_is_left_of_an_erased_person(live: Live) -> None:
    live.log.append(
        [
            Event("shop", "d1", "track", "view", 1, 1, anonymous_id="phone"),
            Event("shop", "d2", "track", "view", 2, 2, anonymous_id="phone", user_id="anna"),
            Event("shop", "d3", "track", "view", 3, 3, user_id="ben"),
        ]
    )
    live.worker.catch_up()
    actors = {live.person("anna"), live.device("phone")}
    with database(live.folder.control, "control") as control:
        queries("control").suppress(control, ({"actor": actor, "until_us": 10} for actor in actors))
    live.look()

    assert live.state.actors(actors) == {}
    assert live.state.matches(actors) == {}
    assert len(live.state.links(actors)) == 0
    assert (live.state.counted(), live.views("ben")) == ((1, 1, 0), 1.0)


def test_a_segment_is_entered_with_the_event_and_left_when_a_timer_or_event_says_so(tmp_path: Path) -> None:
    catalogue = Catalogue(
        signals=(
            Count(name="carts", kind="behavioral", says="carts", of="cart", until="buy"),
            Without(name="left", kind="behavioral", says="left", of="cart", without="buy", within="30m", until="buy"),
        ),
        segments=(
            Segment(name="has_cart", says="has a cart", where="signal.carts > 0"),
            Segment(name="left_cart", says="left a cart", where="signal.left > 0"),
        ),
    )
    live = Live(tmp_path / "data", compile_catalogue(catalogue))
    now = time.time_ns() // 1_000
    live.log.append([Event("s", "1", "track", "cart", now - 1000, now - 1000, user_id="anna")])
    live.worker.catch_up()
    assert moved(live) == [("anna", "has_cart", True)]

    live.worker._timers(up_to_date=True)
    assert moved(live) == [("anna", "has_cart", True)]
    live.log.append([Event("s", "2", "track", "view", now, now + 31 * MINUTE, user_id="ben")])
    live.worker.catch_up()
    live.worker._timers(up_to_date=False)
    assert moved(live)[1:] == [("anna", "left_cart", True)]
    assert live.state.segment_sizes() == {"has_cart": 1, "left_cart": 1}
    assert live.state.due(10**18) == []

    later = now + 32 * MINUTE
    live.log.append([Event("s", "3", "track", "buy", later, later, user_id="anna")])
    live.worker.catch_up()
    assert moved(live)[2:] == [("anna", "has_cart", False), ("anna", "left_cart", False)]
    assert live.state.segment_sizes() == {}


def test_whoever_did_not_allow_it_is_in_no_segment(tmp_path: Path) -> None:
    catalogue = Catalogue(
        signals=(Count(name="views", kind="behavioral", says="views", of="view"),),
        segments=(Segment(name="looks", says="looks", where="signal.views > 0"),),
    )
    live = Live(tmp_path / "data", compile_catalogue(catalogue))
    create_key(live.folder, "page", kind="browser")
    create_key(live.folder, "till")
    live.look()

    def said(n: int, user: str, source: str, *, personalisation: bool | None) -> Event:
        choice = {} if personalisation is None else {"personalisation": personalisation}
        context = json.dumps({"consent": {"categoryPreferences": {"analytics": True, **choice}}})
        return Event(source, f"m{n}", "track", "view", n, n, user_id=user, context=context, browser=source == "page")

    live.log.append(
        [
            said(n, f"{source} {choice}", source, personalisation=choice)
            for n, (source, choice) in enumerate((s, c) for s in ("page", "till") for c in (True, False, None))
        ]
    )
    live.worker.catch_up()

    assert [label for label, _, _ in moved(live)] == ["page True", "till True", "till None"]


def test_days_of_the_log_that_are_gone_are_taken_from_the_table(live: Live) -> None:
    from sojourn.app.keeper import KeeperOptions, keep_once

    live.send("anna", "ben")
    keep_once(live.folder, KeeperOptions())
    live.log.close_day()
    live.log.append([event(2, "anna")])
    live.log.move_ids()
    assert live.log.drop_days(1, before="9999-12-31")
    live.worker.catch_up()

    assert (live.views("anna"), live.views("ben")) == (2.0, 1.0)


def test_a_gap_is_what_no_import_has_taken() -> None:
    taken = [Range(first, n, RangeState.STORED) for first, n in ((20, 5), (5, 3), (100, 1))]

    assert without_ranges(0, 30, taken) == [Owed(0, 4, -1), Owed(8, 19, 7), Owed(25, 30, 24)]
    assert without_ranges(6, 7, taken) == []
    assert without_ranges(6, 9, taken) == [Owed(8, 9, 7)]


def test_what_was_decided_while_no_worker_ran_is_followed_by_the_next(live: Live) -> None:
    live.log.append(
        [
            Event("shop", "d1", "track", "view", 1, 1, anonymous_id="phone"),
            Event("shop", "d2", "track", "view", 2, 2, anonymous_id="phone", user_id="anna"),
        ]
    )
    live.worker.catch_up()
    ends = sorted((live.person("anna"), live.device("phone")))
    for revoked, views in ((True, 1.0), (False, 2.0)):
        decide(live.folder, [(ends[0], ends[1], Evidence.SAME_EVENT)], revoked=revoked)
        # As a process that starts: its rules know what is decided now.
        rules = FoldRules(live.folder.secret, PROGRAM, control=read_control(live.folder))
        Worker(live.folder, live.log, live.state, rules).catch_up()
        assert live.views("anna") == views


def test_a_worker_waits_for_who_is_writing(tmp_path: Path) -> None:
    folder = create_folder(tmp_path / "data")
    Log(folder).append([event(0, "anna")])
    done = threading.Event()

    def work() -> None:
        with worker_of(folder) as working:
            working.catch_up()
            done.set()

    with folder.writing():
        starting = threading.Thread(target=work)
        starting.start()
        assert not done.wait(0.3)
    starting.join(30)

    assert done.is_set()


def test_trouble_of_the_disk_is_no_event_s_fault(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    live.send("anna", "ben")
    with monkeypatch.context() as broken:
        broken.setattr(live.state, "actors", _fail)
        with pytest.raises(sqlite3.OperationalError):
            live.worker.catch_up()
    live.worker.catch_up()

    assert (live.views("anna"), live.views("ben"), count_rejected(live.folder)) == (1.0, 1.0, {})


def _fail(_actors: object) -> None:
    message = "disk I/O error"
    raise sqlite3.OperationalError(message)


def test_two_keys_of_one_source_ask_for_consent_each_by_itself(live: Live) -> None:
    create_key(live.folder, "web", kind="browser")
    create_key(live.folder, "web")

    assert consent_modes(live.folder) == {("web", True): "required", ("web", False): "assumed"}


def moved(live: Live) -> list[tuple[str, str, bool]]:
    return [(move.label, move.segment, move.entered) for _, move in live.state.moves(0)]
