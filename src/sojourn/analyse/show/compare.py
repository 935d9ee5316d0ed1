"""How a comparison looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import plotly.graph_objects as go
from rich.console import Group
from rich.text import Text

from sojourn.analyse.show.style import PALETTE, layout, table
from sojourn.analyse.show.words import count, duration, percent

if TYPE_CHECKING:
    from rich.console import RenderableType

    from sojourn.analyse.compare import Comparison, Ending, Finding

_TOLD = 3
_ALSO = 3
_DRAWN = 15
_UNSURE_SHOWN = 3


def render(comparison: Comparison) -> RenderableType:
    """The groups, the best findings as sentences, then tables of what each group has more of."""
    sizes = ", ".join(f"{count(size)} {name}" for name, size in comparison.groups.items())
    shown: list[RenderableType] = [
        Text("Comparison", style="bold"),
        Text(f"{comparison.asked}: {sizes}"),
        *_notes(comparison),
    ]
    sure = [finding for finding in comparison.findings if finding.sure]
    if not sure:
        shown.append(Text(f"Nothing separates them beyond chance; {count(comparison.tried)} candidates were tried."))
    for number, finding in enumerate(sure[:_TOLD], start=1):
        shown.append(Text(f"{number}. {finding.sentence}{_as_well(finding)}"))
    for name in comparison.groups:
        mine = [finding for finding in sure if finding.more_among == name]
        if mine:
            shown += [Text(), _findings(f"More often among {_who(comparison, name)}", mine, comparison)]
    if sure:
        shown.append(Text(_caption(comparison), style="dim"))
    if not sure and comparison.findings:
        shown += [
            Text(),
            _findings("Largest differences, all within chance", comparison.findings[:_UNSURE_SHOWN], comparison),
        ]
    if comparison.milestones:
        shown += [Text(), _milestones(comparison)]
    for ending in comparison.endings:
        shown.append(Text(_ending(ending)))
    for group in comparison.by_group:
        within = [finding for finding in group.findings if finding.sure]
        sizes = ", ".join(f"{count(size)} {name}" for name, size in group.groups.items())
        title = f"{group.group}: {sizes}"
        empty = Text(f"{title}: nothing beyond chance")
        shown += [Text(), _findings(title, within[:_TOLD], comparison) if within else empty]
    return Group(*shown)


def figure(comparison: Comparison) -> go.Figure:
    """Differences in points with their intervals, the best at the top."""
    drawn = go.Figure()
    listed = [f for f in comparison.findings if f.sure][:_DRAWN] or list(comparison.findings[:_UNSURE_SHOWN])
    for number, side in enumerate(comparison.groups):
        mine = [finding for finding in listed if finding.more_among == side]
        drawn.add_scatter(
            x=[finding.difference for finding in mine],
            y=[finding.what for finding in mine],
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [finding.high - finding.difference for finding in mine],
                "arrayminus": [finding.difference - finding.low for finding in mine],
            },
            mode="markers",
            marker={"size": 10, "color": PALETTE[(5, 0)[number]]},
            name=f"more among {_who(comparison, side)}",
            text=[finding.sentence for finding in mine],
            hovertemplate="%{text}<extra></extra>",
        )
    drawn.add_vline(x=0, line_width=1, line_color="#888")
    drawn.update_xaxes(tickformat="+.0%")
    drawn.update_yaxes(
        autorange="reversed", categoryorder="array", categoryarray=[f.what for f in listed], automargin=True
    )
    drawn.update_layout(height=160 + 32 * len(listed))
    a, b = comparison.groups
    return layout(drawn, f"What separates {a} from {b}", x="difference of shares, 95 % interval")


def _notes(comparison: Comparison) -> list[RenderableType]:
    """How long they were watched, and who was left out."""
    notes = []
    if comparison.median_watch_s == comparison.median_watch_s:
        median = duration(comparison.median_watch_s)
        notes.append(
            f"Watched from the step before until they went on (median {median}); leavers for times dealt from theirs."
        )
    if comparison.undecided:
        notes.append(f"Left out: {count(comparison.undecided)} who came too late in the log to tell.")
    if comparison.in_both:
        notes.append(f"Left out: {count(comparison.in_both)} who are in both groups.")
    return [Text(note, style="dim") for note in notes]


def _who(comparison: Comparison, side: str) -> str:
    return side if "leavers" in comparison.groups else f"persons with {side}"


def _as_well(finding: Finding) -> str:
    """Other names of the same persons."""
    if not finding.also:
        return ""
    more = f" and {len(finding.also) - _ALSO} more" if len(finding.also) > _ALSO else ""
    return f" The same persons: {'; '.join(finding.also[:_ALSO])}{more}."


def _findings(title: str, findings: list[Finding] | tuple[Finding, ...], comparison: Comparison) -> RenderableType:
    a, b = comparison.groups
    columns = [
        ("", "left"),
        (a, "right"),
        (b, "right"),
        ("points", "right"),
        ("95 %", "left"),
        ("ratio", "right"),
        ("p", "right"),
    ]
    made = table(title, columns)
    for finding in findings:
        also = f" (and {len(finding.also)} alike)" if finding.also else ""
        also += " (seen later)" if finding.later else ""
        made.add_row(
            Text(finding.what + also),
            percent(finding.share_a),
            percent(finding.share_b),
            f"{100 * finding.difference:+.1f}",
            f"[{100 * finding.low:.1f}, {100 * finding.high:.1f}]",
            "–" if finding.ratio != finding.ratio else f"{finding.ratio:.2f}",
            "< 0.001" if finding.p_corrected < 0.001 else f"{finding.p_corrected:.2g}",  # noqa: PLR2004  (as printed)
        )
    return made


def _caption(comparison: Comparison) -> str:
    a, b = comparison.groups
    return (
        f"Counted: persons. Points and ratio: {a} against {b}. {count(comparison.tried)} candidates were tried; p is corrected "
        "for that (Holm). Ranked by the end of the 95 % interval nearer to no difference."
    )


def _ending(ending: Ending) -> str:
    if ending.share_a:
        share = percent(ending.share_a, digits=0)
        return f"Another name for leaving: {ending.what} ({share} of leavers come to it, nobody goes on after it)."
    share = percent(ending.share_b, digits=0)
    return f"Another name for going on: {ending.what} ({share} of converters come to it, no leaver ever does)."


def _milestones(comparison: Comparison) -> RenderableType:
    caption = "Nearly every converter passes these on the way. As steps of the funnel they show more exactly where people leave."
    made = table("On the way", [("event", "left"), ("leavers", "right"), ("converters", "right")], caption=caption)
    for milestone in comparison.milestones:
        made.add_row(milestone.what, percent(milestone.share_a), percent(milestone.share_b))
    return made
