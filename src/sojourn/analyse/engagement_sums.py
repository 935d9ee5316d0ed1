"""Sums and quantiles of engagement over all parts.

In: what the parts add. Out: rows of numbers, in the order of the fields of the records that hold them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sojourn.analyse import engagement_kernel as kernel
from sojourn.analyse.quantiles import quantiles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sojourn.analyse.engagement_parts import EngagementPartial, ScrollPartial, VideosPartial

DEPTHS = (0.25, 0.5, 0.75, 0.9, 1.0)
_SECOND = 1_000_000
NEARLY = 1e-9
"""A reading of 0.9 may have been sent as 89.99999: what is nearly there is there."""

ViewRow = tuple[int, int, float, float, float, float]
"""Views, timed, mean, median, 90th percentile and sum of seconds."""


def view_row(lasted: Sequence[NDArray[np.int64]]) -> ViewRow:
    """Numbers of some page views; -1 is a view of unknown length."""
    timed = [values[values >= 0] for values in lasted]
    views, known = sum(map(len, lasted)), sum(map(len, timed))
    total = float(sum(int(values.sum()) for values in timed)) / _SECOND
    median, p90 = (value / _SECOND for value in quantiles(timed, (0.5, 0.9)))
    return views, known, total / known if known else np.nan, median, p90, total


def views_by(codes: Sequence[NDArray[np.int16]], lasted: Sequence[NDArray[np.int64]], size: int) -> list[ViewRow]:
    """Numbers of the page views of each code from 0 to size - 1."""
    made = [kernel.spread(code, values, size) for code, values in zip(codes, lasted, strict=True)]
    return [view_row([values[first[n + 1] : first[n + 2]] for values, first in made]) for n in range(size)]


def scroll_rows(found: Sequence[ScrollPartial], size: int) -> list[tuple[int, float, tuple[float, ...]]]:
    """Views, mean depth and share that reached each of `DEPTHS`: of all, then of each page."""
    page = np.concatenate([f.page for f in found]).astype(np.int64) + 1
    depth = np.concatenate([f.depth for f in found])
    views = np.bincount(page, minlength=size + 1)
    total = np.bincount(page, depth, size + 1)
    deep = np.stack([np.bincount(page, depth >= mark - NEARLY, size + 1) for mark in DEPTHS])
    whole = _scroll_row(int(views.sum()), float(total.sum()), np.asarray(deep.sum(axis=1), np.float64))
    return [whole, *(_scroll_row(int(views[n]), float(total[n]), deep[:, n]) for n in range(1, size + 1))]


def _scroll_row(
    views: int, total: float, deep: NDArray[np.float64] | NDArray[np.int64]
) -> tuple[int, float, tuple[float, ...]]:
    if not views:
        return 0, np.nan, (np.nan,) * len(DEPTHS)
    return views, total / views, tuple(float(n) / views for n in deep)


VideoRow = tuple[str, int, int, float, float, int, float, float]
"""Id, views, persons, seconds watched, mean of them, completed, share completed, seconds of the video."""


def video_rows(found: Sequence[VideosPartial]) -> list[VideoRow]:
    """Numbers of all videos together, then of each, most views first."""
    asset = np.concatenate([f.asset for f in found])
    seconds, done = np.concatenate([f.seconds for f in found]), np.concatenate([f.done for f in found])
    length = np.concatenate([f.length_s for f in found])
    # Units of different parts are different persons.
    unit = np.concatenate([f.unit * len(found) + n for n, f in enumerate(found)])
    names = found[0].names
    rows = [_video_row("all", unit, seconds, done, np.zeros(1))]
    for code in np.unique(asset):
        mine = asset == code
        rows.append(
            _video_row(names[int(code)] if code >= 0 else "(none)", unit[mine], seconds[mine], done[mine], length[mine])
        )
    return [rows[0], *sorted(rows[1:], key=lambda row: (-row[1], row[0]))]


def _video_row(
    name: str,
    unit: NDArray[np.int64],
    seconds: NDArray[np.float64],
    done: NDArray[np.bool_],
    length: NDArray[np.float64],
) -> VideoRow:
    views, completed, total = len(unit), int(done.sum()), float(seconds.sum())
    mean, share = (total / views, completed / views) if views else (np.nan, np.nan)
    return name, views, len(np.unique(unit)), total, mean, completed, share, float(length.max(initial=0.0)) or np.nan


def day_means(active: NDArray[np.int64]) -> tuple[float, float, float, float, float]:
    """Mean persons of a day, a week and a month, and a day's share of its week and month.

    Args:
        active: Shape (3, days), see `kernel.active_days`. Weeks and months count from the day they are whole.
    """
    day, week, month = active
    whole_week, whole_month = slice(kernel.WEEK - 1, None), slice(kernel.MONTH - 1, None)
    return (
        _mean(day),
        _mean(week[whole_week]),
        _mean(month[whole_month]),
        _mean(_ratio(day, week)[whole_week]),
        _mean(_ratio(day, month)[whole_month]),
    )


def days_a_person(partials: Sequence[EngagementPartial]) -> list[NDArray[np.int64]]:
    """Active days of the persons who have any."""
    found = [p.active_days for p in partials if p.active_days is not None]
    return [days[days > 0] for days in found]


def _ratio(day: NDArray[np.int64], span: NDArray[np.int64]) -> NDArray[np.float64]:
    out: NDArray[np.float64] = np.divide(day, span, out=np.full(len(day), np.nan), where=span > 0)
    return out


def _mean(values: NDArray[np.int64] | NDArray[np.float64]) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else np.nan
