"""The attribution models: those of single paths added up, Markov removal and counterfactual logistic.

In: what the parts add. Out: for each model one number a channel.
Formulas, sources and assumptions: docs/methods/attribution.md. Both describe paths; neither proves incrementality.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sojourn.analyse.attribution_names import MODELS, OF_SINGLE_PATHS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sojourn.analyse.attribution_paths import AttributionPartial

RIDGE = 0.01
"""Weight of the squared coefficients in the logistic fit: keeps them finite when a channel always converts."""
BASELINE = 100
"""Persons without a touch from whom on the chance to convert without any channel is learned."""


_STEPS = 100
_CLOSE = 1e-13


@dataclass(frozen=True, slots=True)
class ModelCredits:
    """What all models give all channels.

    Attributes:
        credit: By model float64, shape (channels, 2): conversions and value.
        presence: float64, shape (channels, 3): touches, paths with the channel, conversions of these.
        removal_effects: One a channel, see `removal_effects`; nan when the Markov model was not asked for.
        predicted_losses: One a channel, see `logistic_losses`; nan when there was nothing to fit, or nobody asked.
        notes: Why a model is missing.
    """

    credit: dict[str, NDArray[np.float64]]
    presence: NDArray[np.float64]
    removal_effects: NDArray[np.float64]
    predicted_losses: NDArray[np.float64]
    notes: tuple[str, ...]


def model_credits(
    partials: Sequence[AttributionPartial], *, group: int | None, models: Sequence[str] = MODELS
) -> ModelCredits:
    """Add up the parts and run every model that is wanted and can be run.

    Args:
        partials: One a part.
        group: One group of a breakdown; None for all together.
        models: Models wanted.
    """
    wanted = slice(None) if group is None else slice(group, group + 1)
    single = sum((p.credit[wanted].sum(axis=0) for p in partials), start=np.zeros(partials[0].credit.shape[1:]))
    flow = sum((p.flow[wanted].sum(axis=0) for p in partials), start=np.zeros(partials[0].flow.shape[1:]))
    presence = sum((p.presence[wanted].sum(axis=0) for p in partials), start=np.zeros(partials[0].presence.shape[1:]))
    credit = {model: single[place] for model, place in OF_SINGLE_PATHS.items() if model in models}
    notes = []
    decayed = [p.decayed[wanted].sum(axis=0) for p in partials if p.decayed is not None]
    if decayed:
        credit["time_decay"] = np.sum(decayed, axis=0)
    elif "time_decay" in models:
        notes.append("No time decay: a path table has no times.")
    whole = single[OF_SINGLE_PATHS["first"]].sum(axis=0)
    effects, losses = np.full((2, len(presence)), np.nan)
    if "markov" in models:
        effects = removal_effects(flow)
        credit["markov"] = shares(effects)[:, None] * whole
    if "logistic" in models:
        sets, conversions, nulls = _sets(partials, group)
        touched = sets != 0
        if conversions[touched].sum() > 0 and nulls[touched].sum() > 0:
            losses = logistic_losses(sets, conversions, nulls, len(presence))[0]
            credit["logistic"] = shares(losses)[:, None] * whole
        else:
            notes.append(
                "No logistic model: it compares paths that convert with paths that do not, and only one kind is here."
            )
    return ModelCredits(credit, presence, effects, losses, tuple(notes))


def _sets(
    partials: Sequence[AttributionPartial], group: int | None
) -> tuple[NDArray[np.uint64], NDArray[np.float64], NDArray[np.float64]]:
    """Each set of channels once, with its conversions and nulls."""
    masks = np.concatenate([p.sets for p in partials])
    wanted = slice(None) if group is None else slice(group, group + 1)
    counts = np.concatenate([p.set_counts[:, wanted].sum(axis=1) for p in partials])
    sets, place = np.unique(masks, return_inverse=True)
    won, lost = (np.bincount(place, counts[:, k], len(sets)).astype(np.float64) for k in range(2))
    some = won + lost > 0
    return sets[some], won[some], lost[some]


def removal_effects(flow: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of conversions that go through each channel, in the order-1 Markov chain of the paths.

    Exact: a chain that must avoid channel i converts with `b_start - f_i * b_i`, where `f_i` is the probability to
    ever reach i and `b_i` that of converting from there, so the removal effect is `f_i * b_i / b_start`.

    Args:
        flow: Shape (channels + start, channels + conversion + null): how often each step was made.

    Returns:
        One a channel, in [0, 1]; zeros when nothing converts.

    Source: Anderl, Becker, von Wangenheim, Schumann (2016), IJRM 33(3), 457-474; absorbing chains: Kemeny and
    Snell (1960), Finite Markov Chains, theorems 3.2.4 and 3.5.4.
    """
    channels = flow.shape[0] - 1
    total = flow.sum(axis=1, keepdims=True)
    chances = np.divide(flow, total, out=np.zeros_like(flow), where=total > 0)
    between, to_conversion = chances[:channels, :channels], chances[:channels, channels]
    fundamental = np.linalg.inv(np.eye(channels) - between)
    converts = fundamental @ to_conversion
    start = chances[channels]
    whole = float(start[:channels] @ converts + start[channels])
    if whole <= 0:
        return np.zeros(channels)
    ever = (start[:channels] @ fundamental) / np.diag(fundamental)
    effects: NDArray[np.float64] = ever * converts / whole
    return effects


