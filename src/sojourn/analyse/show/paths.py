"""How paths look: a tree in a terminal, a Sankey diagram as a figure."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import plotly.graph_objects as go
from rich.cells import cell_len
from rich.console import Group
from rich.text import Text
from rich.tree import Tree

from sojourn.analyse.show.style import ACCENT, PALETTE, layout, table
from sojourn.analyse.show.words import bar, count, percent
from sojourn.analyse.walks import ENTRY, EXIT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.segment import Segment

    from sojourn.analyse.paths import Branch, PathLink, Paths

_ROOTS, _CHILDREN, _SMALLEST = 6, 4, 0.005
_WHOLE_SHOWN, _STEPS_SHOWN = 12, 8
_LINKS_SHOWN = 80
_LONGEST = 40
_BARS = 14
_BAR_SIGNS = " █▏▎▍▌▋▊▉"
_GREY = "#B0B0B0"


def render(paths: Paths) -> RenderableType:
    """The tree (two, for paths around an event), whole paths, and groups."""
    if not paths.units:
        return Text(f"{titled('Paths', paths.about, paths.group)}: no {paths.unit} have one.")
    which = titled("Paths", paths.about, paths.group)
    head = Text(f"{which}: {count(paths.units)} {paths.unit} of {count(paths.persons)} persons", style="bold")
    shown: list[RenderableType] = [head]
    after = [branch for branch in paths.branches if branch.position >= 0]
    before = [branch for branch in paths.branches if branch.position <= 0]
    if any(branch.position < 0 for branch in before):
        shown.append(_tree(before, "Before" if paths.about.startswith("around") else "Backwards"))
    if any(branch.position > 0 for branch in after):
        shown.append(_tree(after, "After" if paths.about.startswith("around") else ""))
    what = f"{paths.unit} that are there, per cent of all {paths.unit}, and of those at the step it follows"
    small = f"branches under {percent(_SMALLEST)} and beyond the {_CHILDREN} largest are not shown"
    shown.append(Text(f"Behind a step: {what}; {small}.", style="dim"))
    whole = table("Whole paths", [("path", "left"), (paths.unit, "right"), ("share", "right"), ("", "left")])
    for path in paths.whole[:_WHOLE_SHOWN]:
        whole.add_row(_words(path.path), count(path.count), percent(path.share), bar(path.share, _BARS))
    whole.caption = f"{count(paths.distinct)} different ones."
    shown.append(whole)
    shown += [render(group) for group in paths.groups]
    return Group(*shown)


def figure(paths: Paths) -> go.Figure:
    """A Sankey diagram: a column a position, steps from top to bottom by size."""
    links = [link for link in paths.links if link.count][:_LINKS_SHOWN]
    ends = [(link.position, link.from_) for link in links] + [(link.position + 1, link.to) for link in links]
    places = {end: number for number, end in enumerate(sorted(set(ends)))}
    known = {(node.position, node.value): node for node in paths.nodes}
    size: dict[str, int] = defaultdict(int)
    for end, node in known.items():
        if end in places and node.value not in {EXIT, ENTRY}:
            size[node.value] += node.count
    values = sorted(size, key=lambda value: -size[value])
    colours = {value: PALETTE[number % len(PALETTE)] for number, value in enumerate(values)}
    first, last = min((p for p, _ in places), default=0), max((p for p, _ in places), default=1)
    drawn = go.Figure(
        go.Sankey(
            arrangement="snap",
            node={
                "label": [_short(value) for _, value in places],
                "color": [colours.get(value, _GREY) for _, value in places],
                "x": [_across(position, first, last) for position, _ in places],
                "y": _down(paths, places),
                "customdata": [_told(paths, known.get(end), end) for end in places],
                "hovertemplate": "%{customdata}<extra></extra>",
                "pad": 12,
                "thickness": 14,
            },
            link={
                "source": [places[link.position, link.from_] for link in links],
                "target": [places[link.position + 1, link.to] for link in links],
                "value": [link.count for link in links],
                "color": [_pale(colours.get(link.from_, _GREY)) for link in links],
                "customdata": [_told_link(paths, link) for link in links],
                "hovertemplate": "%{customdata}<extra></extra>",
            },
        )
    )
    more = f", the {len(links)} largest links" if len(paths.links) > len(links) else ""
    drawn.update_layout(height=max(420, 120 + 28 * max((sum(p == q for p, _ in places) for q, _ in places), default=1)))
    return layout(drawn, f"{titled('Paths', paths.about, paths.group)}: {count(paths.units)} {paths.unit}{more}")


def _tree(branches: list[Branch], title: str) -> Tree:
    children: dict[tuple[int, tuple[str, ...]], list[Branch]] = defaultdict(list)
    backwards = any(branch.position < 0 for branch in branches)
    for branch in branches:
        path = branch.path[1:] if backwards else branch.path[:-1]
        children[len(path), path].append(branch)
    root = Tree(Text(title, style=f"bold {ACCENT}"), guide_style="dim", hide_root=not title)

    def grow(tree: Tree, at: tuple[str, ...], most: int) -> None:
        for branch in sorted(children[len(at), at], key=lambda b: -b.count)[:most]:
            if branch.share >= _SMALLEST:
                grow(tree.add(_leaf(branch, backwards=backwards)), branch.path, _CHILDREN)

    grow(root, (), _ROOTS)
    return root


class _Leaf(Text):
    """A line that leaves its bar out where there is no room for it."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        """The line, broken between words when it must be."""
        shown = self.copy()
        if cell_len(self.plain) > options.max_width:
            shown.right_crop(len(self.plain) - len(self.plain.rstrip(_BAR_SIGNS)))
        yield from Text.__rich_console__(shown, console, options)


def _leaf(branch: Branch, *, backwards: bool) -> Text:
    value = branch.path[0] if backwards else branch.path[-1]
    style = "dim" if value in (EXIT, ENTRY) else ""
    line = _Leaf(f"{_short(value)} ", style=style)
    line.append(count(branch.count), style="bold")
    of_previous = f", {percent(branch.share_of_previous)} of those" if branch.position else ""
    line.append(f"  {percent(branch.share)}{of_previous} ", style="dim")
    line.append(bar(branch.share, _BARS), style=ACCENT)
    return line


def _words(path: tuple[str, ...]) -> str:
    """Steps with arrows; of a long path the first ones and how many more."""
    shown = [_short(value) for value in path[:_STEPS_SHOWN]]
    more = [f"({len(path) - _STEPS_SHOWN:,} more)"] if len(path) > _STEPS_SHOWN else []
    return " > ".join(shown + more)


def _short(value: str) -> str:
    return value if len(value) <= _LONGEST else value[: _LONGEST - 1] + "…"


def titled(name: str, about: str, group: str = "") -> str:
    """A heading: the name, which paths when not simply whole ones, and the group."""
    which = "" if about == "whole" else f" {about}"
    return name + which + (f", {group}" if group else "")


def _across(position: int, first: int, last: int) -> float:
    # Plotly ignores a place of exactly 0 or 1.
    return 0.001 + 0.998 * (position - first) / max(last - first, 1)


def _down(paths: Paths, places: dict[tuple[int, str], int]) -> list[float]:
    """Where the middle of each node stands, from top (0) to bottom (1): by size, ends and beginnings last."""
    size = {(node.position, node.value): node.count for node in paths.nodes}
    out = [0.0] * len(places)
    for position in {position for position, _ in places}:
        column = [end for end in places if end[0] == position]
        column.sort(key=lambda end: (end[1] in {EXIT, ENTRY}, -size.get(end, 0)))
        # Half of the height is given by size, half is shared alike, so that small nodes keep room for their names.
        total = sum(size.get(end, 0) for end in column) or 1
        top = 0.0
        for end in column:
            room = (size.get(end, 0) / total + 1 / len(column)) / 2
            out[places[end]] = 0.01 + 0.98 * (top + room / 2)
            top += room
    return out


def _told(paths: Paths, node: object, end: tuple[int, str]) -> str:
    from sojourn.analyse.paths import PathNode  # noqa: PLC0415  (a result is drawn only after it is there)

    where = f"{end[1]}, step {end[0]:+d}" if end[0] else end[1]
    if not isinstance(node, PathNode):
        return where
    return f"{where}: {count(node.count)} {paths.unit}, {count(node.persons)} persons, {percent(node.share)}"


def _told_link(paths: Paths, link: PathLink) -> str:
    return f"{link.from_} > {link.to}: {count(link.count)} {paths.unit}, {count(link.persons)} persons"


def _pale(colour: str) -> str:
    red, green, blue = (int(colour[n : n + 2], 16) for n in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.35)"
