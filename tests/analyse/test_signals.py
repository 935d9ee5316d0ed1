"""Signals over history are the live ones: the same matches, the same fold, the same profiles."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.analyse.journeys import Journeys
from sojourn.analyse.profiles import HistoryRules
from sojourn.analyse.signal_pass import signal_blocks
from sojourn.analyse.signal_question import prepare
from sojourn.records.errors import BadCatalogue, BadOption, UnknownPerson
from sojourn.signals.catalogue import Catalogue, Count, Score, Segment, Stage, Term, Trait
from sojourn.signals.catalogue_file import read_catalogue
from sojourn.signals.matches import Matcher
from sojourn.signals.profile import Rules
from sojourn.signals.program import compile_catalogue
from sojourn.signals.state import MATCH, State, fold, is_newer, read, step
from sojourn.store.append import Append
from sojourn.store.folder import TemporaryFolder, create_folder
from sojourn.store.index import open_index
from sojourn.store.index_build import build_index
from sojourn.store.timeline import find_person
from tests.analyse.logs import batch, log
from tests.signals.worlds import SECOND, START_US, catalogues, event, happenings
from tests.thoroughness import examples

if TYPE_CHECKING:
    from pathlib import Path

    from sojourn.signals.program import Program
    from tests.signals.signal_oracle import Happening

ACTORS = st.sampled_from(
    [("u1", None), ("u2", None), (None, "a1"), (None, "a2"), (None, "a3"), ("u1", "a1"), ("u2", "a2"), ("u2", "a3")]
)
WHERES = st.sampled_from(
    [
        "signal.s0 > 0.5",
        "traits.plan = 'pro'",
        "traits.age >= 30 or signal.s0 = 0",
        "time.hour >= 0 and not (signal.s0 > 1)",
    ]
)


def stored(known: list[Happening], actors: list[tuple[str | None, str | None]], lateness: list[int]) -> Journeys:
    """The happenings through the real store, each received so many seconds later."""
    made = batch([("p", 0, name, properties) for _, name, properties, _ in known])
    stamp = pa.timestamp("us", tz="UTC")
    times = [time for time, *_ in known]
    late = [time + seconds * SECOND for time, seconds in zip(times, lateness, strict=True)]
    columns = {
        "time": pa.array(times, pa.int64()).cast(stamp),
        "received_at": pa.array(late, pa.int64()).cast(stamp),
        "user_id": pa.array([user for user, _ in actors], pa.string()),
        "anonymous_id": pa.array([anonymous for _, anonymous in actors], pa.string()),
        "traits": pa.array([json.dumps(traits) if traits else None for *_, traits in known], pa.string()),
    }
    fixed = made.fixed
    for name, values in columns.items():
        fixed = fixed.set_column(fixed.schema.get_field_index(name), name, values)
    made.row_hash[:] = np.arange(1, 2 * len(known) + 1).reshape(-1, 2)
    import dataclasses

    place = TemporaryFolder()
    folder = create_folder(place.path)
    with folder.writing():
        append = Append(folder, source="test")
        append.add(dataclasses.replace(made, fixed=fixed))
        append.finish()
        build_index(folder)
    return Journeys(open_index(folder), _keep_alive=place)


def over_history(journeys: Journeys, program: Program, at: list[int]) -> dict[int, np.ndarray[Any, Any]]:
    """Values of every person at the times, shape (times, signals)."""
    prepare(journeys, [program])
    return {
        int(person): block.values[:, n]
        for part in journeys.parts()
        for block in signal_blocks(part, program, at)
        for n, person in enumerate(block.person)
    }


@examples(60)
@given(st.data(), catalogues(), happenings())
def test_live_state_is_history(data: st.DataObject, catalogue: Catalogue, known: list[Happening]) -> None:
    """Events arrive in any order and step or refold their actor; links then merge actors into persons, who are folded anew."""
    many = len(known)
    actors = data.draw(st.lists(ACTORS, min_size=many, max_size=many))
    program = compile_catalogue(catalogue)
    journeys = stored(known, actors, [0] * many)
    at = START_US + 3000 * SECOND
    matcher = Matcher(program)

    matches: dict[str, Any] = {}
    states: dict[str, State] = {}
    for n, (happening, (user, anonymous)) in enumerate(zip(known, actors, strict=True)):
        actor = user or anonymous or ""
        new = matcher.matches(event(happening, number=n, user=user, anonymous=anonymous), n)
        state = states.get(actor) or fold(program, np.empty(0, MATCH))
        matches[actor] = np.concatenate([matches.get(actor, np.empty(0, MATCH)), new])
        newest = not len(new) or is_newer(state, int(new["time"][0]), n)
        states[actor] = step(program, state, new) if newest else fold(program, matches[actor])
    persons: dict[int, list[str]] = {}
    for actor in matches:
        number = find_person(journeys.index, actor)
        assert number is not None
        persons.setdefault(number, []).append(actor)

    history = over_history(journeys, program, [at])

    assert set(history) == set(persons)
    for number, own in persons.items():
        state = states[own[0]] if len(own) == 1 else fold(program, np.concatenate([matches[a] for a in own]))
        np.testing.assert_allclose(history[number][0], read(program, state, at), rtol=0, atol=1e-9)


@examples(40)
@given(catalogues(), happenings(), st.data())
def test_a_time_knows_what_was_received_by_then_and_nothing_later(
    catalogue: Catalogue, known: list[Happening], data: st.DataObject
) -> None:
    """Several times in one pass are each what a fold of the events that happened and had arrived gives."""
    many = len(known)
    lateness = data.draw(st.lists(st.sampled_from([0, 0, 0, 200, 900]), min_size=many, max_size=many))
    program = compile_catalogue(catalogue)
    journeys = stored(known, [("u1", None)] * many, lateness)
    at = [START_US + n * 300 * SECOND for n in range(1, 7)]
    matcher = Matcher(program)

    (history,) = over_history(journeys, program, at).values()

    for place, time in enumerate(at):
        arrived = [
            matcher.matches(event(h, number=n), n)
            for n, (h, late) in enumerate(zip(known, lateness, strict=True))
            if h[0] <= time and h[0] + late * SECOND <= time
        ]
        expected = read(program, fold(program, np.concatenate([np.empty(0, MATCH), *arrived])), time)
        np.testing.assert_allclose(history[place], expected, rtol=0, atol=1e-9)


@examples(60)
@given(catalogues(), happenings(), st.lists(WHERES, min_size=3, max_size=3), st.floats(-5, 5))
def test_profiles_are_the_same_live_and_over_history(
    catalogue: Catalogue, known: list[Happening], wheres: list[str], weight: float
) -> None:
    """Stage, points to the last bit, memberships."""
    import msgspec

    terms = (
        Term(signal="s0", weight=weight),
        Term(when=wheres[0], points=3.5),
        Term(when="stage = 'one'", points=-1.0),
    )
    catalogue = msgspec.structs.replace(
        catalogue,
        stages=(Stage(name="one", says="s", where=wheres[0]), Stage(name="two", says="s", where=wheres[1])),
        scores=(Score(name="x", says="s", terms=terms, low=-3.0),),
        segments=(
            Segment(name="a", says="s", where=wheres[2]),
            Segment(name="b", says="s", where="score.x > 0 and stage is not null"),
        ),
    )
    program = compile_catalogue(catalogue)
    journeys = stored(known, [("u1", None)] * len(known), [0] * len(known))
    prepare(journeys, [program])
    at = START_US + 2000 * SECOND
    matcher = Matcher(program)
    found = [matcher.matches(event(h, number=n), n) for n, h in enumerate(known)]
    traits: dict[str, Any] = {}
    for _, _, _, told in sorted(known, key=lambda h: h[0]):
        traits |= told

    values = read(program, fold(program, np.concatenate([np.empty(0, MATCH), *found])), at)
    live = Rules(program).profile(values, traits, at)
    alone = Rules(program).segments(values, traits, at)
    (block,) = [block for part in journeys.parts() for block in signal_blocks(part, program, [at])]
    history = HistoryRules(program).profiles(block)

    stages = [None, "one", "two"]
    assert live.stage == stages[int(history.stage[0]) + 1]
    assert live.scores[0].points == history.points[0, 0]
    assert (
        alone
        == live.segments
        == tuple(name for name, inside in zip("ab", history.members[:, 0], strict=True) if inside)
    )


def shop() -> Journeys:
    """Anna looks twice and buys, Ben looks once, Cleo is only here."""
    return log(
        [
            ("anna", "2024-01-01 10:00", "view", {"product": "x", "channel": "ads"}),
            ("anna", "2024-01-02 10:00", "view", {"product": "y"}),
            ("anna", "2024-01-02 11:00", "order", {"revenue": 20.0}),
            ("ben", "2024-01-02 12:00", "view", {"product": "x"}),
            ("cleo", "2024-01-03 00:00", "home", {}),
        ]
    )


SHOP = """
signals:
  - {name: views, kind: behavioral, says: Looks, pattern: count, of: view, half_life: 1d}
  - {name: orders, kind: transactional, says: Buys, pattern: count, of: order}
  - {name: left, kind: behavioral, says: Looked and left, pattern: without, of: view, without: order, within: 2h}
