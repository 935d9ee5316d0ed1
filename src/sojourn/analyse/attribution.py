"""Attribution: which channels stand before the conversions, by ten models side by side on one path table.

In: parts and an `AttributionQuestion`, or a ready path table. Out: `Attribution`. Every model, worked by hand, with
its assumptions: docs/methods/attribution.md. Never says what a channel caused: `caveat` says why.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from sojourn.analyse import attribution_members as who
from sojourn.analyse.attribution_models import model_credits
from sojourn.analyse.attribution_names import MODELS
from sojourn.analyse.attribution_paths import (
    AttributionPartial,
    AttributionQuestion,
    credit_table,
    direct_mask,
    notes_on,
    partial,
)
from sojourn.analyse.attribution_records import (
    AttributionGroup,
    ChannelCost,
    ChannelPaths,
    Credit,
    Model,
    ModelCredit,
    TopPath,
)
from sojourn.analyse.channels import find_channels, has_column
from sojourn.analyse.groups import group_events, read_breakdown
from sojourn.analyse.money import read_money
from sojourn.analyse.path_table import MOST_CHANNELS, PathTable, from_arrow, join, read_paths, to_arrow, top_paths
from sojourn.analyse.results import Drill, Persons, Result
from sojourn.analyse.spend import SpendSource, spend_within
from sojourn.analyse.steps import read_step
from sojourn.records.durations import microseconds
from sojourn.records.errors import BadOption

if TYPE_CHECKING:
    import datetime as dt
    import os
    from collections.abc import Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from sojourn.analyse.attribution_models import ModelCredits
    from sojourn.analyse.journeys import Journeys
    from sojourn.analyse.spend import Spend

Orders = Literal["once", "lines"]
Touches = Literal["events", "visits"]
DIRECT = ("direct", "(direct)", "(none)")
CAVEAT = (
    "Attribution shares out conversions that happened; it does not show what a channel caused. "
    "Whoever was about to buy anyway also clicks. Only a test with a holdout tells what would be lost without a channel."
)
_SECOND = 1_000_000
_VISIT_US = 1_800_000_000
_TOP_PATHS = 10
_FEWEST_CHANNELS = 2


@dataclass(frozen=True, slots=True)
class Attribution(Result):
    """Conversions and their value shared out among channels.

    Attributes:
        goal: What a conversion is; empty for a ready path table.
        touch: Column of the channels.
        unit: Who travels the paths: persons.
        lookback_s: Touches further back from a conversion do not count, seconds; nan for a ready path table.
        half_life_s: Half-life of the time decay model, seconds; nan for a ready path table.
        conversions: Conversions, those without a touch among them.
        value: Their value.
        conversions_without_touch: Conversions without a touch within the lookback; no model credits them.
        value_without_touch: Their value.
        repeated_orders: Rows left out because the person's order was counted before.
        paths_without_conversion: Persons' last paths, which no conversion ended.
        converters: Persons with a conversion; None for a ready path table.
        non_converters: Persons with a touch and no conversion; None for a ready path table.
        models: By model and channel what is credited, channels with most touches first; the models that were asked for.
        channels: In which paths each channel stands.
        top_paths: Paths with most conversions, as many as were asked for.
        groups: By group, most conversions first; empty without a breakdown.
        costs: By model and channel with spend; empty without spend.
        spend_outside: Spend on days outside the period, not counted; nan without spend.
        spend_unmatched: Spend within the period by names that are no channel here.
        currency: Currency of the spend; None when it names none.
        value_currency: Currency of all values; None when the log names none.
        notes: What was taken for what, and what could not be answered, in plain sentences.
        caveat: What attribution does not show.
    """

    goal: str
    touch: str
    unit: Literal["persons"]
    lookback_s: float
    half_life_s: float
    conversions: int
    value: float
    conversions_without_touch: int
    value_without_touch: float
    repeated_orders: int
    paths_without_conversion: int
    converters: int | None
    non_converters: int | None
    models: dict[str, dict[str, Credit]]
    channels: tuple[ChannelPaths, ...]
    top_paths: tuple[TopPath, ...]
    groups: tuple[AttributionGroup, ...] = ()
    costs: tuple[ChannelCost, ...] = ()
    spend_outside: float = np.nan
    spend_unmatched: dict[str, float] = field(default_factory=dict)
    currency: str | None = None
    value_currency: str | None = None
    notes: tuple[str, ...] = ()
    caveat: str = CAVEAT
    _drill: Drill | None = field(default=None, repr=False, compare=False)
    _paths: tuple[tuple[PathTable, ...], tuple[str, ...]] | None = field(default=None, repr=False, compare=False)

    def rows(self) -> Sequence[ModelCredit]:
        """One row a model and channel."""
        out = []
        for model, given in self.models.items():
            whole = sum(credit.conversions for credit in given.values())
            for channel, credit in given.items():
                share = credit.conversions / whole if whole else np.nan
                out.append(ModelCredit(model, channel, credit.conversions, share, credit.value))  # type: ignore[arg-type]  # keys are models
        return out

    @property
    def path_table(self) -> pa.Table:
        """All distinct paths: `path`, `total_conversions`, `total_conversion_value`, `total_null`; `attribute_paths` reads it."""
        # Paths without a conversion are not kept when nothing that was asked for needs them.
        tables, channels = self._paths if self._paths is not None else who.all_paths(self._asked())
        return to_arrow(join(tables), channels)

    def persons(self, channel: str, *, model: Model = "linear", group: str | None = None) -> Persons:
        """Persons with a conversion that a model credits the channel with, be it in part.

        Args:
            channel: Its name in the result.
            model: Which model gives the credit.
            group: Only conversions of this group of the breakdown.
        """
        return who.credited(self._asked(), channel, model, group=group)

    def persons_of(
        self, kind: Literal["converters", "non_converters", "without_touch", "lost"], *, group: str | None = None
    ) -> Persons:
        """Persons with a conversion, with touches and none, with a conversion without a touch, or with a path that led to none.

        Args:
            kind: `converters`, `non_converters` (with a touch, without a conversion), `without_touch` (converted all the same), or
                `lost` (whose last path no conversion ended, whether one came before or not).
            group: Only paths of this group of the breakdown.
        """
        return who.of_kind(self._asked(), kind, group=group)

    def persons_through(self, channel: str, *, outcome: Literal["any", "converted", "lost"] = "any") -> Persons:
        """Persons with a path that the channel stands in: those who had its touches.

        Args:
            channel: Its name in the result.
            outcome: `converted`: only paths that ended in a conversion; `lost`: only those that did not; `any`: both.
        """
        return who.through(self._asked(), channel, outcome)

    def persons_on(self, path: str, *, outcome: Literal["any", "converted", "lost"] = "any") -> Persons:
        """Persons with exactly this path.

        Args:
            path: As it stands in `top_paths`.
            outcome: `converted`: only where it ended in a conversion; `lost`: only where it did not; `any`: both.

        Raises:
            BadOption: No such path is among them.
        """
        asked = self._asked()
        found = next((one for one in self.top_paths if one.path == path), None)
        if found is None:
            raise BadOption(f"{path!r} is not among the {len(self.top_paths)} paths of the answer")
        return who.on_path(asked, found._channels, outcome)  # noqa: SLF001  (a field of this question that stays out of JSON)

    def _asked(self) -> Drill:
        if self._drill is None:
            raise BadOption("a ready path table does not say whose paths they are; ask a log to list persons")
        return self._drill


def attribution(  # noqa: PLR0913  (the options of the question; each has a default)
    journeys: Journeys,
    *,
    goal: str,
    touch: str,
    touch_event: str | None = None,
    touches: Touches = "events",
    lookback: str | dt.timedelta = "30d",
    half_life: str | dt.timedelta = "7d",
    value: str | None = "revenue",
    orders: Orders = "once",
    direct: Sequence[str] = DIRECT,
    milestone: str | None = None,
    channels: int = 30,
    by: str | None = None,
    spend: str | os.PathLike[str] | SpendSource | None = None,
    currency: str | None = None,
    rates: str | os.PathLike[str] | None = None,
    models: Sequence[Model] | None = None,
    top: int = _TOP_PATHS,
) -> Attribution:
    """Share out conversions among the channels that touched a person before.

    Args:
        journeys: The log.
        goal: Event name, alternatives `A|B`, or predicate: what a conversion is.
        touch: Column whose values are the channels; an event with a value there is a touch. `event` for event names.
        touch_event: Only these events are touches: event names or a predicate.
        touches: `events`: every such event is a touch; `visits`: within a visit (up to 30 minutes of silence) equal
            channels in a row are one touch. For logs that write the channel on every event.
        lookback: Touches up to this long before the conversion count.
        half_life: In the time decay model a touch this much earlier than another weighs half.
        value: Column of numbers: the value of a conversion; conversions without one count 0. None for none.
        orders: `once`: of a person's rows with one order id only the first is a conversion, with its value;
            `lines`: the same conversion, but the values of all its rows are added up.
        direct: Channels the last-non-direct model passes over, in any case.
        milestone: Event in the middle of the W model; None for the touch in the middle of the path.
        channels: Channels kept, by touches; the rest are put together. At most 60.
        by: Break down by a column of the conversion (of the last touch where there is none), `first COLUMN` or
            `last COLUMN`.
        spend: File of costs: columns channel, cost, and if there are any date and currency.
        currency: Of values in several currencies only those in this one count; None for the one most are in.
        rates: CSV of date, currency, rate, which converts the others into `currency`.
        models: Only these models; None for all ten. Without `markov` and `logistic`, and with `top=0`, paths that did not
            convert need not be kept, which is several times quicker on a large log.
        top: Paths listed in `top_paths`.

    Raises:
        UnknownEvent: The goal, touch event or milestone is no event's name.
        UnknownColumn: `touch`, `value` or `by` is no column.
        BadOption: An option outside what it accepts.
    """
    _check_channels(channels)
    for option, given, known in (("orders", orders, ("once", "lines")), ("touches", touches, ("events", "visits"))):
        if given not in known:
            raise BadOption(f"expected {option} to be {' or '.join(known)}, got {given!r}")
    names = journeys.events
    question = AttributionQuestion(
        goal=read_step(goal, names),
        touch=touch,
        touch_event=None if touch_event is None else read_step(touch_event, names),
        milestone=None if milestone is None else read_step(milestone, names),
        visit_us=_VISIT_US if touches == "visits" else 0,
        lookback_us=microseconds(lookback),
        half_life_us=microseconds(half_life),
        money=read_money(journeys, value, currency=currency, rates=rates),
        direct=tuple(name.lower() for name in direct),
        lines=orders == "lines",
        most=channels,
        breakdown=read_breakdown(by),
        time_zone=journeys.time_zone,
        models=_chosen(models, top),
        top=top,
    )
    parts = journeys.parts()
    with_orders = has_column(journeys, "order_id")
    groupings = group_events(parts, question.breakdown)
    found = find_channels(journeys, parts, touch, most=channels)
    partials = journeys.map(
        lambda part, grouping, own: partial(part, question, grouping, own, orders=with_orders), parts, groupings, found
    )
    spent = spend_within(journeys, spend, touch=touch) if spend is not None else None
    return merge(partials, question, groupings[0].names, found[0].names, journeys=journeys, spend=spent)


def attribute_paths(
    paths: pa.Table | str | os.PathLike[str],
    *,
    direct: Sequence[str] = DIRECT,
    separator: str = ">",
    channels: int = 30,
) -> Attribution:
    """Share out the conversions of a ready path table; there is no time decay, for it has no times.

    Args:
        paths: Table or file (CSV, Parquet) with columns `path` (`a > b > c`), `total_conversions`, and if there are
            any `total_conversion_value` and `total_null`.
        direct: Channels the last-non-direct model passes over, in any case.
        separator: What stands between two channels.
        channels: Channels kept, by touches; the rest are put together. At most 60.

    Raises:
        BadFile: The file cannot be read.
        BadOption: A column is missing, or a number is none.
    """
    _check_channels(channels)
    content = paths if hasattr(paths, "column_names") else read_paths(paths)
    table, names = from_arrow(content, separator=separator, most=channels)
    is_direct = direct_mask(names, tuple(name.lower() for name in direct))
    return merge([credit_table(table, is_direct, by_milestone=False, groups=1)], None, ("",), names)


def merge(
    partials: Sequence[AttributionPartial],
    question: AttributionQuestion | None,
    groups: Sequence[str],
    channels: Sequence[str],
    *,
    journeys: Journeys | None = None,
    spend: Spend | None = None,
) -> Attribution:
    """Add up the parts, and run the models of all paths.

    Args:
        partials: One a part.
        question: What was asked; None for a ready path table.
        groups: Names of the groups.
        channels: Names of the channels.
        journeys: What was asked, for lists of persons.
        spend: Costs within the period.
    """
    tables = [found.table for found in partials]
    totals = np.sum([found.totals(len(groups)) for found in partials], axis=0)
    whole = totals.sum(axis=0)
    wanted, top = (question.models, question.top) if question else (MODELS, _TOP_PATHS)
    found = model_credits(partials, group=None, models=wanted)
    order = [int(c) for c in np.argsort(-found.presence[:, 0], kind="stable") if found.presence[c, 0]]
    models = _models(found, channels, order)
    events = sum(len(part.time) for part in journeys.parts()) if journeys is not None else 0
    notes = [*found.notes, *notes_on(partials, question, events=events)]
    costs: tuple[ChannelCost, ...] = ()
    if spend is not None:
        told = question.money.currency if question and question.money else None
        same = told is None or spend.currency in (None, told)
        costs = _costs(models, spend, same=same)
        notes += [spend.note] if same else [spend.note, f"Costs are in {spend.currency}, values in {told}: no ROAS."]
    return Attribution(
        goal=question.goal.text if question else "",
        touch=question.touch if question else "path",
        unit="persons",
        lookback_s=question.lookback_us / _SECOND if question else np.nan,
        half_life_s=question.half_life_us / _SECOND if question else np.nan,
        conversions=round(whole[0]),
        value=float(whole[1]),
        conversions_without_touch=round(whole[2]),
        value_without_touch=float(whole[3]),
        repeated_orders=sum(p.repeated for p in partials),
        paths_without_conversion=round(whole[4]),
        converters=sum(p.converters for p in partials) if question else None,
        non_converters=sum(p.non_converters for p in partials) if question else None,
        models=models,
        channels=tuple(_channel(found, channels, c) for c in order),
        top_paths=_top_paths(top_paths(tables, top), channels) if top else (),
        groups=_groups(partials, totals, groups, channels, order, wanted) if question and question.breakdown else (),
        costs=costs,
        spend_outside=spend.outside if spend else np.nan,
        spend_unmatched=spend.unmatched(next(iter(models.values()))) if spend else {},
        currency=spend.currency if spend else None,
        value_currency=question.money.currency if question and question.money else None,
        notes=tuple(notes),
        _drill=Drill(journeys, question) if journeys is not None else None,
        _paths=(tuple(tables), tuple(channels)) if question is None or question.keeps_all else None,
    )


def _models(found: ModelCredits, channels: Sequence[str], order: Sequence[int]) -> dict[str, dict[str, Credit]]:
    return {
        model: {channels[c]: Credit(float(credit[c, 0]), float(credit[c, 1])) for c in order}
        for model in MODELS
        if (credit := found.credit.get(model)) is not None
    }


def _channel(found: ModelCredits, channels: Sequence[str], c: int) -> ChannelPaths:
    touches, paths, conversions = (float(n) for n in found.presence[c])
    return ChannelPaths(
        channels[c], round(touches), round(paths), round(conversions), conversions / paths if paths else np.nan,
        float(found.removal_effects[c]), float(found.predicted_losses[c]),
    )  # fmt: skip


def _top_paths(paths: PathTable, channels: Sequence[str]) -> tuple[TopPath, ...]:
    return tuple(
        TopPath(
            " > ".join(paths.names(p, channels)),
            round(paths.conversions[p]),
            float(paths.value[p]),
            round(paths.nulls[p]),
            tuple(paths.names(p, channels)),
        )
        for p in range(len(paths))
    )


def _groups(
    partials: Sequence[AttributionPartial],
    totals: NDArray[np.float64],
    groups: Sequence[str],
    channels: Sequence[str],
    order: Sequence[int],
    wanted: Sequence[str],
) -> tuple[AttributionGroup, ...]:
    made = [
        AttributionGroup(
            groups[g],
            round(totals[g, 0]),
            float(totals[g, 1]),
            _models(model_credits(partials, group=g, models=wanted), channels, order),
        )
        for g in np.flatnonzero(totals[:, [0, 4]].any(axis=1)).tolist()
    ]
    return tuple(sorted(made, key=lambda group: -group.conversions))


def _costs(models: dict[str, dict[str, Credit]], spend: Spend, *, same: bool) -> tuple[ChannelCost, ...]:
    out = []
    for model, given in models.items():
        for channel, cost in spend.costs(given).items():
            credit = given[channel]
            cpa = cost / credit.conversions if credit.conversions > 0 else np.nan
            roas = credit.value / cost if cost > 0 and same else np.nan
            out.append(ChannelCost(model, channel, cost, credit.conversions, credit.value, cpa, roas))  # type: ignore[arg-type]  # keys are models
    return tuple(out)


def _check_channels(channels: int) -> None:
    if not _FEWEST_CHANNELS <= channels <= MOST_CHANNELS:
        raise BadOption(f"expected {_FEWEST_CHANNELS} to {MOST_CHANNELS} channels, got {channels}")


def _chosen(models: Sequence[str] | None, top: int) -> tuple[str, ...]:
    """The models asked for, in the order they are shown."""
    if top < 0:
        raise BadOption(f"expected top to be at least 0, got {top}")
    if models is None:
        return MODELS
    unknown = [model for model in models if model not in MODELS]
    if unknown or not models:
        told = ", ".join(map(repr, unknown)) or "none"
        raise BadOption(f"expected models among {', '.join(MODELS)}, got {told}")
    return tuple(model for model in MODELS if model in models)
