"""The heart: what the worker knows of a person, event by event, is what the history of the same log says."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.analyse.journeys import Journeys
from sojourn.analyse.profiles import HistoryRules
from sojourn.analyse.signal_pass import last_moment, signal_blocks
from sojourn.app.effects import FoldRules
from sojourn.app.worker import Worker
from sojourn.identify.actor_record import latest
from sojourn.identify.link import Actor, Evidence
from sojourn.records.event import Event
from sojourn.signals.catalogue_file import read_catalogue
from sojourn.signals.program import compile_catalogue
from sojourn.signals.state import State as Signals
from sojourn.signals.state import read
from sojourn.store.folder import TemporaryFolder, create_folder
from sojourn.store.index import open_index
from sojourn.store.link_control import decide
from sojourn.store.log import Log
from sojourn.store.state import State

if TYPE_CHECKING:
    from sojourn.signals.program import Program
    from sojourn.store.folder import Folder

MINUTE = 60_000_000
START = 1_704_067_200_000_000
CATALOGUE = """
signals:
  - {name: views, kind: behavioral, pattern: count, says: views, of: view, half_life: 1h, cap: 3}
  - {name: spent, kind: transactional, pattern: sum, says: spent, of: buy, property: price}
  - {name: pages, kind: behavioral, pattern: distinct, says: pages, of: view, property: page}
  - {name: begun, kind: behavioral, pattern: first, says: begun, of: view}
  - {name: recent, kind: behavioral, pattern: recency, says: recent, of: view, half_life: 2h}
  - {name: rage, kind: behavioral, pattern: burst, says: rage, of: view, times: 3, within: 5m}
  - {name: hesitates, kind: behavioral, pattern: dwell, says: hesitates, of: cart, next: buy, longer_than: 3m}
  - {name: left, kind: transactional, pattern: without, says: left, of: cart, without: buy, within: 30m}
  - {name: compares, kind: behavioral, pattern: repeat_without, says: compares, of: view, times: 3, without: buy, same: page}
  - {name: bought, kind: transactional, pattern: sequence, says: bought, steps: [view, cart, buy], within: 2h}
  - {name: returned, kind: behavioral, pattern: return, says: returned, after: 45m}
  - {name: pro, kind: demographic, pattern: trait, says: pro, where: "plan = 'pro'"}
  - {name: mobile, kind: contextual, pattern: context, says: mobile, where: "context.device.type = 'mobile'"}
  - {name: searched, kind: contextual, pattern: context, says: searched, where: "channel = 'Organic Search' and os = 'iOS'"}
  - {name: systems, kind: contextual, pattern: distinct, says: systems, of: view, property: os}
stages:
  - {name: aware, says: aware, where: "signal.begun > 0"}
  - {name: customer, says: customer, where: "signal.spent > 0"}
scores:
  - name: intent
    says: intent
    base: 1
    terms:
      - {signal: views, weight: 2}
      - {signal: left, weight: -3}
      - {when: "stage = 'customer'", points: 5}
segments:
  - {name: keen, says: keen, where: "score.intent >= 5"}
  - {name: pros, says: pros, where: "traits.plan = 'pro' and signal.pages > 1"}
