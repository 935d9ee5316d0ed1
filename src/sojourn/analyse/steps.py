"""Steps of a journey as people write them, and which events match them.

In: texts such as `view`, `cart|wishlist`, `event = 'purchase' and price > 10`, `not refund`. Out: `Step` records,
and for a part the class of every event with the steps each class matches.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sojourn.analyse.masks import matches
from sojourn.records.errors import BadOption, UnknownEvent
from sojourn.signals.predicates import parse_predicate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sojourn.analyse.parts import Part
    from sojourn.signals.predicates import Predicate

_PREDICATE = re.compile(r"[=<>]|\b(like|ilike|in|is|between)\b", re.IGNORECASE)
_NOT = re.compile(r"^\s*(?:not\s+|!\s*)(?P<event>.+)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Step:
    """What counts as one step.

    Attributes:
        text: As it was written; the step's name.
        names: Event names, any of which will do; empty when it is a predicate.
        predicate: A predicate; None when it is names.
    """

    text: str
    names: tuple[str, ...] = ()
    predicate: Predicate | None = None


@dataclass(frozen=True, slots=True)
class Matcher:
    """Steps matched by each event of a part.

    Attributes:
        classes: One integer an event; events of one class match the same steps.
        first: int64, classes + 1: where the steps of a class begin in `steps`.
        steps: int64: places of the matched steps, highest first within a class; exclusions behind them, counted on
            from the number of steps.
    """

    classes: NDArray[Any]
    first: NDArray[np.int64]
    steps: NDArray[np.int64]

    def lists(self) -> list[list[int]]:
        """The steps of each class."""
        return [of.tolist() for of in np.split(self.steps, self.first[1:-1])]

    def single(self) -> NDArray[np.int64] | None:
        """int64: the step of each class, -1 for none; None when a class matches several."""
        if (np.diff(self.first) > 1).any():
            return None
        found = np.full(len(self.first) - 1, -1, np.int64)
        found[self.first[:-1] < self.first[1:]] = self.steps
        return found

    def kinds(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """int64: the kind of each class, -1 for none; the steps of kind q at `steps[first[q]:first[q + 1]]`: `first`, `steps`."""
        lists = [tuple(self.steps[a:b].tolist()) for a, b in itertools.pairwise(self.first.tolist())]
        known = {steps: number for number, steps in enumerate(dict.fromkeys(filter(None, lists)))}
        first = np.cumsum([0, *map(len, known)], dtype=np.int64)
        flat = np.array([step for steps in known for step in steps], np.int64)
        return np.array([known.get(steps, -1) for steps in lists], np.int64), first, flat


def read_step(text: str, events: Sequence[str]) -> Step:
    """Read one step.

    Args:
        text: An event name, alternatives `A|B`, or a predicate. A text that is an event's name is that event.
        events: Event names of the log.

    Raises:
        UnknownEvent: No event has the name; the nearest names are listed.
        BadPredicate: It looks like a predicate and is not one.
    """
    if text in events:
        return Step(text, names=(text,))
    names = tuple(name.strip() for name in text.split("|"))
    if all(name in events for name in names):
        return Step(text, names=names)
    if _PREDICATE.search(text):
        return Step(text, predicate=parse_predicate(text))
    missing = next(name for name in names if name not in events)
    raise UnknownEvent(_no_such_event(missing, events))


def read_steps(texts: Sequence[str], events: Sequence[str]) -> tuple[list[Step], dict[int, Step]]:
    """Read the steps of a funnel with the exclusions between them.

    Args:
        texts: Steps; one written `not X` (or `!X`) between two steps means X must not happen between them.
        events: Event names of the log.

    Returns:
        The steps, and by place of the later step what must not come before it.

    Raises:
        BadOption: An exclusion that does not stand between two steps.
    """
    steps: list[Step] = []
    excluded: dict[int, Step] = {}
    for text in texts:
        found = None if text in events else _NOT.match(text)
        if found is None:
            steps.append(read_step(text, events))
        elif not steps or len(steps) in excluded:
            message = (
                f"{text!r} must stand between two steps, one exclusion for each pair; alternatives go in it as A|B"
            )
            raise BadOption(message)
        else:
            excluded[len(steps)] = read_step(found["event"], events)
    if len(steps) in excluded:
        message = f"{excluded[len(steps)].text!r} is excluded after the last step; put a step behind it"
        raise BadOption(message)
    return steps, excluded


def match_steps(part: Part, steps: Sequence[Step], *, excluded: Sequence[Step] = (), time_zone: str = "UTC") -> Matcher:
    """Which steps, and which exclusions, each event of a part matches."""
    of_event: list[list[int]] = [[] for _ in part.events]
    place = {name: code for code, name in enumerate(part.events)}
    for number, step in enumerate((*steps, *excluded)):
        for name in step.names:
            of_event[place[name]].append(number)
    classes: NDArray[Any] = part.event
    lists = [tuple(sorted(numbers)) for numbers in of_event]
    for number, step in enumerate((*steps, *excluded)):
        if step.predicate is None:
            continue
        mask = matches(part, step.predicate, time_zone=time_zone)
        classes, lists = _refine(classes, lists, mask, number)
    first = np.concatenate(([0], np.cumsum([len(numbers) for numbers in lists]))).astype(np.int64)
    n = len(steps)
    flat = [number for numbers in lists for number in sorted(numbers, key=lambda k: (k >= n, -k))]
    return Matcher(classes, first, np.array(flat, np.int64))


def mask_of(part: Part, step: Step, *, time_zone: str = "UTC") -> NDArray[np.bool_]:
    """Events that match one step."""
    if step.predicate is not None:
        return matches(part, step.predicate, time_zone=time_zone)
    wanted = np.array([name in step.names for name in part.events], np.bool_)
    return wanted[part.event]


def _refine(
    classes: NDArray[Any], lists: list[tuple[int, ...]], mask: NDArray[np.bool_], number: int
) -> tuple[NDArray[np.int32], list[tuple[int, ...]]]:
    """Split each class into the events that match one more step and those that do not."""
    doubled = classes.astype(np.int64) * 2 + mask
    used = np.flatnonzero(np.bincount(doubled, minlength=2 * len(lists)))
    renumbered = np.zeros(2 * len(lists), np.int32)
    renumbered[used] = np.arange(len(used))
    split = [(*lists[old // 2], number) if old % 2 else lists[old // 2] for old in used]
    return renumbered[doubled], split


def _no_such_event(name: str, events: Sequence[str]) -> str:
    import difflib  # noqa: PLC0415  (only on the way to an error)

    close = difflib.get_close_matches(name, events, n=5, cutoff=0.5) or list(events[:12])
    return f"no event is named {name!r}; there are {', '.join(map(repr, close))}"
