"""`sojourn bench journeys`: each question beside the best SQL we know for it, in one run.

In: a number of events. Out: milliseconds of ours, of ClickHouse in process and of DuckDB, interleaved, warm (median
of the rounds, in each of which a question is asked once before it is timed) and cold (the first time), by the clock and
of processor time, the answers checked to be equal. Figures are ratios: machines differ, and what else runs on one delays
an answer but hardly changes the processor time it takes.
"""

from __future__ import annotations

import math
import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sojourn.analyse.results import plain
from sojourn.app.reading import read_journeys
from sojourn.bench.answers import OURS
from sojourn.bench.log import write_log
from sojourn.bench.peers import ClickHouse, DuckDb
from sojourn.store.folder import TemporaryFolder

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import RenderableType

    from sojourn.analyse.journeys import Journeys
    from sojourn.bench.peers import Peer, Rows

BUDGET = 5.0
"""Each question at 10 M events, warm: at most a fifth of ClickHouse's time."""
_RESTLESS = 1.25
"""From here on the longest of the rounds is so much longer than the shortest that the caption says so."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One question.

    Attributes:
        name: The question.
        ours_ms: Ours, warm, median of the rounds, milliseconds.
        chdb_ms: ClickHouse in process, the same.
        duckdb_ms: DuckDB, the same.
        ratio: `chdb_ms / ours_ms`: how many times faster ours is; the budget is 5 at 10 M events.
        ours_cold_ms: Ours, the first time in this process, milliseconds.
        agree: Whether all three gave the same answer.
        ours_cpu_ms: Processor time of ours, all threads together, warm, median of the rounds, milliseconds.
        chdb_cpu_ms: The same of ClickHouse.
        duckdb_cpu_ms: The same of DuckDB.
        cpu_ratio: `chdb_cpu_ms / ours_cpu_ms`: hardly moved by what else runs on the machine.
        unrest: Longest by shortest time of the rounds, of the engine where that is most; 1 on a machine at rest.
    """

    name: str
    ours_ms: float
    chdb_ms: float
    duckdb_ms: float
    ratio: float
    ours_cold_ms: float
    agree: bool
    ours_cpu_ms: float
    chdb_cpu_ms: float
    duckdb_cpu_ms: float
    cpu_ratio: float
    unrest: float


@dataclass(frozen=True, slots=True)
class JourneysBench:
    """All questions of one run.

    Attributes:
        events: Events in the log.
        persons: Persons in it.
        rounds: Interleaved rounds that were timed.
        questions: One record a question.
    """

    events: int
    persons: int
    rounds: int
    questions: tuple[Measured, ...]

    def to_dict(self) -> dict[str, Any]:
        """The same as plain dictionaries and lists."""
        return {name: plain(getattr(self, name)) for name in ("events", "persons", "rounds", "questions")}

    def __rich__(self) -> RenderableType:
        """A table of ratios."""
        from sojourn.analyse.show.style import table  # noqa: PLC0415  (only for the terminal)

        columns = ("ours", "chDB", "DuckDB", "chDB / ours", "DuckDB / ours", "of processor time", "same answer")
        made = table(
            "Journey questions", [("question", "left"), *((name, "right") for name in columns)], caption=self._caption()
        )
        for q in self.questions:
            times = (f"{q.ours_ms:.1f} ms", f"{q.chdb_ms:.0f} ms", f"{q.duckdb_ms:.0f} ms")
            ratios = (q.ratio, q.duckdb_ms / q.ours_ms, q.cpu_ratio)
            made.add_row(q.name, *times, *(f"{ratio:.1f}" for ratio in ratios), "yes" if q.agree else "NO")
        return made

    def _caption(self) -> str:
        told = f"{self.events:,} simulated events of {self.persons:,} persons; warm, median of {self.rounds} rounds."
        told += " Of processor time: chDB's by ours, all threads together."
        unrest = max((q.unrest for q in self.questions), default=1.0)
        if unrest >= _RESTLESS:
            told += (
                f" The machine was not at rest: a question's longest round took up to {unrest:.1f} times its shortest,"
                " so that the ratios of processor time say more."
            )
        return told


def bench_journeys(events: int, *, rounds: int = 5, say: Callable[[str], None]) -> JourneysBench:
    """Measure the questions.

    Args:
        events: About how many events.
        rounds: Rounds to time after the first; the engines take turns in each.
        say: Told what is being done.
    """
    place = TemporaryFolder()
    log = place.path / "log.parquet"
    say(f"writing {events:,} simulated events")
    write_log(log, events)
    say("importing")
    journeys = read_journeys([log], data=place.path / "data", person="person", time="time", event="event")
    say("loading chDB")
    peers: list[Peer] = [ClickHouse(log, place.path)]
    say("loading DuckDB")
    peers.append(DuckDb(log, place.path))
    measured = []
    for name, ask in OURS.items():
        say(name)
        measured.append(_measure(name, ask, journeys, peers, rounds))
    held = journeys.index.manifest
    return JourneysBench(held.rows, held.persons, rounds, tuple(measured))


def _measure(
    name: str, ask: Callable[[Journeys], Rows], journeys: Journeys, peers: list[Peer], rounds: int
) -> Measured:
    asks: list[Callable[[], Rows]] = [lambda: ask(journeys), *(lambda peer=peer: peer.ask(name) for peer in peers)]
    first = [_timed(one) for one in asks]
    # Asked twice in a row: what lies in the processor's caches is then each one's own, not what the one before left.
    taken = [[(_timed(one), _timed(one))[1] for one in asks] for _ in range(rounds)]
    clock = [[one.clock_ms for one in column] for column in zip(*taken, strict=True)]
    ours, chdb, duckdb = map(statistics.median, clock)
    ours_cpu, chdb_cpu, duckdb_cpu = (
        statistics.median(one.cpu_ms for one in column) for column in zip(*taken, strict=True)
    )
    return Measured(
        name=name,
        ours_ms=ours,
        chdb_ms=chdb,
        duckdb_ms=duckdb,
        ratio=chdb / ours,
        ours_cold_ms=first[0].clock_ms,
        agree=all(_same(first[0].rows, other.rows) for other in first[1:]),
        ours_cpu_ms=ours_cpu,
        chdb_cpu_ms=chdb_cpu,
        duckdb_cpu_ms=duckdb_cpu,
        cpu_ratio=chdb_cpu / ours_cpu if ours_cpu else math.nan,
        unrest=max(max(times) / min(times) for times in clock),
    )


@dataclass(frozen=True, slots=True)
class _Timed:
    clock_ms: float
    cpu_ms: float
    rows: Rows


def _timed(ask: Callable[[], Rows]) -> _Timed:
    """Ask; every engine works in threads of this process, so that its processor time is theirs."""
    began, worked = time.perf_counter(), time.process_time()
    rows = ask()
    return _Timed((time.perf_counter() - began) * 1000, (time.process_time() - worked) * 1000, rows)


def _same(ours: Rows, theirs: Rows) -> bool:
    """Whether two answers are equal, numbers to a millionth."""
    if len(ours) != len(theirs):
        return False
    return all(
        len(a) == len(b) and all(_equal(x, y) for x, y in zip(a, b, strict=True))
        for a, b in zip(ours, theirs, strict=True)
    )


def _equal(one: Any, other: Any) -> bool:  # noqa: ANN401  (a number or a text)
    if isinstance(one, str) or isinstance(other, str):
        return str(one) == str(other)
    return math.isclose(float(one), float(other), rel_tol=1e-6, abs_tol=1e-6)
