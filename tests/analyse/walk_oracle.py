"""Paths by hand: the steps of each unit found by plain loops over the rows."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.analyse.logs import moment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.analyse.logs import Row

GAP_S = 1_000.0


@dataclass(frozen=True)
class OwnPath:
    """One unit's path: whose it is, its steps, and which of them steps are counted from."""

    person: str
    steps: tuple[str, ...]
    anchor: int


def units(rows: Sequence[Row], *, unit: str) -> list[tuple[str, list[Row]]]:
    """Rows of each person or session, in order of time and arrival."""
    by_person = defaultdict(list)
    for place, row in enumerate(rows):
        by_person[row[0]].append((moment(row[1]), place, row))
    out = []
    for person, own in by_person.items():
        current: list[Row] = []
        last = None
        for time, _, row in sorted(own, key=lambda item: item[:2]):
            if unit == "sessions" and last is not None and (time - last).total_seconds() >= GAP_S:
                out.append((person, current))
                current = []
            current.append(row)
            last = time
        out.append((person, current))
    return out


def own_paths(
    rows: Sequence[Row],
    *,
    unit: str = "sessions",
    start: str | None = None,
    end: str | None = None,
    around: str | None = None,
    collapse: bool = False,
) -> list[OwnPath]:
    """The path of every unit that has one."""
    out = []
    for person, own in units(rows, unit=unit):
        names = [row[2] for row in own]
        first = next((n for n, name in enumerate(names) if name == (start or around)), None)
        if (start or around) and first is None:
            continue
        low, high, anchor = 0, len(names), first or 0
        if start:
            low = anchor
        if end:
            last = next((n for n, name in enumerate(names) if name == end and (not start or n > anchor)), None)
            if last is None:
                continue
            high = last + 1
            anchor = anchor if start else last
        kept = [n for n in range(len(names)) if not collapse or n == 0 or names[n] != names[n - 1]]
        run_of = [sum(k <= n for k in kept) - 1 for n in range(len(names))]
        runs = [names[k] for k in kept]
        steps = runs[run_of[low] : run_of[high - 1] + 1]
        out.append(OwnPath(person, tuple(steps), run_of[anchor] - run_of[low]))
    return out
