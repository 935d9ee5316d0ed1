from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sojourn.app.effects import SESSION_GAP_US, FoldRules, effects
from sojourn.app.live_profile import ProfileReader
from sojourn.records.errors import UnknownPerson
from sojourn.records.event import Event, arrived
from sojourn.signals.catalogue import Catalogue, Count, Score, Segment, Stage, Term
from sojourn.signals.program import compile_catalogue
from sojourn.store.folder import create_folder
from sojourn.store.state import WORKER, State

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sojourn.app.live_profile import LiveProfile

SECOND = 1_000_000
RULES = FoldRules(
    bytes(32),
    compile_catalogue(
        Catalogue(
            signals=(Count(name="views", kind="behavioral", says="Looks at things", of="view", half_life="1h"),),
            stages=(Stage(name="interest", says="interested", where="signal.views > 0"),),
            scores=(Score(name="intent", says="wants it", base=1.0, terms=(Term(signal="views", weight=10.0),)),),
            segments=(Segment(name="keen", says="keen", where="score.intent >= 11 and plan = 'pro'"),),
        )
    ),
)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    with State(create_folder(tmp_path / "data")) as opened:
        events = [
            Event("s", "1", "track", "view", 10 * SECOND, 10 * SECOND, anonymous_id="d1"),
            Event(
                "s", "2", "identify", "Identified", 20 * SECOND, 20 * SECOND, user_id="anna", anonymous_id="d1",
                external_ids=(("email", "Anna@Example.org"),), traits='{"plan":"pro"}',
                context='{"consent":{"categoryPreferences":{"marketing":false}}}',
            ),
        ]  # fmt: skip
        batch = [arrived(n, one) for n, one in enumerate(events)]
        opened.write(effects(batch, opened, RULES), cursors={WORKER: 1})
        yield opened


def read(state: State, identifier: str, at_s: int = 20) -> LiveProfile:
    return ProfileReader(state, RULES).profile(identifier, at_us=at_s * SECOND)


def test_a_person_is_found_by_any_of_its_identifiers(state: State) -> None:
    for identifier in ("anna", "d1", "anna@example.org", "Anna@example.org"):
        assert read(state, identifier).person == "anna"
        assert [one.value for one in read(state, identifier).identities] == ["anna", "d1"]


def test_whom_nobody_knows_is_said_to_be_unknown(state: State) -> None:
    with pytest.raises(UnknownPerson, match="'ghost'"):
        read(state, "ghost")


def test_traits_consent_and_counts_are_those_of_all_identifiers(state: State) -> None:
    anna = read(state, "anna")

    assert (anna.traits, anna.consent) == ({"plan": "pro"}, {"marketing": False})
    assert (anna.events, anna.event_counts) == (2, {"Identified": 1, "view": 1})


def test_signals_have_decayed_to_the_moment_that_is_asked_for(state: State) -> None:
    views = {one.name: one.value for one in read(state, "anna", at_s=3610).signals}

    assert views["views"] == pytest.approx(0.5)


def test_a_score_is_its_base_and_its_terms(state: State) -> None:
    (intent,) = read(state, "anna", at_s=3610).scores

    assert (intent.points, [(term.says, term.points) for term in intent.terms]) == (6.0, [("Looks at things", 5.0)])


def test_segments_and_stage_follow_from_scores_signals_and_traits(state: State) -> None:
    soon, late = read(state, "anna"), read(state, "anna", at_s=100 * 3600)

    assert soon.stage == "interest"
    # 1 + 10 points would be 11 at the moment of the view; ten seconds later a little is gone.
    assert soon.segments == ()
    assert late.scores[0].points == pytest.approx(1.0, abs=1e-6)


def test_a_session_is_open_until_its_silence_is_as_long_as_the_gap(state: State) -> None:
    gap_s = SESSION_GAP_US // SECOND
    just, over = read(state, "anna", at_s=20 + gap_s - 1).session, read(state, "anna", at_s=20 + gap_s).session

    assert just is not None
    assert over is not None
    assert (just.events, just.open, over.open) == (2, True, False)
