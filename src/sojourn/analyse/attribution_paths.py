"""The paths of a part: which channels touched whom before which conversion.

In: parts and an `AttributionQuestion`. Out: `AttributionPartial`: paths and the credit of single paths.
A path holds the touches of a person since the conversion before, within the lookback: docs/methods/attribution.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sojourn.analyse import attribution_kernel as kernel
from sojourn.analyse.attribution_names import MODELS, OF_ALL_PATHS, OF_SINGLE_PATHS
from sojourn.analyse.money import amounts
from sojourn.analyse.parts import frozen
from sojourn.analyse.path_table import PathTable
from sojourn.analyse.roles import event_roles
from sojourn.store.columns import TextColumn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sojourn.analyse.channels import Channels
    from sojourn.analyse.groups import Breakdown, Grouping
    from sojourn.analyse.money import Money
    from sojourn.analyse.parts import Part
    from sojourn.analyse.steps import Step

_DENSE = 0.9


@dataclass(frozen=True, slots=True)
class AttributionQuestion:
    """What was asked.

    Attributes:
        goal: Events that are conversions.
        touch: Column whose values are the channels.
        touch_event: Only these events are touches; None for all that have a value.
        milestone: The event in the middle of the W model; None for the touch in the middle.
        visit_us: Silence that ends a visit, in which equal touches in a row are one; 0 when every event is a touch.
        lookback_us: Touches further back from the conversion do not count.
        half_life_us: A touch this much earlier than another weighs half in the time decay model.
        money: How values of conversions are read; None for none.
        direct: Names of the channels that are no channel, in lower case.
        lines: Whether further rows of an order add their value to its conversion.
        most: Channels kept.
        breakdown: What to break down by, taken from the conversion, else from the last touch.
        time_zone: Zone of moments in predicates.
        models: Models wanted, see `attribution_models.MODELS`.
        top: Paths listed.
    """

    goal: Step
    touch: str
    touch_event: Step | None
    milestone: Step | None
    visit_us: int
    lookback_us: int
    half_life_us: int
    money: Money | None
    direct: tuple[str, ...]
    lines: bool
    most: int
    breakdown: Breakdown | None
    time_zone: str
    models: tuple[str, ...] = MODELS
    top: int = 10

    @property
    def keeps_all(self) -> bool:
        """Whether paths without a conversion are needed one by one."""
        return self.top > 0 or not OF_ALL_PATHS.isdisjoint(self.models)


@dataclass(frozen=True, slots=True)
class WalkedPartial:
    """The paths of one part, one row a path.

    Attributes:
        table: The paths; equal ones stand apart.
        at: int64: time of each touch.
        unit: int64, one a path: place of the person in the part.
        repeated: Rows left out because their order was counted before.
        converters: Persons with a conversion.
        non_converters: Persons with touches and no conversion.
        lost: Touches and paths by channel of paths that are not kept, see `attribution_kernel.walk_paths`.
    """

    table: PathTable
    at: NDArray[np.int64]
    unit: NDArray[np.int64]
    repeated: int
    converters: int
    non_converters: int
    lost: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class AttributionPartial:
    """What one part adds. Shapes: docs of `attribution_kernel.credit_paths`.

    Attributes:
        table: Its paths.
        credit: Credit of the models of single paths.
        decayed: Credit of time decay; None for a ready path table.
        flow: How often each step was made.
        presence: Touches, paths and conversions by channel, of all paths.
        sets: Sets of channels, one bit a channel; 0 for persons without a touch.
        set_counts: Conversions and nulls of each set, shape (sets, groups, 2).
        repeated: Rows left out because their order was counted before.
        converters: Persons with a conversion.
        non_converters: Persons with touches and no conversion.
        lost: By group, touches and paths without a conversion that are not in the table; None when all are.
    """

    table: PathTable
    credit: NDArray[np.float64]
    decayed: NDArray[np.float64] | None
    flow: NDArray[np.float64]
    presence: NDArray[np.float64]
    sets: NDArray[np.uint64]
    set_counts: NDArray[np.float64]
    repeated: int = 0
    converters: int = 0
    non_converters: int = 0
    lost: NDArray[np.float64] | None = None

    def totals(self, groups: int) -> NDArray[np.float64]:
        """As `PathTable.totals`, of all paths."""
        # Sums over no path at all come as whole numbers.
        found = self.table.totals(groups).astype(np.float64)
        if self.lost is not None:
            found[:, -1] += self.lost[:, -1, 1]
        return found


def partial(
    part: Part, question: AttributionQuestion, grouping: Grouping, channels: Channels, *, orders: bool = False
) -> AttributionPartial:
    """Find the paths of one part and credit their channels.

    Args:
        part: Persons and their events.
        question: What was asked.
        grouping: Groups of the events.
        channels: Channels of the events.
        orders: Whether the log has order ids.
    """
    walked = walk(part, question, grouping, channels, orders=orders, keep=question.keeps_all)
    groups, direct = len(grouping.names), direct_mask(channels.names, question.direct)
    made = credit_table(
        walked.table, direct, by_milestone=question.milestone is not None, groups=groups, models=question.models
    )
    table = walked.table
    decayed = None
    if "time_decay" in question.models:
        decayed = kernel.credit_decayed(
            table.channel, walked.at, table.low, table.high, table.group, table.conversions, table.value,
            float(question.half_life_us), groups, len(direct),
        )  # fmt: skip
    presence = made.presence
    presence[:, :, :2] += walked.lost[:, :-1]
    sets, set_counts = made.sets, made.set_counts
    if "logistic" in question.models:
        sets, set_counts = (
            np.append(sets, np.uint64(0)),
            np.concatenate([set_counts, _untouched(part, walked, grouping)]),
        )
    return AttributionPartial(
        made.table, made.credit, decayed, made.flow, presence, sets, set_counts,
        repeated=walked.repeated,
        converters=walked.converters,
        non_converters=walked.non_converters,
        lost=walked.lost,
    )  # fmt: skip


def walk(
    part: Part,
    question: AttributionQuestion,
    grouping: Grouping,
    channels: Channels,
    *,
    orders: bool,
    keep: bool = True,
) -> WalkedPartial:
    """The paths of one part.

    Args:
        part: Persons and their events.
        question: What was asked.
        grouping: Groups of the events.
        channels: Channels of the events.
        orders: Whether the log has order ids.
        keep: Whether paths without a conversion are wanted one by one.
    """
    classes, kinds = event_roles(part, _roles(question), time_zone=question.time_zone)
    none = frozen(np.empty(0, np.int32))
    order = part.column("order_id") if orders else None
    text = order if isinstance(order, TextColumn) else None
    channel, at, paths, repeated, converters, non_converters, lost = kernel.walk_paths(
        part.start, part.stop, part.time, classes, kinds, channels.codes, channels.channel_of, _values(part, question),
        none if text is None else text.codes, 0 if text is None else len(text.names),
        question.lines, grouping.group, question.lookback_us, question.visit_us,
        len(channels.names), len(grouping.names), keep,
    )  # fmt: skip
    low, high, unit, group, middle, conversions, value, nulls = paths
    table = PathTable(channel, low, high, group, middle, conversions, value, nulls)
    return WalkedPartial(table, at, unit, repeated, converters, non_converters, lost)


def credit_table(
    table: PathTable, direct: NDArray[np.bool_], *, by_milestone: bool, groups: int, models: Sequence[str] = MODELS
) -> AttributionPartial:
    """Credit the channels of paths.

    Args:
        table: Paths.
        direct: Whether each channel is direct.
        by_milestone: Whether the W model's middle is the touch at the milestone.
        groups: How many groups there are.
        models: Models wanted.
    """
    wanted = sum(1 << place for model, place in OF_SINGLE_PATHS.items() if model in models)
    credit, flow, presence, masks = kernel.credit_paths(
        table.channel, table.low, table.high, table.group, table.middle, table.conversions, table.value, table.nulls,
        direct, by_milestone, groups, wanted, "markov" in models,
    )  # fmt: skip
    if "logistic" not in models:
        none = np.empty((0, groups, 2))
        return AttributionPartial(table, credit, None, flow, presence, np.empty(0, np.uint64), none)
    sets, place = np.unique(masks, return_inverse=True)
    cell = place * groups + table.group
    counts = [np.bincount(cell, n, len(sets) * groups).astype(np.float64) for n in (table.conversions, table.nulls)]
    return AttributionPartial(
        table, credit, None, flow, presence, sets, np.stack(counts, axis=-1).reshape(-1, groups, 2)
    )


def direct_mask(channels: Sequence[str], direct: Sequence[str]) -> NDArray[np.bool_]:
    """Whether each channel is one of `direct`, given in lower case."""
    return np.array([name.lower() in direct for name in channels], np.bool_)


def notes_on(partials: Sequence[AttributionPartial], question: AttributionQuestion | None, *, events: int) -> list[str]:
    """What a reader of the numbers should know, in plain sentences.

    Args:
        partials: One a part.
        question: What was asked.
        events: Events it was asked of.
    """
    notes = []
    if question and question.money and (note := question.money.note):
        notes.append(note)
    touches = sum(len(p.table.channel) + (0 if p.lost is None else int(p.lost[:, :-1, 0].sum())) for p in partials)
    if question and not question.visit_us and touches and touches >= _DENSE * events:
        share = f"{touches:,} of {events:,} events have a {question.touch}"
        notes.append(f"{share}, and each is a touch; with touches by visits (`--touches visits`) a visit counts once.")
    return notes


def credited_units(
    walked: WalkedPartial,
    question: AttributionQuestion,
    channels: Channels,
    credited: tuple[str, str],
    mine: NDArray[np.bool_],
) -> NDArray[np.int64]:
    """Persons of the part with a converting path that a model credits a channel with.

    Args:
        walked: The paths.
        question: What was asked.
        channels: Channels of the events.
        credited: The channel and the model.
        mine: Which paths count.
    """
    channel, model = credited
    place = {"first": kernel.FIRST, "last": kernel.LAST, "last_non_direct": kernel.LAST_NON_DIRECT}
    table, direct = walked.table, direct_mask(channels.names, question.direct)
    units: NDArray[np.int64] = kernel.units_with(
        table.channel, table.low, table.high, walked.unit, np.where(mine, table.conversions, 0.0), direct,
        channels.names.index(channel), place.get(model, kernel.LINEAR),
    )  # fmt: skip
    return units


def units_of(walked: WalkedPartial, kind: str, mine: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Persons of the part that are `converters`, `non_converters`, converted `without_touch`, or have a path that is `lost`.

    Args:
        walked: The paths.
        kind: Which of these.
        mine: Which paths count.
    """
    table = walked.table
    converted = walked.unit[mine & (table.conversions > 0)]
    if kind == "converters":
        return converted
    lost = walked.unit[mine & (table.nulls > 0)]
    if kind == "lost":
        return lost
    if kind == "non_converters":
        return np.setdiff1d(lost, converted)
    return walked.unit[mine & (table.conversions > 0) & (table.low == table.high)]


