"""Journeys: which way people go, from or to any event: a Sankey diagram, a tree, and whole paths."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sojourn.analyse.show.words import count, percent
from sojourn.analyse.walks import ENTRY, EXIT
from sojourn.console.answers import answered, values_of
from sojourn.console.known import known
from sojourn.console.page import View, render

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.responses import Response

    from sojourn.analyse.paths import Branch, Paths
    from sojourn.console.answers import Answered
    from sojourn.console.asked import Asked

_SMALLEST = 0.01
_BRANCHES, _ROOTS, _WHOLE = 6, 8, 15
_DEPTH, _MOST = 4, 200


@dataclass(frozen=True, slots=True)
class Twig:
    """A branch of the tree as the page shows it.

    Attributes:
        value: Its last step (its first where steps are counted backwards).
        branch: The branch.
        href: Its persons.
        twigs: What grows from it, largest first.
        opened: Whether it is shown unfolded.
    """

    value: str
    branch: Branch
    href: str
    twigs: tuple[Twig, ...]
    opened: bool


async def journeys(asked: Asked) -> Response:
    """The paths."""
    names = await known(asked)
    values = values_of(asked, "paths")
    found = await answered(asked, "paths", {"depth": [str(_DEPTH)], "most": [str(_MOST)], **values}, title="Journeys")
    result = found.result
    return render(
        asked, "journeys.html", title="Journeys", found=found, known=names, branch_share=_SMALLEST,
        figure=await found.figure(_figure),
        trees=_trees(found) if result is not None else [],
        whole=list(result.whole[:_WHOLE]) if result is not None else [],
    )  # fmt: skip


def _figure(found: Answered) -> Any:  # noqa: ANN401  (a plotly figure)
    """The result's own Sankey diagram; nodes and links lead to their persons."""
    if not found.result.links:
        return None
    result: Paths = found.result
    figure = result.plot()
    [sankey] = figure.data
    known_nodes = {(node.position, node.value): node for node in result.nodes}
    links = {(link.position, link.from_, link.to): link for link in result.links}
    ends = sorted(set(_ends(result, len(sankey.link.source))))
    # A node that can be dragged takes the click for the beginning of it.
    sankey.arrangement = "fixed"
    sankey.node.customdata = [_told(found, known_nodes, end) for end in ends]
    sankey.node.hovertemplate = "%{customdata[0]}<extra></extra>"
    pairs = zip(sankey.link.source, sankey.link.target, strict=True)
    sankey.link.customdata = [_told_link(found, links, ends[source], ends[target]) for source, target in pairs]
    sankey.link.hovertemplate = "%{customdata[0]}<extra></extra>"
    return figure


def _ends(result: Paths, shown: int) -> list[tuple[int, str]]:
    """Both ends of the links that the diagram shows."""
    links = [link for link in result.links if link.count][:shown]
    return [(link.position, link.from_) for link in links] + [(link.position + 1, link.to) for link in links]


def _told(found: Answered, nodes: Any, end: tuple[int, str]) -> list[str]:  # noqa: ANN401  (nodes by place)
    node = nodes.get(end)
    if node is None:
        return [end[1], ""]
    text = (
        f"{node.value}: {count(node.count)} {found.result.unit}, {count(node.persons)} persons, {percent(node.share)}"
    )
    return [text, found.behind("persons_at", position=node.position, value=node.value)]


def _told_link(found: Answered, links: Any, source: tuple[int, str], target: tuple[int, str]) -> list[str]:  # noqa: ANN401  (links by place)
    link = links[source[0], source[1], target[1]]
    text = f"{link.from_} > {link.to}: {count(link.count)} {found.result.unit}, {count(link.persons)} persons"
    return [text, found.behind("persons_at", position=link.position, value=link.from_, to=link.to)]


def _trees(found: Answered) -> list[tuple[str, tuple[Twig, ...]]]:
    """A tree for each direction that was asked for."""
    result: Paths = found.result
    around = result.about.startswith("around")
    before = [branch for branch in result.branches if branch.position <= 0]
    after = [branch for branch in result.branches if branch.position >= 0]
    made = []
    if any(branch.position > 0 for branch in after) or not around:
        backwards = any(branch.position < 0 for branch in before) and not around
        shown = before if backwards else after
        made.append(
            (
                "Before it" if backwards else "After it" if around else "The tree",
                _grown(found, shown, backwards=backwards),
            )
        )
    if around and any(branch.position < 0 for branch in before):
        made.insert(0, ("Before it", _grown(found, before, backwards=True)))
    return made


def _grown(found: Answered, branches: Sequence[Branch], *, backwards: bool) -> tuple[Twig, ...]:
    children: dict[tuple[str, ...], list[Branch]] = {}
    for branch in branches:
        if branch.share >= _SMALLEST:
            children.setdefault(branch.path[1:] if backwards else branch.path[:-1], []).append(branch)
    direction = ("before" if backwards else "after") if found.result.about.startswith("around") else None

    def grow(at: tuple[str, ...], most: int, level: int) -> tuple[Twig, ...]:
        own = sorted(children.get(at, ()), key=lambda branch: -branch.count)[:most]
        return tuple(
            Twig(
                branch.path[0] if backwards else branch.path[-1],
                branch,
                found.behind("persons_of", path=list(branch.path), direction=direction),
                grow(branch.path, _BRANCHES, level + 1)
                if (branch.path[0] if backwards else branch.path[-1]) not in (EXIT, ENTRY)
                else (),
                level < 2 and place < 2,  # noqa: PLR2004  (the two largest of the two first levels)
            )
            for place, branch in enumerate(own)
        )

    return grow((), _ROOTS, 0)


VIEWS = (View("/journeys", "Journeys", journeys, group="Journeys"),)
