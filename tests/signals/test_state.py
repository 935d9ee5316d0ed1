"""A person's signals: what they are worth, and that stepping and folding agree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.signals import signal_oracle
from tests.signals.worlds import SECOND, START_US, catalogues, event, happenings
from tests.thoroughness import examples

from sojourn.records.errors import StaleState
from sojourn.signals.matches import Matcher
from sojourn.signals.program import compile_catalogue
from sojourn.signals.state import MATCH, State, due, fold, is_newer, read, step

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from tests.signals.signal_oracle import Happening

    from sojourn.signals.catalogue import Catalogue
    from sojourn.signals.program import Program


def matches(program: Program, known: list[Happening]) -> NDArray[np.void]:
    """All matches of one person."""
    matcher = Matcher(program)
    found = [matcher.matches(event(h, number=n), n) for n, h in enumerate(known)]
    return np.concatenate([np.empty(0, MATCH), *found])


@examples(400)
@given(catalogues(most=3), happenings(), st.integers(0, 60))
def test_every_pattern_is_worth_what_its_definition_says(
    catalogue: Catalogue, known: list[Happening], later: int
) -> None:
    """Against loops over the whole history, at any time."""
    program = compile_catalogue(catalogue)
    at = START_US + later * 40 * SECOND

    found = read(program, fold(program, matches(program, known), at), at)

    expected = [signal_oracle.value(signal, known, at) for signal in catalogue.signals]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9)


@examples(200)
@given(catalogues(), happenings())
def test_stepping_through_kept_states_is_folding_from_scratch(catalogue: Catalogue, known: list[Happening]) -> None:
    """In order of time each event steps the state that was kept as bytes; the words are the same to the bit."""
    program = compile_catalogue(catalogue)
    matcher = Matcher(program)
    order = sorted(range(len(known)), key=lambda n: (known[n][0], n))
    state = fold(program, np.empty(0, MATCH))

    for n in order:
        state = State.from_bytes(step(program, state, matcher.matches(event(known[n], number=n), n)).to_bytes())

    assert state.words.tolist() == fold(program, matches(program, known)).words.tolist()


@examples(100)
@given(catalogues(), happenings())
def test_nothing_changes_before_the_next_timer_but_by_decay(catalogue: Catalogue, known: list[Happening]) -> None:
    """Hits are the same until the time `due` names, and more at it."""
    from sojourn.signals.state import reading

    program = compile_catalogue(catalogue)
    state = fold(program, matches(program, known))
    when = due(program, state)

    if when is not None:
        before, at = reading(program, state, when - 1), reading(program, state, when)
        if when > state.time:
            assert before.hits.sum() == reading(program, state, state.time).hits.sum()
            assert at.hits.sum() > before.hits.sum()
        later = reading(program, state, when + 10**12)
        assert later.hits.sum() >= at.hits.sum()


def test_a_late_event_is_told_from_a_newest_one() -> None:
    """A late one must be folded in its place."""
    from sojourn.signals.catalogue import Catalogue, Count

    program = compile_catalogue(Catalogue(signals=(Count(name="a", kind="behavioral", says="a", of="a"),)))
    first = np.array([(10, 1, 0.0, 1, 0)], MATCH)
    late = np.array([(9, 2, 0.0, 1, 0)], MATCH)
    state = fold(program, first)

    assert is_newer(state, 10, 2)
    assert not is_newer(state, 9, 2)
    with pytest.raises(StaleState, match="before the last one"):
        step(program, state, late)
