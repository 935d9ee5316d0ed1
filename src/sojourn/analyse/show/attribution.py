"""How an attribution looks.

In: an `Attribution`. Out: tables for a terminal, a figure.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import plotly.graph_objects as go
from rich.console import Group
from rich.text import Text

from sojourn.analyse.show.style import layout, table
from sojourn.analyse.show.words import count, duration, money, percent

if TYPE_CHECKING:
    from rich.console import RenderableType

    from sojourn.analyse.attribution import Attribution
    from sojourn.analyse.attribution_records import Credit

_SHORT = {
    "first": "first",
    "last": "last",
    "last_non_direct": "last*",
    "linear": "linear",
    "time_decay": "decay",
    "position_u": "U",
    "position_w": "W",
    "markov": "Markov",
    "shapley": "Shap.",
    "logistic": "logit",
}
_LEGEND = (
    "last* = last that is not direct, decay = time decay, U = 40/20/40, W = 30/30/30/10, Markov = removal effect, "
    "Shap. = Shapley value, logit = counterfactual logistic."
)
_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "triangle-down", "cross", "x", "star", "hexagon", "pentagon")
_COSTED = ("first", "last", "linear", "time_decay", "markov", "shapley", "logistic")
_CHANNELS_SHOWN = 20
_GROUPS_SHOWN = 8
_PATH_SHOWN = 8


def render(attribution: Attribution) -> RenderableType:
    """What was counted, credit by channel and model, costs, paths, and the caveat."""
    shown: list[RenderableType] = [_opening(attribution)]
    shown.append(_credits("Conversions credited", attribution.models, "conversions", caption=_LEGEND))
    if attribution.value:
        named = f"Value credited, {attribution.value_currency}" if attribution.value_currency else "Value credited"
        shown.append(_credits(named, attribution.models, "value"))
    shown += [_channels(attribution)]
    if attribution.costs or attribution.spend_unmatched:
        shown.append(_costs(attribution))
    if attribution.top_paths:
        shown.append(_paths(attribution))
    for group in attribution.groups[:_GROUPS_SHOWN]:
        title = f"{group.group}: {count(group.conversions)} conversions"
        shown.append(_credits(title, group.models, "conversions"))
    shown += [Text(note, style="dim") for note in attribution.notes]
    shown.append(Text(attribution.caveat, style="italic"))
    return Group(*shown)


def figure(attribution: Attribution) -> go.Figure:
    """A row a channel, a mark a model: how far the marks lie apart is how little the models agree."""
    drawn = go.Figure()
    for number, (model, credits_given) in enumerate(attribution.models.items()):
        shown = list(credits_given.items())[:_CHANNELS_SHOWN]
        drawn.add_scatter(
            x=[credit.conversions for _, credit in shown],
            y=[channel for channel, _ in shown],
            mode="markers",
            marker={"size": 10, "symbol": _SYMBOLS[number % len(_SYMBOLS)], "opacity": 0.8},
            name=model.replace("_", " "),
        )
    drawn.update_yaxes(autorange="reversed", type="category")
    drawn.update_xaxes(rangemode="tozero")
    rows = min(_CHANNELS_SHOWN, max((len(given) for given in attribution.models.values()), default=1))
    drawn.update_layout(height=180 + 28 * rows)
    return layout(drawn, "Attribution: conversions credited, by model", x="conversions")


def _opening(attribution: Attribution) -> Text:
    lines = [f"{count(attribution.conversions)} conversions"]
    if attribution.goal:
        lines[0] += f" ({attribution.goal}) of {count(attribution.converters or 0)} persons"
    lines[0] += f", worth {money(attribution.value, attribution.value_currency)}." if attribution.value else "."
    if attribution.conversions_without_touch:
        looked = duration(attribution.lookback_s).replace(".0 d", " d")
        within = f" within {looked}" if attribution.goal else ""
        lines.append(f"Not credited, for no touch came{within} before: {count(attribution.conversions_without_touch)}.")
    if attribution.repeated_orders:
        lines.append(
            f"Not counted again, for the person's order was counted before: {count(attribution.repeated_orders)}."
        )
    lines.append(f"Paths that ended without a conversion: {count(attribution.paths_without_conversion)}.")
    return Text("\n".join(["Attribution", *lines]))


def _credits(
    title: str, models: dict[str, dict[str, Credit]], field: str, *, caption: str | None = None
) -> RenderableType:
    made = table(title, [("channel", "left"), *((_SHORT[model], "right") for model in models)], caption=caption)
    channels = list(next(iter(models.values()), {}))
    for channel in channels[:_CHANNELS_SHOWN]:
        made.add_row(channel, *(_number(getattr(given[channel], field)) for given in models.values()))
    if rest := channels[_CHANNELS_SHOWN:]:
        sums = (sum(getattr(given[channel], field) for channel in rest) for given in models.values())
        made.add_row(f"{len(rest)} more", *(_number(whole) for whole in sums))
    return made


def _channels(attribution: Attribution) -> RenderableType:
    columns = [
        ("channel", "left"),
        ("touches", "right"),
        ("paths", "right"),
        ("converted", "right"),
        ("of its paths", "right"),
    ]
    made = table("Where the channels stand", [*columns, ("goes through it", "right")])
    made.caption = "Goes through it = share of conversions whose path would break without it in the Markov chain."
    for channel in attribution.channels[:_CHANNELS_SHOWN]:
        made.add_row(
            channel.channel,
            count(channel.touches),
            count(channel.paths),
            count(channel.conversions),
            percent(channel.conversion_share),
            percent(channel.removal_effect),
        )
    return made


def _costs(attribution: Attribution) -> RenderableType:
    models = [model for model in _COSTED if any(cost.model == model for cost in attribution.costs)]
    unit = f" ({attribution.currency})" if attribution.currency else ""
    caption = "CPA = cost / conversions credited. ROAS = value credited / cost."
    if attribution.spend_outside:
        caption += f" {count(attribution.spend_outside)} was spent outside the period and is left out."
    if attribution.spend_unmatched:
        caption += f" Without touches: {', '.join(attribution.spend_unmatched)}."
    made = table(f"Cost of a conversion{unit}", [("channel", "left"), ("cost", "right")], caption=caption)
    for model in models:
        made.add_column(_SHORT[model], justify="right")
    made.add_column("ROAS", justify="right")
    for channel in dict.fromkeys(cost.channel for cost in attribution.costs):
        own = [cost for cost in attribution.costs if cost.channel == channel and cost.model in _COSTED]
        returns = [cost.roas for cost in own if not math.isnan(cost.roas)]
        span = f"{min(returns):.2f}–{max(returns):.2f}" if returns and max(returns) > 0 else "–"
        made.add_row(channel, _number(own[0].cost), *(_number(cost.cpa) for cost in own), span)
    for name, cost in attribution.spend_unmatched.items():
        made.add_row(name, _number(cost), *("–" for _ in models), "–")
    return made


def _paths(attribution: Attribution) -> RenderableType:
    made = table("Paths that converted most", [("path", "left"), ("conversions", "right"), ("without", "right")])
    for path in attribution.top_paths:
        made.add_row(_folded(path.path), count(path.conversions), count(path.nulls))
    return made


def _folded(path: str) -> str:
    """`ads ×3 > mail`: repeats folded, long paths cut."""
    folded: list[list[str]] = []
    for name in path.split(" > "):
        if folded and folded[-1][0] == name:
            folded[-1].append(name)
        else:
            folded.append([name])
    words = [names[0] + (f" ×{len(names)}" if len(names) > 1 else "") for names in folded]
    more = [f"… {len(words) - _PATH_SHOWN} more"] if len(words) > _PATH_SHOWN else []
    return " > ".join(words[:_PATH_SHOWN] + more)


def _number(number: float) -> str:
    """Short enough for ten columns: `8,447`, `92.3`, `1.73`, `182k`."""
    if math.isnan(number):
        return "–"
    size = abs(number)
    for limit, text in ((0.005, "0"), (10, f"{number:.2f}"), (100, f"{number:.1f}"), (100_000, f"{number:,.0f}")):
        if size < limit:
            return text
    return f"{number / 1e3:,.0f}k" if size < 1e7 else f"{number / 1e6:,.0f}M"  # noqa: PLR2004  (thousands, then millions)
