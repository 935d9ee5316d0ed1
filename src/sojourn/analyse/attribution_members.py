"""Who is behind a number of an attribution.

In: what was asked, and a channel or a kind of person. Out: `Persons`, exactly those counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sojourn.analyse.attribution_names import MODELS
from sojourn.analyse.attribution_paths import credited_units, units_of, walk
from sojourn.analyse.channels import find_channels, has_column
from sojourn.analyse.groups import group_events
from sojourn.records.errors import BadOption

if TYPE_CHECKING:
    from sojourn.analyse.path_table import PathTable
    from sojourn.analyse.results import Drill, Persons


def members(drill: Drill, *, channel: str | None = None, model: str = "linear", kind: str = "converters") -> Persons:
    """The persons a channel got credit for, or of one kind; see the methods of `Attribution`."""
    if channel is None and kind not in ("converters", "non_converters", "without_touch"):
        raise BadOption(f"expected converters, non_converters or without_touch, got {kind!r}")
    if model not in MODELS:
        raise BadOption(f"expected a model of {', '.join(MODELS)}, got {model!r}")
    journeys, question = drill.journeys, drill.question
    parts = journeys.parts()
    found = find_channels(journeys, parts, question.touch, most=question.most)
    if channel is not None and channel not in found[0].names:
        raise BadOption(f"{channel!r} is no channel; there are {', '.join(found[0].names)}")
    orders = has_column(journeys, "order_id")
    chosen = []
    for part, grouping, channels in zip(parts, group_events(parts, None), found, strict=True):
        walked = walk(part, question, grouping, channels, orders=orders)
        if channel is not None:
            units = credited_units(walked, question, channels, channel, model)
        else:
            units = units_of(walked, kind)
        chosen.append(part.person[units])
    return journeys.persons_of(chosen)


def all_paths(drill: Drill) -> tuple[tuple[PathTable, ...], tuple[str, ...]]:
    """The paths of all parts, those without a conversion too, and the names of the channels."""
    journeys, question = drill.journeys, drill.question
    parts = journeys.parts()
    found = find_channels(journeys, parts, question.touch, most=question.most)
    orders = has_column(journeys, "order_id")
    walked = [
        walk(part, question, grouping, channels, orders=orders)
        for part, grouping, channels in zip(parts, group_events(parts, None), found, strict=True)
    ]
    return tuple(one.table for one in walked), found[0].names