stages:
  - {name: seen, says: s, where: signal.views >= 0}
  - {name: bought, says: s, where: signal.orders >= 1}
scores:
  - {name: intent, says: s, base: 1, scale: {even_at: 11, doubles: 10}, terms: [{signal: views, weight: 10}, {when: stage = 'bought', points: -5, says: Has it}]}
segments:
  - {name: lookers, says: s, where: signal.views > 0.4 and signal.orders = 0}
"""


def test_signals_count_persons_firings_and_values() -> None:
    """Anna's first view is worth a quarter two days later, her second a half, and of Ben's the half of half a day is left."""
    found = shop().signals(catalogue=read_catalogue(SHOP), at="2024-01-03 10:00")
    views, orders, left = found.signals

    assert (found.persons_total, found.events) == (3, 5)
    assert (views.persons, views.hits, orders.persons, orders.hits) == (2, 3, 1, 1)
    assert views.max == pytest.approx(0.25 + 0.5)
    assert views.median == pytest.approx((0.75 + 0.5 ** (22 / 24)) / 2)
    assert (left.persons, left.hits) == (2, 2)  # Anna's first view, and Ben's
    assert found.persons("left").ids == tuple(
        sorted(found.persons("left").ids, key=list(found.persons("views").ids).index)
    )
    assert set(found.persons("views").ids) == {"anna", "ben"}
    with pytest.raises(BadOption, match="no signal is named"):
        found.persons("vews")


def test_means_at_another_moment_are_those_of_asking_then() -> None:
    then, now = "2024-01-01 12:00", "2024-01-03 10:00"
    catalogue, journeys = read_catalogue(SHOP), shop()
    alone = [journeys.scores(catalogue=catalogue, at=at, top=0) for at in (now, then)]

    for (at, since), (plain, compared) in zip(((now, then), (then, now)), (alone, alone[::-1]), strict=True):
        found = journeys.scores(catalogue=catalogue, at=at, since=since, top=0)
        assert [one.mean for one in found.scores] == [one.mean for one in plain.scores]
        assert [one.mean_since for one in found.scores] == [one.mean for one in compared.scores]
        assert found.persons_total == plain.persons_total
        assert found.since_us == compared.at_us
    assert all(np.isnan(one.mean_since) for one in alone[0].scores)


def test_scores_are_explained_by_their_terms() -> None:
    """Ben: 1 + 10 x 2^(-22/24); Anna: 1 + 7.5 - 5; Cleo: 1."""
    found = shop().scores(catalogue=read_catalogue(SHOP), at="2024-01-03 10:00", top=2)
    (intent,) = found.scores
    ben, anna = intent.top

    assert (ben.person, anna.person) == ("ben", "anna")
    assert ben.points == pytest.approx(1 + 10 * 2 ** (-22 / 24), abs=1e-6)
    assert ben.chance == pytest.approx(1 / (1 + 2 ** ((11 - ben.points) / 10)))
    assert [(term.says, round(term.points, 3)) for term in anna.terms] == [("Looks", 7.5), ("Has it", -5.0)]
    assert sum(band.persons for band in intent.bands) == 3
    assert set(found.persons("intent", at_least=3.0).ids) == {"anna", "ben"}
    assert found.explain("cleo")[0].points == 1.0
    with pytest.raises(UnknownPerson):
        found.explain("dora")


def test_segments_and_stages_list_exactly_whom_they_count() -> None:
    found = shop().segments(catalogue=read_catalogue(SHOP), at="2024-01-03 10:00")

    assert [(s.name, s.persons) for s in found.segments] == [("lookers", 1)]
    assert [(s.name, s.persons) for s in found.stages] == [("seen", 2), ("bought", 1)]
    assert found.persons("lookers").ids == ("ben",)
    assert found.persons(stage="bought").ids == ("anna",)


def test_a_backtest_counts_entries_goals_and_overlap() -> None:
    """Looks at noon of three days: Anna is a looker on the first, Ben enters on the second; only Anna's order can follow."""
    changed = read_catalogue(SHOP.replace("> 0.4 and signal.orders = 0", "> 0 and signal.orders = 0"))
    found = shop().backtest(
        changed,
        against=read_catalogue(SHOP),
        start="2023-12-31 12:00",
        end="2024-01-03 12:00",
        goal="order",
        within="1d",
    )
    (lookers,) = found.segments

    assert (found.looks, lookers.change, lookers.entries, lookers.persons, lookers.members) == (4, "changed", 2, 2, 1)
    assert [day.entries for day in lookers.days] == [1, 1, 0]
    assert (lookers.judged, lookers.reached, lookers.precision) == (1, 1, 1.0)
    assert lookers.overlap == 1.0
    assert set(found.persons("lookers").ids) == {"anna", "ben"}
    assert found.persons("lookers", standing="judged").ids == ("anna",)
    assert found.persons("lookers", standing="reached").ids == ("anna",)
    assert len(found.persons("lookers", standing="members")) == lookers.members
    assert set(found.persons("lookers", now=True).ids) == {"anna", "ben"}


