"""Our answers to the benchmark's questions, as rows like those of the SQL engines.

In: journeys of the benchmark's log. Out: rows. Every number comes from the public question; only the shape changes.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from sojourn.bench.log import EVENTS, START_US

if TYPE_CHECKING:
    from collections.abc import Callable

    from sojourn.analyse.journeys import Journeys
    from sojourn.bench.peers import Rows

_STEPS = (EVENTS[3], EVENTS[4], EVENTS[6], EVENTS[7])
_MICRO = 1_000_000
_CODE = {name: code for code, name in enumerate(EVENTS)}
_BEGAN = dt.datetime.fromtimestamp(START_US / _MICRO, dt.UTC).date()
_RUN = 5
_MODELS = ("first", "last", "last_non_direct", "linear", "time_decay", "position_u")
_MOST = 300
"""Enough for the first 100 also where counts are equal."""


def funnel(journeys: Journeys) -> Rows:
    """Units of each step, then the median wait of each later one in microseconds."""
    steps = journeys.funnel(_STEPS, within="7d").steps
    return [[*(s.count for s in steps), *(s.median_wait_s * _MICRO for s in steps[1:])]]


def funnel_by_first_channel(journeys: Journeys) -> Rows:
    """Units of each step by the channel of the person's first event."""
    groups = journeys.funnel(_STEPS, within="7d", by="first channel").groups
    return sorted([group.group, *(step.count for step in group.steps)] for group in groups)


def retention(journeys: Journeys) -> Rows:
    """Weekly cohort, weeks later, persons."""
    rows: Rows = []
    for number, cohort in enumerate(journeys.retention(period="week").cohorts):
        counts = [cohort.size, *cohort.returned]
        rows += [[number, later, count] for later, count in enumerate(counts) if count]
    return rows


def sessions(journeys: Journeys) -> Rows:
    """Sessions, bounced ones, median length in microseconds."""
    found = journeys.sessions(gap="30m")
    return [[found.sessions, found.bounced, found.median_duration_s * _MICRO]]


def transitions(journeys: Journeys) -> Rows:
    """Pair of event codes, packed, and how often."""
    found = journeys.transitions(unit="persons").transitions
    return sorted([_CODE[pair.from_] * 64 + _CODE[pair.to], pair.count] for pair in found)


def five_grams(journeys: Journeys) -> Rows:
    """The 100 most frequent runs of five, packed, and how often."""
    found = journeys.ngrams(unit="persons", length=_RUN, most=_MOST).ngrams
    rows = [[_packed(gram.steps), gram.count] for gram in found]
    return sorted(rows, key=lambda row: (-row[1], row[0]))[:100]


def attribution(journeys: Journeys) -> Rows:
    """Channel, and its conversions in six models."""
    found = journeys.attribution(goal=EVENTS[7], touch="channel", lookback="30d", models=_MODELS, top=0).models
    chosen = [found[name] for name in _MODELS]
    return sorted([channel, *(model[channel].conversions for model in chosen)] for channel in chosen[0])


def trend(journeys: Journeys) -> Rows:
    """Days since the log began, sessions on some pages, and those of one event."""
    days = journeys.where("url like '/page/1%'").sessions(gap="30m", trend="day").trend
    since = [(dt.date.fromisoformat(day.group) - _BEGAN).days for day in days]
    return [[n, day.sessions, day.bounced] for n, day in zip(since, days, strict=True) if day.sessions]


def converters_against_leavers(journeys: Journeys) -> Rows:
    """Event code, persons who ordered without going to the checkout that have it, and persons who did the reverse."""
    found = journeys.compare(group=EVENTS[7], against=EVENTS[6], kinds=("event",), most=len(EVENTS)).findings
    return sorted([_CODE[str(one.event)], one.count_a, one.count_b] for one in found)


_ALL = (
    funnel, funnel_by_first_channel, retention, sessions, transitions, five_grams, attribution, trend,
    converters_against_leavers,
)  # fmt: skip
OURS: dict[str, Callable[[Journeys], Rows]] = {one.__name__: one for one in _ALL}
"""The questions, by the name of their queries in `sql/`."""


def _packed(steps: tuple[str, ...]) -> int:
    code = 0
    for step in steps:
        code = code << 6 | _CODE[step]
    return code
