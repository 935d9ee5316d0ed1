"""Events expire from a folder with a live state: it is then what a new state of the same folder is, and what history says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.flow.test_live_is_history import MINUTE, PROGRAM, ROWS, START, event, same
from tests.store.rows import passing_folder
from tests.thoroughness import examples

from sojourn.app.effects import FoldRules
from sojourn.app.worker import Worker
from sojourn.records.errors import NotADataFolder
from sojourn.store.expiry import expire
from sojourn.store.index import open_index
from sojourn.store.log import Log
from sojourn.store.state import STATE_FILE, State

if TYPE_CHECKING:
    from sojourn.store.folder import Folder

LOWEST = -(1 << 63)


def everything(state: State) -> Any:
    """What a state holds, matches in the order of their actors."""
    persons = state.persons(LOWEST - 1, most=1_000)
    actors = {one.record.actor: one for kept in state.actors_of(persons).values() for one in kept}
    matches = {
        actor: sorted(data[at : at + 36] for at in range(0, len(data), 36))
        for actor, data in state.matches(actors).items()
    }
    links = {
        tuple(row) for row in zip(*(column.tolist() for column in state.links(actors).columns().values()), strict=True)
    }
    return actors, matches, links, state.segments(persons), len(persons)


def check(state: State, folder: Folder, log: Log, rules: FoldRules) -> None:
    found = everything(state)
    try:
        open_index(folder)
    except NotADataFolder:
        assert found == ({}, {}, set(), {}, 0)
        return
    same(state, folder, rules)
    (folder.path / STATE_FILE).rename(folder.path / "before.sqlite")
    with State(folder) as again:
        Worker(folder, log, again, rules).catch_up()
        assert found == everything(again)
    (folder.path / "before.sqlite").rename(folder.path / STATE_FILE)


@pytest.mark.long
@examples(32)
@given(ROWS, st.integers(0, 25), st.lists(st.integers(0, 240), min_size=1, max_size=2))
def test_a_state_that_followed_the_limit_is_as_if_the_expired_events_had_never_come(
    rows: list[Any], taken: int, limits: list[int]
) -> None:
    """Some of the events come after it, an old one among them."""
    arriving = sorted((event(n, row) for n, row in enumerate(rows)), key=lambda one: one.received_at)
    with passing_folder() as folder, State(folder) as state:
        log, rules = Log(folder), FoldRules(folder.secret, PROGRAM)
        worker = Worker(folder, log, state, rules)
        for before, some in zip(limits, (arriving[:taken], arriving[taken:]), strict=False):
            log.append(some)
            worker.catch_up()
            with folder.writing():
                expire(folder, START + before * MINUTE)
            worker.catch_up()
            check(state, folder, log, rules)
