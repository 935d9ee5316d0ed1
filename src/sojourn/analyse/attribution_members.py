"""Who is behind a number of an attribution.

In: what was asked, and a channel, a path or a kind of person. Out: `Persons`, exactly those counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sojourn.analyse.attribution_names import MODELS
from sojourn.analyse.attribution_paths import credited_units, equal_to, going_through, units_of, walk
from sojourn.analyse.channels import find_channels, has_column
from sojourn.analyse.groups import group_events
from sojourn.records.errors import BadOption

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from sojourn.analyse.attribution_paths import WalkedPartial
    from sojourn.analyse.channels import Channels
    from sojourn.analyse.path_table import PathTable
    from sojourn.analyse.results import Drill, Persons

KINDS = ("converters", "non_converters", "without_touch", "lost")
OUTCOMES = ("any", "converted", "lost")


def credited(drill: Drill, channel: str, model: str, *, group: str | None) -> Persons:
    """The persons a channel got credit for; see `Attribution.persons`."""
    if model not in MODELS:
        raise BadOption(f"expected a model of {', '.join(MODELS)}, got {model!r}")

    def chosen(walked: WalkedPartial, channels: Channels, mine: NDArray[np.bool_]) -> NDArray[np.int64]:
        place_of(channels.names, channel)
        return credited_units(walked, drill.question, channels, (channel, model), mine)

    return _members(drill, chosen, group=group)


def of_kind(drill: Drill, kind: str, *, group: str | None) -> Persons:
    """The persons of one kind; see `Attribution.persons_of`."""
    if kind not in KINDS:
        raise BadOption(f"expected {', '.join(KINDS[:-1])} or {KINDS[-1]}, got {kind!r}")
    return _members(drill, lambda walked, _, mine: units_of(walked, kind, mine), group=group)


def through(drill: Drill, channel: str, outcome: str) -> Persons:
    """The persons with a path that a channel stands in; see `Attribution.persons_through`."""
    return _with_outcome(drill, lambda table, names: going_through(table, place_of(names, channel)), outcome)


def on_path(drill: Drill, path: Sequence[str], outcome: str) -> Persons:
    """The persons with exactly this path; see `Attribution.persons_on`."""
    return _with_outcome(
        drill, lambda table, names: equal_to(table, [place_of(names, channel) for channel in path]), outcome
    )


def all_paths(drill: Drill) -> tuple[tuple[PathTable, ...], tuple[str, ...]]:
    """The paths of all parts, those without a conversion too, and the names of the channels."""
    walked = _walked(drill, None)
    return tuple(one.table for one, _ in walked), walked[0][1].names


def place_of(names: Sequence[str], channel: str) -> int:
    """The number of a channel.

    Raises:
        BadOption: There is none of that name.
    """
    if channel not in names:
        raise BadOption(f"{channel!r} is no channel; there are {', '.join(names)}")
    return names.index(channel)


def _with_outcome(
    drill: Drill, paths: Callable[[PathTable, Sequence[str]], NDArray[np.bool_]], outcome: str
) -> Persons:
    if outcome not in OUTCOMES:
        raise BadOption(f"expected an outcome of {', '.join(OUTCOMES)}, got {outcome!r}")

    def chosen(walked: WalkedPartial, channels: Channels, mine: NDArray[np.bool_]) -> NDArray[np.int64]:
        found = mine & paths(walked.table, channels.names)
        if outcome != "any":
            found &= (walked.table.conversions if outcome == "converted" else walked.table.nulls) > 0
        return walked.unit[found]

    return _members(drill, chosen)


def _members(
    drill: Drill,
    chosen: Callable[[WalkedPartial, Channels, NDArray[np.bool_]], NDArray[np.int64]],
    *,
    group: str | None = None,
) -> Persons:
    """The persons whose places in a part a function gives, of the paths of one group or of all."""
    journeys, question = drill.journeys, drill.question
    parts = journeys.parts()
    names = group_events(parts, question.breakdown)[0].names if group is not None else ("",)
    if group is not None and (question.breakdown is None or group not in names):
        raise BadOption(f"expected a group of the breakdown, got {group!r}")
    found = []
    for part, (walked, channels) in zip(parts, _walked(drill, group), strict=True):
        mine = np.ones(len(walked.unit), np.bool_) if group is None else walked.table.group == names.index(group)
        found.append(part.person[chosen(walked, channels, mine)])
    return journeys.persons_of(found)


def _walked(drill: Drill, group: str | None) -> list[tuple[WalkedPartial, Channels]]:
    journeys, question = drill.journeys, drill.question
    parts = journeys.parts()
    found = find_channels(journeys, parts, question.touch, most=question.most)
    orders = has_column(journeys, "order_id")
    groupings = group_events(parts, question.breakdown if group is not None else None)
    return [
        (walk(part, question, grouping, channels, orders=orders), channels)
        for part, grouping, channels in zip(parts, groupings, found, strict=True)
    ]