def going_through(table: PathTable, channel: int) -> NDArray[np.bool_]:
    """Which paths a channel stands in."""
    before = np.concatenate(([0], np.cumsum(table.channel == channel)))
    found: NDArray[np.bool_] = before[table.high] > before[table.low]
    return found


def equal_to(table: PathTable, path: Sequence[int]) -> NDArray[np.bool_]:
    """Which paths have exactly these channels, in this order."""
    found = table.high - table.low == len(path)
    at = np.flatnonzero(found)
    touches = table.channel[table.low[at][:, None] + np.arange(len(path))]
    found[at] = (touches == np.array(path, table.channel.dtype)).all(axis=1)
    return found


def _untouched(part: Part, walked: WalkedPartial, grouping: Grouping) -> NDArray[np.float64]:
    """Persons with neither a touch nor a conversion, as a set: shape (1, groups, 2); their group is their last event's."""
    alone = np.ones(len(part.person), np.bool_)
    alone[walked.unit] = False
    groups = len(grouping.names)
    counts = np.zeros((1, groups, 2))
    counts[0, :, 1] = np.bincount(grouping.at(part.stop[alone] - 1), minlength=groups)
    return counts


def _roles(question: AttributionQuestion) -> list[tuple[int, Step | None]]:
    roles: list[tuple[int, Step | None]] = [(kernel.GOAL, question.goal), (kernel.TOUCH, question.touch_event)]
    return roles if question.milestone is None else [*roles, (kernel.MILESTONE, question.milestone)]


def _values(part: Part, question: AttributionQuestion) -> NDArray[np.float64]:
    if question.money is None:
        return frozen(np.empty(0, np.float64))
    return amounts(part, question.money, other=0.0)
