"""What an attribution is made of: credits, channels, paths, costs.

In: nothing. Out: frozen records, made by `analyse.attribution`. Every field: docs/results.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Model = Literal[
    "first",
    "last",
    "last_non_direct",
    "linear",
    "time_decay",
    "position_u",
    "position_w",
    "markov",
    "shapley",
    "logistic",
]


@dataclass(frozen=True, slots=True)
class Credit:
    """What one model gives one channel.

    Attributes:
        conversions: Conversions credited to it, in parts of one.
        value: Value credited to it.
    """

    conversions: float
    value: float


@dataclass(frozen=True, slots=True)
class ModelCredit:
    """One row of an attribution as a table.

    Attributes:
        model: The model.
        channel: The channel.
        conversions: Conversions credited to it, in parts of one.
        share: Of all credited conversions, in [0, 1]; nan without any.
        value: Value credited to it.
    """

    model: Model
    channel: str
    conversions: float
    share: float
    value: float


@dataclass(frozen=True, slots=True)
class ChannelPaths:
    """In which paths a channel stands, and what the two models of all paths say before their scale is set.

    Attributes:
        channel: The channel.
        touches: Its touches in all paths.
        paths: Paths it stands in, with and without conversion.
        conversions: Conversions of the paths it stands in.
        conversion_share: `conversions / paths`, in [0, 1]; of paths, not of persons.
        removal_effect: Share of conversions whose path goes through it in the Markov chain, in [0, 1].
        predicted_loss: Conversions the logistic model expects to be lost without it; nan when it was not fitted.
    """

    channel: str
    touches: int
    paths: int
    conversions: int
    conversion_share: float
    removal_effect: float
    predicted_loss: float


@dataclass(frozen=True, slots=True)
class TopPath:
    """One of the paths that converted most.

    Attributes:
        path: Its channels in order, ` > ` between them.
        conversions: How often it ended in a conversion.
        value: Value of these conversions.
        nulls: How often it ended without one.
    """

    path: str
    conversions: int
    value: float
    nulls: int
    _channels: tuple[str, ...] = field(default=(), repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class ChannelCost:
    """What a channel cost and what one model credits it with.

    Attributes:
        model: The model.
        channel: The channel.
        cost: Spend on it within the period.
        conversions: Conversions credited to it.
        value: Value credited to it.
        cpa: Cost of one conversion, `cost / conversions`; nan without conversions.
        roas: Value for each unit of cost, `value / cost`; nan without cost, or when they are in two currencies.
    """

    model: Model
    channel: str
    cost: float
    conversions: float
    value: float
    cpa: float
    roas: float


@dataclass(frozen=True, slots=True)
class AttributionGroup:
    """The attribution of one group of a breakdown.

    Attributes:
        group: Its name.
        conversions: Conversions in it.
        value: Their value.
        models: As in `Attribution`.
    """

    group: str
    conversions: int
    value: float
    models: dict[str, dict[str, Credit]]
