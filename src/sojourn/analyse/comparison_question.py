"""What `compare` is asked: reading options, choosing properties, naming the groups.

In: options. Out: `CompareQuestion`. Never looks at what happened, only at which names there are.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sojourn.analyse.comparison_features import KINDS
from sojourn.analyse.groups import Breakdown, read_breakdown
from sojourn.analyse.steps import read_step, read_steps
from sojourn.records.durations import microseconds
from sojourn.records.errors import BadOption, UnknownColumn
from sojourn.signals.predicates import Both, Compare, Either, Not, OneOf, columns_of
from sojourn.store.index import retried
from sojourn.store.property_profile import property_rows
from sojourn.store.tail import read_version

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping, Sequence

    from sojourn.analyse.comparison_features import Kind
    from sojourn.analyse.journeys import Journeys
    from sojourn.analyse.steps import Step
    from sojourn.signals.predicates import Predicate

_FOREVER = np.iinfo(np.int64).max
MOST_PROPERTIES = 48
"""Properties tried when none are asked for: fewer than the columns an index keeps."""
_WHICH = {"order_id", "message_id", "cart_id", "session_id", "user_session"}
"""Properties that say which, not what."""


@dataclass(frozen=True, slots=True)
class CompareQuestion:
    """A comparison, as asked.

    Attributes:
        steps: Steps of the funnel up to the one that is reached or not; empty when two predicates are compared.
        excluded: By place of the later step: what must not happen between it and the step before.
        at: Place of the step that is reached or not.
        within_us: The last step is reached at most this long after the first.
        group: Persons with such an event are the first group; None with steps.
        against: Persons with such an event are the second group.
        breakdown: What to break down by; None for nothing.
        kinds: What is tried.
        properties: Properties that are tried; None for those on the events that count.
        taken: Columns that are not tried, because they make the groups.
        skipped: Events that are not tried, because they make the groups.
        outcomes: Events whose repeats, times and order are not tried either.
        barred: Events whose properties are not tried either.
        gap_us: Silence that ends a visit.
        most: Findings listed.
        untimed: The log has no times.
        time_zone: Zone of hours and weekdays.
        events: Event names of the log.
    """

    steps: tuple[Step, ...]
    excluded: tuple[tuple[int, Step], ...]
    at: int
    within_us: int
    group: Step | None
    against: Step | None
    breakdown: Breakdown | None
    kinds: tuple[Kind, ...]
    properties: tuple[str, ...] | None
    taken: frozenset[str]
    skipped: frozenset[str]
    outcomes: frozenset[str]
    barred: frozenset[str]
    gap_us: int
    most: int
    untimed: bool
    time_zone: str
    events: tuple[str, ...]


def read_question(  # noqa: PLR0913  (the options of `compare`, passed on once)
    journeys: Journeys,
    steps: Sequence[str],
    *,
    at: int | None,
    within: str | dt.timedelta | None,
    sides: tuple[str | None, str | None],
    by: str | None,
    kinds: Sequence[Kind],
    properties: Sequence[str] | None,
    gap: str | dt.timedelta,
    most: int,
) -> CompareQuestion:
    """Read the options of `compare`; see there."""
    group, against = (None if text is None else read_step(text, journeys.events) for text in sides)
    read, excluded = read_steps(steps, journeys.events)
    at = len(read) - 1 if at is None else at
    _check(read, (group, against), at, kinds, most)
    made = [*read[: at + 1], *(step for step in (group, against) if step is not None)]
    named = {event for step in made for event in _events(step)}
    taken = {
        column
        for step in (group, against)
        if step is not None and step.predicate
        for column in columns_of(step.predicate)
    }
    last = read[at : at + 1] or [step for step in (group, against) if step is not None]
    return CompareQuestion(
        steps=tuple(read[: at + 1]),
        excluded=tuple(excluded.items()),
        at=at,
        within_us=_FOREVER if within is None else microseconds(within),
        group=group,
        against=against,
        breakdown=read_breakdown(by),
        kinds=tuple(kinds),
        properties=None if properties is None else tuple(properties),
        taken=frozenset(taken),
        skipped=frozenset(named),
        outcomes=frozenset(event for step in last for event in _events(step)),
        barred=frozenset(event for step in last for event in _events(step) if not read or _all_of(step)),
        gap_us=microseconds(gap),
        most=most,
        untimed=not journeys.index.manifest.last_us,
        time_zone=journeys.time_zone,
        events=tuple(journeys.events),
    )


def sides(question: CompareQuestion) -> tuple[str, str]:
    """Names of the first and the second group."""
    if question.steps:
        return "leavers", "converters"
    assert question.group is not None
    assert question.against is not None
    return question.group.text, question.against.text


def phrase(question: CompareQuestion) -> str:
    """What is compared, in words."""
    a, b = sides(question)
    if not question.steps:
        return f"persons with {a} against persons with {b}"
    before, step = question.steps[question.at - 1].text, question.steps[question.at].text
    return f"of those who came to {before}: who did not go on to {step}, against who did"


def _check(
    steps: Sequence[Step], sides: tuple[Step | None, Step | None], at: int, kinds: Sequence[Kind], most: int
) -> None:
    group, against = sides
    if bool(steps) == (group is not None or against is not None) or (group is None) != (against is None):
        raise BadOption("expected the steps of a funnel (step, twice or more), or two groups (group and against)")
    if group is not None and against is not None and group.text == against.text:
        raise BadOption(f"expected two different groups, got {group.text!r} twice")
    if len(steps) == 1:
        raise BadOption(f"a funnel to compare has two steps or more, got {steps[0].text!r} alone")
    if steps and not 1 <= at < len(steps):
        raise BadOption(
            f"expected a step from 1 to {len(steps) - 1} (0 is the first), got {at}: nobody is lost before step 1"
        )
    unknown = [kind for kind in kinds if kind not in KINDS]
    if unknown or not kinds:
        raise BadOption(f"expected kinds among {', '.join(KINDS)}, got {', '.join(map(repr, unknown)) or 'none'}")
    if most < 1:
        raise BadOption(f"expected at least 1 finding to list, got {most}")


def choose_properties(
    journeys: Journeys, asked: Sequence[str] | None, taken: frozenset[str], rows: Mapping[str, int]
) -> list[str]:
    """Properties to try, their columns built before threads start.

    Args:
        journeys: The log.
        asked: What the asker wants tried; None for the properties most often found on the events that count.
        taken: Columns the groups are made of; they are never tried.
        rows: Rows that count, by event.

    Raises:
        UnknownColumn: No event has a property that was asked for.
    """
    if asked is not None:
        names = [name for name in asked if name not in taken]
        for name in names:
            journeys.index.column(name)
        return names
    profile = retried(lambda: property_rows(read_version(journeys.index.folder)))
    # An event's rows are shared out in proportion to the sample, in which rare events may be missing altogether.
    sampled: Counter[str] = Counter()
    for by_event in profile.values():
        for event, n in by_event.items():
            sampled[event] = max(sampled[event], n)
    weight = {
        name: sum(rows.get(event, 0) * n / sampled[event] for event, n in by_event.items())
        for name, by_event in profile.items()
        if name not in taken and name not in _WHICH
    }
    ranked = sorted((name for name in weight if weight[name]), key=lambda name: (-weight[name], name))
    found = []
    for name in ranked[:MOST_PROPERTIES]:
        with contextlib.suppress(UnknownColumn):
            journeys.index.column(name)
            found.append(name)
    return found


def _all_of(step: Step) -> bool:
    """Whether a step takes every event of the names it speaks of."""
    return step.predicate is None or isinstance(step.predicate, Compare | OneOf)


def _events(step: Step) -> Iterator[str]:
    """Event names a step speaks of."""
    yield from step.names
    if step.predicate is not None:
        yield from _named(step.predicate)


def _named(predicate: Predicate) -> Iterator[str]:
    match predicate:
        case Both(left, right) | Either(left, right):
            yield from _named(left)
            yield from _named(right)
        case Not(inner):
            yield from _named(inner)
        case Compare("event", "=", value):
            yield str(value)
        case OneOf("event", values):
            yield from map(str, values)