def logistic_losses(
    masks: NDArray[np.uint64], conversions: NDArray[np.float64], nulls: NDArray[np.float64], channels: int
) -> tuple[NDArray[np.float64], float, NDArray[np.float64]]:
    """Conversions a logistic regression predicts to be lost when a channel is taken from every path.

    The chance that a path converts is modelled by which channels are in it; then each channel is struck out of
    the paths that have it, and the drop of the predicted chance is added up over all paths, converted or not.
    A path left without any channel has the chance of persons without a touch when at least `BASELINE` of those
    are known, else none, as in the Markov chain.

    Args:
        masks: One a set of channels: bit c is set when channel c is in it; 0 for persons without a touch.
        conversions: How often each set converted.
        nulls: How often it did not.
        channels: How many channels there are.

    Returns:
        Loss a channel (below zero: the model expects more conversions without it), intercept, coefficients.
    """
    weight = conversions + nulls
    known = weight[masks == 0].sum() >= BASELINE
    if not known:
        masks, conversions, weight = (values[masks != 0] for values in (masks, conversions, weight))
    present = ((masks[:, None] >> np.arange(channels, dtype=np.uint64)) & np.uint64(1)).astype(np.float64)
    beta = _fit_logistic(np.column_stack([np.ones(len(masks)), present]), conversions, weight)
    score = beta[0] + present @ beta[1:]
    without = _chance(score[:, None] - present * beta[1:])
    if not known:
        alone = present.sum(axis=1, keepdims=True) == 1
        without = np.where(alone & (present > 0), 0.0, without)
    lost: NDArray[np.float64] = (weight[:, None] * (_chance(score)[:, None] - without)).sum(axis=0)
    return lost, float(beta[0]), beta[1:]


def _fit_logistic(
    design: NDArray[np.float64], conversions: NDArray[np.float64], weight: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Coefficients of largest likelihood, less half the ridge times their squares: Newton's method, steps halved."""
    penalty = np.full(design.shape[1], RIDGE)
    penalty[0] = RIDGE * 1e-6  # the intercept is free, but stays finite when every path converts or none does

    def loss(beta: NDArray[np.float64]) -> float:
        score = design @ beta
        return float(weight @ np.logaddexp(0, score) - conversions @ score + 0.5 * penalty @ beta**2)

    beta = np.zeros(design.shape[1])
    now = loss(beta)
    for _ in range(_STEPS):
        chance = _chance(design @ beta)
        slope = design.T @ (weight * chance - conversions) + penalty * beta
        curve = (design.T * (weight * chance * (1 - chance))) @ design + np.diag(penalty)
        step = np.linalg.solve(curve, slope)
        if slope @ step <= _CLOSE * (1 + abs(now)):
            break
        # The loss is convex: some fraction of the step makes it smaller, until rounding says there is no better.
        size = 1.0
        while size > _CLOSE and loss(beta - size * step) > now:
            size /= 2
        beta = beta - size * step
        now = loss(beta)
    return beta


def shares(effects: NDArray[np.float64]) -> NDArray[np.float64]:
    """Effects as shares of one: those below zero count as none; zeros when there are none."""
    positive = np.maximum(effects, 0.0)
    total = positive.sum()
    out: NDArray[np.float64] = positive / total if total > 0 else positive
    return out


def _chance(score: NDArray[np.float64]) -> NDArray[np.float64]:
    """The logistic function, without overflow."""
    out: NDArray[np.float64] = np.exp(-np.logaddexp(0, -score))
    return out
