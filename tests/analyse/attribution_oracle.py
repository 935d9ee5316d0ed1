"""Attribution by brute force: loops a reader can follow, and every model in its slowest form."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tests.analyse.logs import moment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.analyse.logs import Row


@dataclass(frozen=True)
class Path:
    """One path: its channels, when they were, and what came of it."""

    person: str
    channels: tuple[str, ...]
    times: tuple[float, ...]
    converted: bool
    value: float = 0.0


def paths_of(rows: Sequence[Row], *, goal: str, touch: str = "channel", lookback_s: float) -> list[Path]:
    """Every path of a log, person by person."""
    ordered = sorted(enumerate(rows), key=lambda pair: (moment(pair[1][1]), pair[0]))
    out: list[Path] = []
    for person in sorted({row[0] for row in rows}):
        pending: list[tuple[str, float]] = []
        for _, (_, time, event, properties) in (pair for pair in ordered if pair[1][0] == person):
            now = moment(time).timestamp()
            if properties.get(touch) is not None:
                pending.append((properties[touch], now))
            if event == goal:
                near = [(channel, at) for channel, at in pending if now - at <= lookback_s]
                worth = properties.get("revenue") or 0.0
                out.append(
                    Path(person, tuple(c for c, _ in near), tuple(t for _, t in near), converted=True, value=worth)
                )
                pending = []
        if pending:
            out.append(Path(person, tuple(c for c, _ in pending), tuple(t for _, t in pending), converted=False))
    return out


def weights(model: str, channels: Sequence[str], times: Sequence[float], half_life_s: float) -> list[float]:
    """Share of each touch of one converting path."""
    n = len(channels)
    last = n - 1
    if model == "last_non_direct":
        last = max((k for k in range(n) if channels[k] != "direct"), default=last)
    if model in ("first", "last", "last_non_direct"):
        chosen = 0 if model == "first" else last
        return [float(k == chosen) for k in range(n)]
    if model == "time_decay":
        raw = [2 ** ((t - times[-1]) / half_life_s) for t in times]
    elif model == "linear" or n <= 2:
        raw = [1.0] * n
    elif model == "position_u":
        raw = [0.4 if k in (0, n - 1) else 0.2 / (n - 2) for k in range(n)]
    else:
        raw = [0.3 if k in (0, n // 2, n - 1) else 0.1 / (n - 3) for k in range(n)]
    return [share / sum(raw) for share in raw]


def credit(model: str, paths: Sequence[Path], *, half_life_s: float = 7 * 86_400) -> dict[str, tuple[float, float]]:
    """Conversions and value of each channel, by a model of single paths."""
    out: dict[str, tuple[float, float]] = {}
    for path in paths:
        if path.converted and path.channels:
            for channel, share in zip(
                path.channels, weights(model, path.channels, path.times, half_life_s), strict=True
            ):
                conversions, value = out.get(channel, (0.0, 0.0))
                out[channel] = (conversions + share, value + share * path.value)
    return out


def shapley(paths: Sequence[Path]) -> dict[str, float]:
    """Average gain of each channel over every order in which the channels could join."""
    names = sorted({channel for path in paths for channel in path.channels})

    def worth(coalition: set[str]) -> int:
        return sum(path.converted and bool(path.channels) and set(path.channels) <= coalition for path in paths)

    out = dict.fromkeys(names, 0.0)
    for order in itertools.permutations(names):
        joined: set[str] = set()
        for name in order:
            out[name] += worth(joined | {name}) - worth(joined)
            joined.add(name)
    return {name: gain / math.factorial(len(names)) for name, gain in out.items()}


def removal_effects(paths: Sequence[Path]) -> dict[str, float]:
    """Removal effects the long way: for each channel a chain where it leads to null, solved anew."""
    names = sorted({channel for path in paths for channel in path.channels})
    steps: dict[tuple[str, str], int] = {}
    for path in paths:
        states = ["START", *path.channels, "CONVERSION" if path.converted else "NULL"]
        for step in itertools.pairwise(states) if path.channels else ():
            steps[step] = steps.get(step, 0) + 1

    def conversion_rate(removed: str | None) -> float:
        states = ["START", *names]
        matrix, right = np.eye(len(states)), np.zeros(len(states))
        for i, state in enumerate(states):
            if state == removed:
                continue
            total = sum(n for (a, _), n in steps.items() if a == state)
            for (a, b), n in steps.items():
                if a == state and b == "CONVERSION":
                    right[i] += n / total
                elif a == state and b in states and b != removed:
                    matrix[i, states.index(b)] -= n / total
        return float(np.linalg.solve(matrix, right)[0])

    whole = conversion_rate(None)
    return {name: 1 - conversion_rate(name) / whole if whole else 0.0 for name in names}
