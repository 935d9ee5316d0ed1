"""Collectors, an import and a keeper killed at random moments, and a power cut: nothing is lost, nothing is there twice.

`pytest tests/store/test_log_crash.py -m long -s` prints how many kills hit which phase.
"""

from __future__ import annotations

import multiprocessing
import random
import time
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from sojourn.store.events import EventsTable
from sojourn.store.folder import create_folder
from sojourn.store.index import open_index
from sojourn.store.log import Log
from sojourn.store.tail import read_version
from tests.store.log_doomed import Doom, numbered, run
from tests.store.power import Journal, cut

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerContext
    from pathlib import Path

    from sojourn.store.folder import Folder

ROUNDS = 9
_ACTIONS = ("collect", "collect", "keep", "import")
_APART = 1_000_000


@pytest.fixture(scope="module")
def server() -> ForkServerContext:
    """Makes processes that have everything loaded."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.store.log_doomed"])
    return context


def acknowledged(path: Path) -> set[int]:
    return {int(line) for line in path.read_text().splitlines()} if path.exists() else set()


def held(folder: Folder) -> Counter[int]:
    """How often each number is there, table and tail together."""
    found: Counter[int] = Counter()
    for group in EventsTable(folder.events).scan(read_version(folder), ["message_id"]):
        found.update(int(name.removeprefix("m")) for name in group["message_id"].to_pylist())
    return found


def check(folder: Folder, wanted: set[int]) -> None:
    """Every acknowledged event is there, and every event once, whoever is asked."""
    found = held(folder)
    assert max(found.values(), default=1) == 1, "an event is there twice"
    assert wanted <= set(found), "an acknowledged event was lost"
    assert open_index(folder).manifest.rows == found.total()
    log = Log(folder)
    assert not any(log.append([numbered(n) for n in sorted(wanted)]).fresh), "an event could come in again"
    seqs = [
        seq
        for group in EventsTable(folder.events).scan(read_version(folder), ["seq"])
        for seq in group["seq"].to_pylist()
    ]
    assert len(set(seqs)) == len(seqs), "a place was given twice"


@pytest.mark.long
@pytest.mark.parametrize("seed", range(3))
def test_killed_collectors_imports_and_keepers_lose_nothing_and_double_nothing(
    tmp_path: Path, server: ForkServerContext, capsys: pytest.CaptureFixture[str], seed: int
) -> None:
    """36 kills for each of three seeds: two collectors, an import and a keeper, nine times."""
    chance = random.Random(seed)
    folder, journal = create_folder(tmp_path / "data"), Journal(tmp_path / "journal")
    told, hit, done = tmp_path / "acknowledged", Counter[str](), Counter[str]()
    Log(folder, now=lambda: 1_704_067_200.0)
    for number in range(ROUNDS):
        journal.begin(folder.path)
        known = max((n % _APART for n in acknowledged(told)), default=0)
        dooms = [
            Doom(
                action, folder.path, journal.path, told, first=number * 10_000 + place * 2_000, known=known,
                day=number * 6.0, seed=chance.randrange(1 << 30),
            )
            for place, action in enumerate(_ACTIONS)
        ]  # fmt: skip
        processes = [server.Process(target=run, args=(doom,)) for doom in dooms]
        for process in processes:
            process.start()
        before = len(acknowledged(told))
        until = time.monotonic() + 20
        while len(acknowledged(told)) < before + 40 and time.monotonic() < until:
            time.sleep(0.02)
        for process in chance.sample(processes, len(processes)):
            time.sleep(chance.random() * 0.4)
            process.kill()
        for process in processes:
            process.join(60)
        assert [process.exitcode for process in processes] == [-9] * len(processes)
        phases = [line["phase"] for line in journal.read() if "phase" in line]
        hit.update(phases[-len(processes) :])
        done += cut(folder.path, journal, chance).done
        check(folder, acknowledged(told))
    with capsys.disabled():
        print(  # noqa: T201  (what was hit belongs to the result)
            f"\n{ROUNDS * len(_ACTIONS)} kills, {len(acknowledged(told)):,} events acknowledged, log of {len(Log(folder).days())} days;"
            f" last phases: {dict(hit.most_common())}; power cuts: {dict(done)}"
        )
