"""`sojourn bench journeys`: each question beside the best SQL we know for it, in one run.

In: a number of events. Out: milliseconds of ours, of ClickHouse in process and of DuckDB, interleaved, warm (median
of the rounds, in each of which a question is asked once before it is timed) and cold (the first time), the answers checked to be equal. Figures are ratios: machines differ.
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
    """

    name: str
    ours_ms: float
    chdb_ms: float
    duckdb_ms: float
    ratio: float
    ours_cold_ms: float
    agree: bool


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

        caption = f"{self.events:,} simulated events of {self.persons:,} persons; warm, median of {self.rounds} rounds."
        columns = [
            ("question", "left"),
            ("ours", "right"),
            ("chDB", "right"),
            ("DuckDB", "right"),
            ("chDB / ours", "right"),
        ]
        made = table(
            "Journey questions", [*columns, ("DuckDB / ours", "right"), ("same answer", "left")], caption=caption
        )
        for q in self.questions:
            times = (f"{q.ours_ms:.1f} ms", f"{q.chdb_ms:.0f} ms", f"{q.duckdb_ms:.0f} ms")
            made.add_row(q.name, *times, f"{q.ratio:.1f}", f"{q.duckdb_ms / q.ours_ms:.1f}", "yes" if q.agree else "NO")
        return made


def bench_journeys(events: int, *, rounds: int = 3, say: Callable[[str], None]) -> JourneysBench:
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
    taken = [[(_timed(one), _timed(one))[1][0] for one in asks] for _ in range(rounds)]
    ours, chdb, duckdb = (statistics.median(column) for column in zip(*taken, strict=True))
    agree = all(_same(first[0][1], other) for _, other in first[1:])
    return Measured(name, ours, chdb, duckdb, chdb / ours, first[0][0], agree)


def _timed(ask: Callable[[], Rows]) -> tuple[float, Rows]:
    began = time.perf_counter()
    rows = ask()
    return (time.perf_counter() - began) * 1000, rows


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
