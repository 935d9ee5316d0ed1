"""Kills at random moments, each followed by a power cut: nothing acknowledged is lost, nothing is there twice.

`pytest tests/store/test_crash.py -m long -s` prints how many kills hit which phase.
"""

from __future__ import annotations

import csv
import multiprocessing
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pytest
from deltalake import DeltaTable

from sojourn.app.importing import ImportResult, import_files
from sojourn.records.errors import NotADataFolder, UnknownPerson
from sojourn.store.columns import NumberColumn
from sojourn.store.erasure import erase
from sojourn.store.events import EventsTable
from sojourn.store.folder import open_folder
from sojourn.store.index import open_index
from sojourn.store.quarantine import count_rejected
from tests.store.doomed import MAPPING, Task, run
from tests.store.everything import mentions
from tests.store.power import Journal, cut

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerContext
    from pathlib import Path

ROWS, BAD, PERSONS = 1200, 7, 40
KILLS_A_SEED = 9
_MOST_ROUNDS = 8


@pytest.fixture(scope="module")
def server() -> ForkServerContext:
    """Makes processes that have everything loaded."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.store.doomed"])
    return context


@dataclass
class Life:
    """One data folder through kills and power cuts, and what it must hold.

    Attributes:
        root: Where the folder, the files and the journal are.
        server: Makes the processes to kill.
        chance: The seeded generator that decides everything.
        at_a_step: Share of kills at a chosen step, where a window is too short to be hit by time; the others are by time.
        whole: Rows that were acknowledged.
        bad: Rejected rows that were acknowledged.
        rehearsed: Whether processes are killed yet.
        steps: How many steps each action took, as far as known.
        hit: Kills by phase.
        done: What the power cuts did.
    """

    root: Path
    server: ForkServerContext
    chance: random.Random
    at_a_step: float = 0.7
    whole: set[int] = field(default_factory=set)
    bad: int = 0
    rehearsed: bool = False
    steps: dict[str, int] = field(default_factory=dict)
    hit: Counter[str] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)

    @property
    def data(self) -> Path:
        return self.root / "data"

    def dies(self, action: str, of: str = "") -> bool:
        """Let a process do something and kill it on the way, then cut the power; whether it got to the end before."""
        journal = Journal(self.root / "journal")
        journal.begin(self.data)
        dies_at = None
        if self.steps.get(action) and self.chance.random() < self.at_a_step:
            dies_at = self.chance.randint(1, self.steps[action])
        ours, theirs = multiprocessing.Pipe()
        task = Task(action, of, self.data, journal.path, dies_at)
        process = self.server.Process(target=run, args=(task, theirs))
        process.start()
        theirs.close()
        if dies_at is None and self.rehearsed:
            _wait_for_phase(journal)
            time.sleep(self.chance.random() * 1.2)
            process.kill()
        process.join(60)
        assert process.exitcode in (0, -9)
        acknowledged = _received(ours, self.steps, action)
        if not acknowledged:
            damage = cut(self.data, journal, self.chance)
            self.hit[damage.phase] += 1
            self.done += damage.done
        return acknowledged

    def held(self) -> list[int]:
        """The number in each event that readers see, from index and table; both must agree."""
        try:
            folder = open_folder(self.data)
            index = open_index(folder)
        except NotADataFolder:
            assert not self.whole
            return []
        column = index.column("n")
        assert all(isinstance(part, NumberColumn) for part in column)
        indexed = np.sort(np.concatenate([part.values for part in column if isinstance(part, NumberColumn)]))
        table = EventsTable(folder.events)
        groups = [group["p_n"].to_numpy() for group in table.scan(table.read(), ["p_n"])]
        assert np.array_equal(indexed, np.sort(np.concatenate(groups)))
        return [int(n) for n in indexed]

    def linked(self) -> dict[str, str]:
        """The table of persons, as an engine outside reads it."""
        rows = DeltaTable(str(open_folder(self.data).persons)).to_pyarrow_table().to_pylist()
        assert len({row["actor"] for row in rows}) == len(rows)
        return {row["id"]: row["person_id"] for row in rows if row["kind"] == "anonymous"}

    def import_(self, file: str) -> ImportResult:
        """Import without being killed."""
        return import_files([self.root / file], self.data, MAPPING)


def _wait_for_phase(journal: Journal) -> None:
    """Wait until the process has begun, so that the kill does not hit its start."""
    until = time.monotonic() + 30
    while time.monotonic() < until and not any("phase" in line for line in journal.read()):
        time.sleep(0.01)


def _received(pipe: object, steps: dict[str, int], action: str) -> bool:
    try:
        steps[action] = pipe.recv()  # type: ignore[attr-defined]  # a pipe's end has no public type
    except EOFError:
        return False
    return True


def ids(n: int) -> tuple[str, str]:
    """User and device of a row; every hundred rows there is a new device.

    Names long enough not to stand by chance in the bytes of a number.
    """
    return f"walker{n % PERSONS}", f"d{n % PERSONS}" if n % 100 else f"d{n % PERSONS}-{n}"


def write_log(path: Path, first: int, last: int) -> None:
    """Rows `first` to `last`, each with its number; every now and then one without a person, which is rejected."""
    with path.open("w") as file:
        out = csv.writer(file)
        out.writerow(["user", "device", "time", "event", "n", "channel"])
        for n in range(first, last):
            out.writerow([*ids(n), 1_704_067_200 + n, "view", n, f"c{n % 7}"])
        for n in range(BAD):
            out.writerow(["", "", 1_704_067_200 + n, "view", first + n, "bad"])


def import_under_fire(life: Life, first: int) -> None:
    """Import a file and its longer version, killed once each, and complete them."""
    middle, last = first + ROWS, first + ROWS + ROWS // 2
    for end in (middle, last):
        name = f"log-{first}-{end}.csv"
        write_log(life.root / name, first, end)
        before, after = life.whole, life.whole | set(range(first, end))
        acknowledged = life.dies("import", name)
        held = life.held()
        # All of it or nothing of it, and everything that was acknowledged, once.
        assert held in ([sorted(after)] if acknowledged else [sorted(before), sorted(after)])
        again = life.import_(name)
        assert again.read == again.imported + again.duplicates + again.rejected
        assert (again.read, again.rejected) == (end - first + BAD, BAD)
        assert again.imported == len(after) - len(held)
        life.whole = after
        assert life.held() == sorted(after)
        assert life.linked() == dict(ids(n)[::-1] for n in after)
    life.bad += BAD
    assert sum(count_rejected(open_folder(life.data)).values()) == life.bad


def other_work_under_fire(life: Life, action: str, of: str = "") -> None:
    """Compaction, index and columns: whatever became of them, the answer is the same."""
    life.dies(action, of)
    assert life.held() == sorted(life.whole)


def report(life: Life, capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        print(f"\n{life.hit.total()} kills, by phase: {dict(life.hit.most_common())}")  # noqa: T201  (what was hit belongs to the result)
        print(f"power cuts: {dict(life.done)}")  # noqa: T201  (what was hit belongs to the result)


def lives(life: Life, rounds: int) -> None:
    for _ in range(rounds):
        import_under_fire(life, len(life.whole))
        other_work_under_fire(life, "compact")
        other_work_under_fire(life, "index")
        other_work_under_fire(life, "column", life.chance.choice(["channel", "n", "user_id"]))


@pytest.fixture
def life(tmp_path: Path, server: ForkServerContext, request: pytest.FixtureRequest) -> Life:
    seed = getattr(request, "param", 0)
    made = Life(tmp_path, server, random.Random(seed))
    # How many steps each action has, for the kills at a step; the folder is then made anew.
    write_log(tmp_path / "short.csv", 0, 300)
    rehearse(made)
    return made


def rehearse(life: Life) -> None:
    """Do each action to its end once, to know its steps, in a folder that is then thrown away."""
    import shutil

    journal = Journal(life.root / "journal")
    for action, of in (("import", "short.csv"), ("compact", ""), ("index", ""), ("column", "channel")):
        journal.begin(life.data)
        assert life.dies(action, of)
    shutil.rmtree(life.data)
    life.rehearsed = True


@pytest.mark.long
def test_a_few_kills_with_power_cuts_lose_nothing_and_double_nothing(
    life: Life, capsys: pytest.CaptureFixture[str]
) -> None:
    life.at_a_step = 1.0
    while life.hit.total() < 6:
        lives(life, 1)

    report(life, capsys)


@pytest.mark.long
@pytest.mark.parametrize("life", range(6), indirect=True)
def test_many_kills_with_power_cuts_lose_nothing_and_double_nothing(
    life: Life, capsys: pytest.CaptureFixture[str]
) -> None:
    """9 kills or more for each of 6 seeds, 54 in all; a process that was done before its kill does not count."""
    for _ in range(_MOST_ROUNDS):
        if life.hit.total() < KILLS_A_SEED:
            lives(life, 1)

    report(life, capsys)
    assert life.hit.total() >= KILLS_A_SEED


@pytest.mark.long
@pytest.mark.parametrize("life", range(100, 104), indirect=True)
def test_an_erasure_that_is_killed_can_be_done_again_and_touches_nobody_else(
    life: Life, capsys: pytest.CaptureFixture[str]
) -> None:
    write_log(life.root / "log.csv", 0, 2000)
    life.import_("log.csv")
    everyone = set(range(2000))
    life.steps["erase"] = 60
    for person in ("walker3", "walker11", "walker25"):
        theirs = {n for n in everyone if n % PERSONS == int(person.removeprefix("walker"))}
        acknowledged = life.dies("erase", person)
        assert life.held() in (
            [sorted(everyone - theirs)] if acknowledged else [sorted(everyone), sorted(everyone - theirs)]
        )
        folder = open_folder(life.data)
        with folder.writing():
            try:
                erase(folder, person)
            except UnknownPerson:
                # The first erasure got as far as the commit; what it had not yet deleted is deleted now.
                assert life.held() == sorted(everyone - theirs)
        everyone -= theirs
        assert life.held() == sorted(everyone)
        assert life.linked() == dict(ids(n)[::-1] for n in everyone)
        assert not mentions(life.data, person)
        life.import_("log.csv")
        assert life.held() == sorted(everyone)

    report(life, capsys)