"""
ARRIVALS: list[dict[str, Any]] = [
    {},
    {"os": {"name": "iOS"}, "page": {"url": "https://shop.example.com/", "referrer": "https://www.google.com/"}},
    {"userAgent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "page": {"url": "/"}},
]
PROGRAM = compile_catalogue(read_catalogue(CATALOGUE))
ROWS = st.lists(
    st.tuples(
        st.integers(0, 180),
        st.integers(0, 60),
        st.sampled_from(["view", "view", "cart", "buy", "Identified"]),
        st.sampled_from([None, "a", "b", "c"]),
        st.sampled_from([None, None, "anna", "ben"]),
        st.sampled_from(["free", "pro"]),
    ).filter(lambda row: row[3] or row[4]),
    min_size=1,
    max_size=25,
)


def event(n: int, row: tuple[Any, ...]) -> Event:
    """An event that arrives up to an hour after it happened."""
    minute, late, name, device, user, plan = row
    identifies = name == "Identified"
    return Event(
        "shop", f"m{n}", "identify" if identifies else "track", name,
        START + minute * MINUTE, START + (minute + late) * MINUTE,
        anonymous_id=device, user_id=user, browser=True,
        traits=json.dumps({"plan": plan}) if identifies else None,
        properties=json.dumps({"page": f"/{minute % 4}", "price": minute}),
        context=json.dumps({"device": {"type": "mobile" if late % 2 else "desktop"}} | ARRIVALS[minute % 3]),
    )  # fmt: skip


def history(folder: Folder, program: Program, at: int | None = None) -> tuple[int, dict[int, Any]]:
    """By person: values of the signals, stage, points and segments, from the index."""
    journeys = Journeys(open_index(folder))
    at = last_moment(journeys) + MINUTE if at is None else at
    rules, found = HistoryRules(program), {}
    for part in journeys.parts():
        for block in signal_blocks(part, program, [at]):
            told = rules.profiles(block)
            for n, person in enumerate(block.person.tolist()):
                found[person] = (block.values[0, n], told.stage[n], told.points[:, n], told.members[:, n])
    return at, found


def live(state: State, rules: FoldRules, persons: list[int], at: int) -> dict[int, Any]:
    """The same from the state."""
    catalogue = rules.program.catalogue
    stages = [stage.name for stage in catalogue.stages]
    found = {}
    for person in persons:
        kept = state.profiles([person])
        records = [one.record for one in state.actors_of([person])[person]]
        values = read(rules.program, Signals.from_bytes(kept[person]), at)
        traits = {name: known.value for name, known in latest([record.traits for record in records]).items()}
        told = rules.standing.profile(values, traits, at)
        found[person] = (
            values,
            -1 if told.stage is None else stages.index(told.stage),
            np.array([score.points for score in told.scores]),
            np.array([segment.name in told.segments for segment in catalogue.segments]),
        )
    return found


def same(state: State, folder: Folder, rules: FoldRules) -> None:
    at, expected = history(folder, rules.program)
    found = live(state, rules, list(expected), at)
    assert state.counted()[1] == len(expected)
    for person, (values, stage, points, members) in expected.items():
        np.testing.assert_allclose(found[person][0], values, rtol=0, atol=1e-9)
        assert found[person][1] == stage
        np.testing.assert_allclose(found[person][2], points, atol=1e-6)
        assert found[person][3].tolist() == members.tolist()


@given(ROWS, st.lists(st.integers(1, 7), min_size=1, max_size=6), st.integers(0, 7))
def test_live_is_history_with_late_events_logins_and_revoked_links(
    rows: list[Any], sizes: list[int], choice: int
) -> None:
    place = TemporaryFolder()
    folder = create_folder(place.path)
    log, rules = Log(folder), FoldRules(folder.secret, PROGRAM)
    with State(folder) as state:
        worker = Worker(folder, log, state, rules)
        arriving = sorted((event(n, row) for n, row in enumerate(rows)), key=lambda one: one.received_at)
        cuts = itertools.cycle(sizes)
        while arriving:
            size = next(cuts)
            log.append(arriving[:size])
            worker.work()
            arriving = arriving[size:]
        worker.catch_up()
        same(state, folder, rules)

        device, user = Actor("anonymous", "abc"[choice % 3]), Actor("user", ("anna", "ben")[choice % 2])
        ends = sorted(rules.number(actor) for actor in (device, user))
        for revoked in (True, False):
            decide(folder, [(ends[0], ends[1], Evidence.SAME_EVENT)], revoked=revoked)
            worker.catch_up()
            same(state, folder, rules)


@pytest.mark.parametrize(
    "world",
    ["shop", pytest.param("software", marks=pytest.mark.long), pytest.param("streaming", marks=pytest.mark.long)],
)
def test_live_is_history_over_a_simulated_world(world: Any, tmp_path: Any) -> None:
    from sojourn.app.importing import import_files
    from sojourn.collect.imports.mapping import Mapping
    from sojourn.signals.default_catalogues import default_catalogue
    from sojourn.simulate.run import simulate

    simulate(world, tmp_path / world, days=24, persons=60, seed=3)
    folder = create_folder(tmp_path / "data")
    import_files(sorted((tmp_path / world).glob("events*")), folder.path, Mapping())
    rules = FoldRules(folder.secret, compile_catalogue(default_catalogue(world)))
    with State(folder) as state:
        Worker(folder, Log(folder), state, rules).catch_up()
        same(state, folder, rules)
