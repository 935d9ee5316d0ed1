"""A page's question: read from its address, asked beside other pages, and what went wrong beside its field.

In: a request and the name of a question of `api.questions`. Out: `Answered`. Never computes a number.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from markupsafe import Markup
from starlette.concurrency import run_in_threadpool

from sojourn.analyse.show.style import for_a_page
from sojourn.api.questions import DRILL, OF, QUESTIONS
from sojourn.api.scope import FIELDS
from sojourn.console.page import address, chart_of
from sojourn.console.under_way import waited
from sojourn.records.errors import BadField, SojournError, UnknownColumn, UnknownEvent

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sojourn.api.questions import Question
    from sojourn.console.asked import Asked

_LOCK = Lock()
_FIGURES_S = 30.0
_FIGURES: dict[tuple[int, str], tuple[Any, Markup | None, float]] = {}
"""Figures by the place of their answer in memory, and when they were drawn; the answer stays with it, so that no other takes that place,
and goes with it, for it holds the journeys it was asked of."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A question as a page asked it.

    Attributes:
        asked: The request.
        question: The question.
        values: Texts of its options by name, as they stood in the address or as the page chose them.
        result: The answer; None when something is wrong.
        wrong: What is wrong and what to do, by option; "" for what belongs to no single one.
    """

    asked: Asked
    question: Question
    values: Mapping[str, Sequence[str]]
    result: Any = None
    wrong: Mapping[str, str] = field(default_factory=dict)
    _shared: list[str] = field(default_factory=list, repr=False, compare=False)

    def behind(self, drill: str | None = None, **of: Any) -> str:
        """Address of the persons behind a number.

        Args:
            drill: The result's method, where several take the same.
            **of: What says which number; None says nothing.
        """
        # A page has hundreds of these; what they share is written once.
        if not self._shared:
            self._shared.append(address(self.asked, f"/behind/{self.question.name}", **self.values))
        base = self._shared[0]
        named = [(f"{OF}{name}", value) for name, value in of.items() if value is not None]
        named += [(DRILL, drill)] if drill else []
        return f"{base}{'&' if '?' in base else '?'}{urlencode(named, doseq=True)}" if named else base

    async def figure(self, draw: Callable[[Answered], Any]) -> Markup | None:
        """The answer's figure as JSON for the page, drawn once as long as the answer is kept; None where there is none.

        Args:
            draw: Gives the figure, its marks leading to their persons.
        """
        return None if self.result is None else await run_in_threadpool(self._drawn, draw)

    def _drawn(self, draw: Callable[[Answered], Any]) -> Markup | None:
        key, now = (id(self.result), draw.__module__), time.monotonic()
        with _LOCK:
            for other in [one for one, (*_, at) in _FIGURES.items() if now - at > _FIGURES_S]:
                del _FIGURES[other]
            kept = _FIGURES.get(key)
        if kept is None:
            with for_a_page():
                drawn = draw(self)
            kept = self.result, None if drawn is None else Markup(chart_of(drawn)), now  # noqa: S704  (`chart_of` makes it safe)
            with _LOCK:
                _FIGURES[key] = kept
        return kept[1]

    def csv(self, of: str | None = None, group: int | None = None) -> str:
        """Address of the answer as CSV.

        Args:
            of: A field of the result that holds records; None for its table.
            group: Place of the group whose field is meant.
        """
        return address(self.asked, f"/table/{self.question.name}", **self.values, table=of, group=group)

    @property
    def definition(self) -> str:
        """Address of the page that defines the numbers."""
        return f"/definitions/{self.question.methods}"

    def text(self, name: str, default: str = "") -> str:
        """The text of an option, for its field."""
        return next(iter(self.values.get(name, ())), default)

    def with_values(self, path: str, **changed: Any) -> str:
        """Address of a page with the same options, some of them changed; None takes one away."""
        return address(self.asked, path, **{**self.values, **changed})


def values_of(asked: Asked, name: str, **instead: Sequence[str] | str | None) -> dict[str, list[str]]:
    """Texts of a question's options in the address.

    Args:
        asked: The request.
        name: Of the question.
        **instead: Texts where the address says nothing; None for none.
    """
    found = {o.name: texts for o in QUESTIONS[name].options if o.name not in FIELDS and (texts := asked.fields(o.name))}
    for option, text in instead.items():
        if option not in found and text:
            found[option] = [text] if isinstance(text, str) else list(text)
    return found


async def answered(asked: Asked, name: str, values: Mapping[str, Sequence[str]], *, title: str) -> Answered:
    """Ask a question.

    Args:
        asked: The request.
        name: Of the question.
        values: Texts of its options.
        title: Of the page, told while the question is worked on.

    Raises:
        Working: It takes longer; the page is to say so.
    """
    question = QUESTIONS[name]
    made = Answered(asked, question, values)
    try:
        options = question.read(values)
        key = asked.scope, name, repr(sorted(options.items()))
        history, scope = asked.backing.history, asked.scope
        result = await waited(asked.request, key, lambda: history.answer(question, scope, options), title)
    except BadField as error:
        return Answered(asked, question, values, wrong={error.field: error.says})
    except SojournError as error:
        return Answered(asked, question, values, wrong={_place(made, error): str(error)})
    return Answered(asked, question, values, result)


def _place(made: Answered, error: SojournError) -> str:
    """The option an error speaks of: the one whose text it repeats."""
    told = str(error)
    named = [
        option.name
        for option in made.question.options
        for text in made.values.get(option.name, ())
        if isinstance(error, UnknownColumn | UnknownEvent) and text.split()[-1] in told
    ]
    return named[0] if named else ""
