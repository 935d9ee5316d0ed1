"""`sojourn bench signals`: the pass of twenty signals, every pattern among them, over history.

In: a number of events. Out: events a second on one core, by the clock and by the processor's time, which other work on the machine
does not lengthen. The pass is what `sojourn signals` does: feeds of every part, the fold of every person, the values at the end.
"""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sojourn.analyse.results import plain
from sojourn.analyse.signal_feeds import feeds_of
from sojourn.analyse.signal_pass import last_moment, signal_blocks
from sojourn.analyse.signal_question import prepare
from sojourn.app.reading import read_journeys
from sojourn.bench.log import write_log
from sojourn.signals.catalogue_file import read_catalogue
from sojourn.signals.program import compile_catalogue
from sojourn.store.folder import TemporaryFolder

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import RenderableType

    from sojourn.analyse.journeys import Journeys
    from sojourn.signals.program import Program

BUDGET = 10e6
"""Events a second and core."""

CATALOGUE = """
signals:
  - {name: visits, kind: behavioral, says: s, pattern: return, after: 30m, half_life: 14d, cap: 20}
  - {name: product_views, kind: behavioral, says: s, pattern: count, of: Product Viewed, half_life: 3d, cap: 30}
  - {name: searches, kind: behavioral, says: s, pattern: count, of: Products Searched, half_life: 3d, cap: 10}
  - {name: again, kind: behavioral, says: s, pattern: repeat_without, of: Product Viewed, times: 2, without: Order Completed, same: product, within: 14d, half_life: 5d, cap: 5}
  - {name: comparison, kind: behavioral, says: s, pattern: repeat_without, of: Product Viewed, times: 3, without: [Product Added, Order Completed], within: 2d, half_life: 3d, cap: 5}
  - {name: products, kind: behavioral, says: s, pattern: distinct, of: Product Viewed, property: product, half_life: 7d, cap: 20}
  - {name: pricing, kind: behavioral, says: s, pattern: count, of: {event: Page Viewed, where: "url like '%7'"}, half_life: 7d, cap: 5}
  - {name: cart_abandoned, kind: behavioral, says: s, pattern: without, of: Product Added, without: Order Completed, within: 1h, half_life: 7d, cap: 3, until: Order Completed}
  - {name: product_left, kind: behavioral, says: s, pattern: without, of: Product Added, without: Order Completed, within: 1d, same: product, half_life: 7d, cap: 3}
  - {name: hesitation, kind: behavioral, says: s, pattern: dwell, of: [Cart Viewed, Checkout Started], longer_than: 1m, at_most: 20m, half_life: 3d, cap: 5}
  - {name: in_one_go, kind: behavioral, says: s, pattern: sequence, steps: [Product Viewed, Product Added, Checkout Started], within: 1h, half_life: 3d, cap: 3}
  - {name: burst, kind: behavioral, says: s, pattern: burst, of: Product Viewed, times: 3, within: 2m, half_life: 2d, cap: 5}
  - {name: orders, kind: transactional, says: s, pattern: count, of: Order Completed}
  - {name: spent, kind: transactional, says: s, pattern: sum, of: Order Completed, property: revenue}
  - {name: bought_lately, kind: transactional, says: s, pattern: recency, of: Order Completed, half_life: 30d}
  - {name: first_order, kind: transactional, says: s, pattern: first, of: Order Completed, half_life: 14d}
  - {name: pro, kind: demographic, says: s, pattern: trait, where: "plan = 'pro'"}
  - {name: on_mobile, kind: contextual, says: s, pattern: context, where: "device = 'mobile'", of: Page Viewed}
  - {name: evening, kind: contextual, says: s, pattern: context, where: time.hour >= 18, of: Product Viewed}
  - {name: campaign, kind: contextual, says: s, pattern: context, where: "channel in ('paid_search', 'display')", of: Checkout Started, half_life: 3d}
"""
"""Twenty signals over the events of `bench.log`."""


@dataclass(frozen=True, slots=True)
class SignalsBench:
    """The pass over one log.

    Attributes:
        events: Events in the log.
        persons: Persons in it.
        signals: Signals read.
        matches: Matches a hundred events: how much there was to do.
        rounds: Rounds that were timed.
        wall_s: One pass on one thread by the clock, median of the rounds, seconds.
        cpu_s: The same in the processor's time, kernel included.
        feeds_s: Of `cpu_s`, finding which rows reach which signals' columns, before any person is folded.
        events_s_wall: Events a second by the clock.
        events_s: Events a second and core, in the processor's time; the budget is 10 million.
        budget: The budget.
    """

    events: int
    persons: int
    signals: int
    matches: float
    rounds: int
    wall_s: float
    cpu_s: float
    feeds_s: float
    events_s_wall: float
    events_s: float
    budget: float

    def to_dict(self) -> dict[str, Any]:
        """The same as plain values."""
        return dict(plain(self))

    def __rich__(self) -> RenderableType:
        """One column of figures."""
        from sojourn.analyse.show.style import table  # noqa: PLC0415  (only for the terminal)
        from sojourn.analyse.show.words import count  # noqa: PLC0415  (only for the terminal)

        made = table("Signals over history, one core", [("", "left"), ("", "right")])
        made.show_header = False
        for name, value in (
            ("events", count(self.events)), ("persons", count(self.persons)), ("signals", count(self.signals)),
            ("matches a hundred events", f"{self.matches:.0f}"),
            ("a pass, clock", f"{self.wall_s * 1000:,.0f} ms"), ("a pass, processor", f"{self.cpu_s * 1000:,.0f} ms"),
            ("of it columns and conditions", f"{self.feeds_s * 1000:,.0f} ms"),
            ("events a second, clock", count(self.events_s_wall)), ("events a second, processor", count(self.events_s)),
            ("budget", count(self.budget)),
        ):  # fmt: skip
            made.add_row(name, value)
        return made


def bench_signals(events: int, *, rounds: int = 5, say: Callable[[str], None]) -> SignalsBench:
    """Measure the pass.

    Args:
        events: About how many events.
        rounds: Passes that are timed, after one that is not.
        say: Told what is going on.
    """
    place = TemporaryFolder()
    log = place.path / "log.parquet"
    say("writing the log")
    write_log(log, events)
    say("importing it")
    journeys = read_journeys([log], data=place.path / "data", person="person", time="time", event="event")
    program = compile_catalogue(read_catalogue(CATALOGUE))
    prepare(journeys, [program])
    say("reading the signals")
    return _measured(journeys, program, rounds)


def _measured(journeys: Journeys, program: Program, rounds: int) -> SignalsBench:
    parts = journeys.parts()
    at = last_moment(journeys)
    walls, cpus, feeds = [], [], []
    hits = 0
    for number in range(rounds + 1):
        wall, cpu, of_feeds, hits = time.perf_counter(), time.thread_time(), 0.0, 0
        for part in parts:
            hits += sum(int(block.hits.sum()) for block in signal_blocks(part, program, [at]))
        wall, cpu = time.perf_counter() - wall, time.thread_time() - cpu
        for part in parts:
            began = time.thread_time()
            feeds_of(part, program)
            of_feeds += time.thread_time() - began
        if number:
            walls.append(wall)
            cpus.append(cpu)
            feeds.append(of_feeds)
    events = sum(len(part.time) for part in parts)
    wall_s, cpu_s = statistics.median(walls), statistics.median(cpus)
    return SignalsBench(
        events, sum(len(part.person) for part in parts), len(program.names), 100 * hits / events, rounds, wall_s, cpu_s,
        statistics.median(feeds), events / wall_s, events / cpu_s, BUDGET,
    )  # fmt: skip
