"""One part of the story: a sentence, notes, and the results it was read from.

In: a function that asks questions. Out: `Section`. A question that cannot be asked of this log gives a section of one line, never an exception.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sojourn.records.errors import SojournError
from sojourn.records.visible import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sojourn.analyse.results import Result


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the story.

    Attributes:
        name: Its key in JSON and its anchor in HTML.
        title: What it is about.
        headline: One plain sentence with the main numbers; without results, why there are none.
        results: Results by name, in the order they are shown.
        notes: What a reader must know to not misread the numbers, one sentence each.
    """

    name: str
    title: str
    headline: str
    results: Mapping[str, Result]
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """`{"title", "headline", "notes", ...}` with each result under its name."""
        answers = {name: result.to_dict() for name, result in self.results.items()}
        return {"title": self.title, "headline": self.headline, "notes": list(self.notes), **answers}


def section(
    name: str, title: str, headline: str, results: Mapping[str, Result] | None = None, notes: Sequence[str] = ()
) -> Section:
    """A section; without results it says in one line why. What a log wrote into the sentences is made harmless to show."""
    return Section(name, title, visible(headline), results or {}, tuple(map(visible, notes)))


def or_one_line(name: str, title: str, make: Callable[[], Section]) -> Section:
    """Make a section; when the log cannot answer, say so in one line."""
    try:
        return make()
    except SojournError as error:
        return section(name, title, f"Not answered: {error}.".replace("..", "."))


def listed(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
