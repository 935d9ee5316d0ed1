"""The paths of questions: the answer, and the persons one of its numbers counted.

In: the registry of questions. Out: two endpoints a question. Nothing about a question is written here.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from sojourn.api.endpoint import Endpoint
from sojourn.api.options import Option, read_options
from sojourn.api.questions import DRILL, QUESTIONS
from sojourn.api.record_schema import record_schema

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sojourn.analyse.results import Persons
    from sojourn.api.call import Call
    from sojourn.api.endpoint import Components
    from sojourn.api.options import Values
    from sojourn.api.questions import Question


def _scope(name: str, kind: str, about: str, *, repeated: bool = False) -> Option:
    return Option(
        name, name, kind, repeated=repeated, choices=(), optional=True, required=False, default=None, about=about,  # type: ignore[arg-type]  # a literal at each call below
    )  # fmt: skip


SCOPE: tuple[Option, ...] = (
    _scope(
        "where", "text", "Only events that match this predicate (docs/predicates.md); all of several.", repeated=True
    ),
    _scope("from", "text", "First moment, such as 2024-03-01, or the last so many days, such as 28d."),
    _scope("until", "text", "Moment after the last."),
    _scope("time_zone", "text", "IANA name; where days begin, and the zone of moments that name none. UTC by default."),
    _scope("bots", "boolean", "Whether self-declared crawlers count; they do not by default."),
)
"""Which part of the log; every question takes them. `api.scope` reads them."""

_PAGE = (
    Option(
        "offset", "offset", "integer", repeated=False, choices=(), optional=False, required=False, default=0,
        about="Leave out so many persons at the beginning; the count is of all.",
    ),
    Option(
        "limit", "limit", "integer", repeated=False, choices=(), optional=True, required=False, default=None,
        about="List at most so many persons; all by default.",
    ),
)  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True)
class ListedPersons:
    """The persons behind a number.

    Attributes:
        count: How many there are.
        persons: Each one's user id, else anonymous id; those asked for of all.
        table: The same as a table.
    """

    count: int
    persons: tuple[str, ...]
    _all: Persons

    @property
    def table(self) -> Any:  # noqa: ANN401  (an Arrow table)
        """One column, `person`."""
        return dataclasses.replace(self._all, ids=self.persons).table


def endpoints() -> Iterator[Endpoint]:
    """Two a question, or one where nothing in its answer counts persons."""
    for question in QUESTIONS.values():
        yield _answer(question)
        if question.drillings:
            yield _persons(question)


def drill_options(question: Question) -> tuple[Option, ...]:
    """What says which number's persons: those of all its ways, none required by itself, and which way."""
    found: dict[str, Option] = {}
    for drilling in question.drillings:
        for option in drilling.options:
            held = found.get(option.name)
            # A way that takes any text takes the others' words too.
            both = (*held.choices, *option.choices) if held else option.choices
            choices = () if held and not (held.choices and option.choices) else tuple(dict.fromkeys(both))
            found[option.name] = dataclasses.replace(option, required=False, choices=choices)
    names = tuple(drilling.name for drilling in question.drillings)
    ways = "; ".join(f"`{one.name}`: {one.about}" for one in question.drillings)
    way = Option(
        DRILL, DRILL, "choice", repeated=False, choices=names, optional=True, required=False, default=None,
        about=f"Which persons, where what is given fits several. {ways}",
    )  # fmt: skip
    return (*found.values(), way)


def _answer(question: Question) -> Endpoint:
    def answers(call: Call, values: Values, _places: Mapping[str, str], _body: object) -> object:
        return call.backing.history.answer(question, call.scope, question.read(values))

    return Endpoint(
        method="GET", path=f"/api/{question.name}", name=question.name, about=question.about, role="viewer",
        options=(*question.options, *SCOPE), places={}, body=None, status=200, group="questions",
        answers=answers, tells=question.result_schema, table=True,
    )  # fmt: skip


def _persons(question: Question) -> Endpoint:
    def answers(call: Call, values: Values, _places: Mapping[str, str], _body: object) -> ListedPersons:
        page = read_options(_PAGE, values)
        result = call.backing.history.answer(question, call.scope, question.read(values))
        return listed(question.drill(result, values), **page)

    def tells(components: Components) -> dict[str, Any]:
        return record_schema(ListedPersons, components)

    return Endpoint(
        method="GET", path=f"/api/{question.name}/persons", name=f"{question.name}_persons",
        about=f"The persons that a number of `{question.name}` counted.", role="viewer",
        options=(*question.options, *drill_options(question), *_PAGE, *SCOPE), places={}, body=None, status=200, group="questions",
        answers=answers, tells=tells, table=True,
    )  # fmt: skip


def listed(persons: Persons, *, offset: int = 0, limit: int | None = None) -> ListedPersons:
    """Some of the persons behind a number, and how many there are.

    Args:
        persons: All of them.
        offset: Leave out so many.
        limit: At most so many; None for all.
    """
    start = max(offset, 0)
    end = None if limit is None else start + max(limit, 0)
    return ListedPersons(len(persons), persons.ids[start:end], persons)