def test_an_empty_time_and_a_trait_nobody_has_are_no_error() -> None:
    """Before the first event there is nobody; unknown traits are null for everybody."""
    catalogue = Catalogue(
        signals=(
            Count(name="a", kind="behavioral", says="a", of="nothing"),
            Trait(name="t", kind="demographic", says="t", where="nowhere = 'x'"),
        ),
        segments=(Segment(name="s", says="s", where="traits.nowhere is null"),),
    )

    assert shop().signals(catalogue=catalogue, at="2020-01-01").persons_total == 0
    assert shop().segments(catalogue=catalogue).segments[0].persons == 3


def test_the_data_folders_own_catalogue_is_found(tmp_path: Path) -> None:
    """`signals.yaml` in the folder, else the branch that fits; a missing file says what there is."""
    journeys = shop()
    assert journeys.signals().catalogue == "shop"
    (journeys.index.folder.path / "signals.yaml").write_text(SHOP)

    assert journeys.signals().catalogue == "signals.yaml"
    with pytest.raises(BadCatalogue, match="one of shop, software, streaming"):
        journeys.signals(catalogue=tmp_path / "none.yaml")


def test_a_catalogue_that_speaks_of_other_events_says_so() -> None:
    """`view` and `buy` are nothing that the shop's catalogue knows, and a page of zeros would not say why."""
    strange = log([("anna", 0, "view", {}), ("anna", 60, "buy", {})])
    known = log([("anna", 0, "Product Viewed", {})])

    for ask in ("signals", "scores", "segments"):
        assert "; the catalogue knows" in getattr(strange, ask)(catalogue="shop").note
        assert getattr(known, ask)(catalogue="shop").note == ""
