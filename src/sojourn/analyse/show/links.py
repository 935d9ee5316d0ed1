"""How the links of a person look."""

from __future__ import annotations

from typing import TYPE_CHECKING

import plotly.graph_objects as go
from rich.text import Text

from sojourn.analyse.show.style import PALETTE, layout, table
from sojourn.analyse.show.words import count

if TYPE_CHECKING:
    from rich.console import RenderableType

    from sojourn.analyse.links import PersonLink, PersonLinks


def render(links: PersonLinks) -> RenderableType:
    """Every link with its evidence and what became of it."""
    if not links.links:
        return Text(f"{links.person}: one identifier, no links.")
    joined = links.proven_identifiers
    proven = f"proven links join {count(joined)} of them" if joined > 1 else "proven links join none of them"
    made = table(
        f"Links of {links.person}",
        [("link", "left"), ("between", "left"), ("and", "left"), ("evidence", "left"), ("first", "left"), ("outcome", "left")],
        caption=f"{count(links.identifiers)} identifiers; {proven}. "
        "`sojourn links revoke LINK` parts what a link joins.",
    )  # fmt: skip
    for link in links.links:
        shown = f"{'proven' if link.proven else 'claimed'}: {link.evidence}, {link.event}"
        made.add_row(link.link, *_ends(link), shown, (link.first or "")[:19].replace("T", " "), link.outcome)
    return made


def figure(links: PersonLinks) -> go.Figure:
    """Each link from its first event to its last."""
    drawn = go.Figure()
    for n, link in enumerate(links.links):
        drawn.add_scatter(
            x=[link.first, link.last],
            y=[" and ".join(_ends(link))] * 2,
            mode="lines+markers",
            line={"color": PALETTE[0 if link.proven else 1], "dash": "solid" if link.outcome == "joins" else "dot"},
            name=f"{n + 1}. {link.evidence}: {link.outcome}",
        )
    return layout(drawn, f"Links of {links.person}", x="time")


def _ends(link: PersonLink) -> tuple[str, str]:
    return f"{link.one_kind} {link.one}".strip(), f"{link.other_kind} {link.other}".strip()
