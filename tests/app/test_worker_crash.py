"""The worker killed at random moments beside collectors, an import and a keeper, with power cuts: every event counts once.

`pytest tests/app/test_worker_crash.py -m long -s` prints how many kills hit which phase.
"""

from __future__ import annotations

import multiprocessing
import random
import time
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.app.worker_doomed import PROGRAM, rules, run
from tests.store.log_doomed import Doom
from tests.store.power import Journal, cut
from tests.store.test_log_crash import acknowledged, check

from sojourn.app.worker import Worker
from sojourn.signals.state import MATCH, fold, read
from sojourn.signals.state import State as Signals
from sojourn.store.events import EventsTable
from sojourn.store.folder import create_folder
from sojourn.store.log import Log
from sojourn.store.state import State
from sojourn.store.stored_events import stored_events
from sojourn.store.tail import read_version

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerContext
    from pathlib import Path

    from sojourn.store.folder import Folder

ROUNDS = 8
_ACTIONS = ("collect", "keep", "import", "work", "work again")
_APART = 1_000_000


@pytest.fixture(scope="module")
def server() -> ForkServerContext:
    """Makes processes that have everything loaded."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.app.worker_doomed"])
    return context


def check_state(folder: Folder) -> int:
    """The state holds every event of table and tail once; returns how many."""
    with folder.alone("worker"), State(folder) as state:
        Worker(folder, Log(folder), state, rules(folder)).catch_up()
        events = stored_events(read_version(folder), -1, 1 << 60)
        ruled = rules(folder)
        sent = Counter(one.event.user_id or one.event.anonymous_id for one in events)
        kept = [one.record for found in state.actors_of(_persons(state)).values() for one in found]
        assert {record.value: record.events for record in kept} == dict(sent), "an event counted twice or not at all"
        for person, held in state.profiles(_persons(state)).items():
            actors = {record.actor for record in kept if _person(state, record.actor) == person}
            mine = [
                ruled.matcher.matches(one.event, one.seq)
                for one in events
                if any(
                    record.actor in actors and record.value == (one.event.user_id or one.event.anonymous_id)
                    for record in kept
                )
            ]
            expected = fold(PROGRAM, np.concatenate(mine) if mine else np.empty(0, MATCH))
            at = expected.time + 1
            np.testing.assert_allclose(
                read(PROGRAM, Signals.from_bytes(held), at), read(PROGRAM, expected, at), atol=1e-9
            )
        return len(events)


def _persons(state: State) -> list[int]:
    return [row[0] for row in state._connection.execute("select distinct person from actors")]


def _person(state: State, actor: int) -> int:
    return state.actors([actor])[actor].person


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2))
def test_a_killed_worker_counts_every_event_once(
    tmp_path: Path, server: ForkServerContext, capsys: pytest.CaptureFixture[str], seed: int
) -> None:
    """40 kills for each of two seeds: a collector, a keeper, an import, and the worker twice, eight times."""
    chance = random.Random(seed)
    folder, journal = create_folder(tmp_path / "data"), Journal(tmp_path / "journal")
    told, hit, done, events = tmp_path / "acknowledged", Counter[str](), Counter[str](), 0
    Log(folder, now=lambda: 1_704_067_200.0)
    for number in range(ROUNDS):
        journal.begin(folder.path)
        known = max((n % _APART for n in acknowledged(told)), default=0)
        dooms = [
            Doom(
                action, folder.path, journal.path, told, first=number * 10_000 + place * 2_000, known=known,
                day=number * 6.0, seed=chance.randrange(1 << 30),
            )
            for place, action in enumerate(_ACTIONS[:-1])
        ]  # fmt: skip
        processes = [server.Process(target=run, args=(doom,)) for doom in dooms]
        for process in processes:
            process.start()
        before = len(acknowledged(told))
        until = time.monotonic() + 20
        while len(acknowledged(told)) < before + 30 and time.monotonic() < until:
            time.sleep(0.02)
        # The worker is killed first, and its successor with the others.
        processes[-1].kill()
        processes[-1].join(60)
        processes.append(server.Process(target=run, args=(dooms[-1],)))
        processes[-1].start()
        time.sleep(0.3 + chance.random())
        for process in chance.sample(processes, len(processes)):
            time.sleep(chance.random() * 0.3)
            process.kill()
        for process in processes:
            process.join(60)
        assert [process.exitcode for process in processes] == [-9] * len(processes)
        hit.update([line["phase"] for line in journal.read() if "phase" in line][-len(processes) :])
        done += cut(folder.path, journal, chance).done
        check(folder, acknowledged(told))
        events = check_state(folder)
    assert events >= len(acknowledged(told))
    with capsys.disabled():
        print(  # noqa: T201  (what was hit belongs to the result)
            f"\n{ROUNDS * len(_ACTIONS)} kills, {len(acknowledged(told)):,} events acknowledged;"
            f" last phases: {dict(hit.most_common())}; power cuts: {dict(done)}"
        )
    assert EventsTable(folder.events).read().rows
