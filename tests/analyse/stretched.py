"""Many units of rows, drawn at random: some longer than a stretch, some with rows of nobody before them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sojourn.analyse.parts import frozen

if TYPE_CHECKING:
    from numpy.typing import NDArray


def stretched_rows(seed: int, *, kinds: int) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Where units begin and end, the times of their rows (some equal), and what kind of event each is."""
    random = np.random.default_rng(seed)
    rows = np.minimum(random.zipf(1.6, 800), 6000)
    stop = np.cumsum(rows + np.where(random.random(len(rows)) < 0.01, 3, 0))
    start = stop - rows
    time = np.zeros(int(stop[-1]) + 5, np.int64)
    for low, high in zip(start.tolist(), stop.tolist(), strict=True):
        time[low:high] = 10**6 + np.cumsum(random.zipf(1.5, high - low) - 1)
    event = random.integers(0, kinds, len(time)).astype(np.uint16)
    return frozen(start), frozen(stop), frozen(time), frozen(event)
