"""The persons behind a number, its table as CSV, and its definition: what every number of the console leads to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from starlette.responses import Response

from sojourn.analyse.results import plain
from sojourn.api.csv_text import csv_text
from sojourn.api.questions import DRILL, OF, QUESTIONS
from sojourn.console.answers import answered, values_of
from sojourn.console.definitions import definition, definitions
from sojourn.console.page import View, address, render
from sojourn.console.under_way import page_of, waited
from sojourn.records.errors import BadField, BadOption

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sojourn.api.questions import Question
    from sojourn.console.answers import Answered
    from sojourn.console.asked import Asked

_A_PAGE = 100
_HOMES = {
    "funnel": "/funnels", "compare": "/funnels/why", "paths": "/journeys", "retention": "/retention",
    "attribution": "/attribution", "engagement": "/engagement", "journey_map": "/journey-map",
    "segments": "/segments", "segment_overlap": "/segments", "signals": "/signals", "scores": "/signals",
}  # fmt: skip
"""Pages that show a question's numbers."""
_PLACES = (
    ("step", "steps", "step"), ("finding", "findings", "what"), ("milestone", "milestones", "what"), ("ending", "endings", "what"),
    ("place", "whole", "path"),
)  # fmt: skip
"""What is said by its place, the field of the answer that holds these, and what one of them is called there."""


async def behind(asked: Asked) -> Response:
    """The persons behind one number of a question."""
    question = _question(asked)
    if question is None or not question.drillings:
        return _nowhere(asked, "There is no such number.", "No question of this name counts persons.")
    found = await _answer(asked, question)
    if isinstance(found, Response):
        return found
    values = {name: asked.fields(name) for name in asked.request.query_params if name.startswith(OF) or name == DRILL}
    try:
        persons = await waited(
            asked.request,
            (page_of(asked.request), asked.scope),
            lambda: question.drill(found.result, values),
            "Persons",
        )
    except BadOption as error:
        return render(asked, "refused.html", title="Persons", status=400, error=str(error))
    if asked.field("format") == "csv":
        return as_csv(csv_text(persons.table), f"{question.name}-persons")
    pages = max(1, -(-len(persons) // _A_PAGE))
    page = min(max(_number(asked.field("page")), 1), pages)
    shown = persons.ids[(page - 1) * _A_PAGE : page * _A_PAGE]
    return render(
        asked, "behind.html", title="Persons", found=found, count_=len(persons), page=page, pages=pages,
        first=(page - 1) * _A_PAGE + 1, about=_about(question, values), facts=_facts(found, values),
        persons=[(person, address(asked, f"/persons/{quote(person, safe='')}")) for person in shown],
        back=address(asked, _HOMES[question.name], **found.values) if question.name in _HOMES else None,
        csv=address(asked, asked.request.url.path, **found.values, **values, format="csv"),
    )  # fmt: skip


async def table(asked: Asked) -> Response:
    """A question's answer as CSV: its table, or the records of one of its fields."""
    question = _question(asked)
    if question is None:
        return _nowhere(asked, "There is no such table.", "No question has this name.")
    found = await _answer(asked, question)
    if isinstance(found, Response):
        return found
    name = asked.field("table")
    try:
        rows = found.result.rows() if not name else _records(found.result, name)
    except BadField as error:
        return render(asked, "refused.html", title="Table", status=400, error=str(error))
    return as_csv(csv_text(_table_of(rows)), f"{question.name}-{name}" if name else question.name)


async def one_definition(asked: Asked) -> Response:
    """What numbers mean, with formula, edges and an example worked by hand."""
    found = definition(asked.request.path_params["name"])
    if found is None:
        return render(
            asked, "definition.html", title="There is no such definition", status=404, text="", every=definitions()
        )
    return render(asked, "definition.html", title=found[0], text=found[1], every=definitions())


async def every_definition(asked: Asked) -> Response:
    """All definitions."""
    return render(asked, "definition.html", title="Definitions", text="", every=definitions())


def as_csv(text: str, name: str) -> Response:
    """CSV as a file to keep."""
    safe = re.sub(r"[^A-Za-z0-9_-]+", "-", name)
    headers = {"content-disposition": f'attachment; filename="{safe}.csv"', "cache-control": "no-store"}
    return Response(text, 200, headers, "text/csv; charset=utf-8")


def _question(asked: Asked) -> Question | None:
    return QUESTIONS.get(asked.request.path_params["question"])


async def _answer(asked: Asked, question: Question) -> Answered | Response:
    """The answer, or the page that says what is in the way."""
    found = await answered(asked, question.name, values_of(asked, question.name), title="Persons")
    if found.result is None:
        told = "; ".join(f"{name}: {says}" if name else says for name, says in found.wrong.items())
        return render(asked, "refused.html", title="Persons", status=400, error=told)
    return found


def _nowhere(asked: Asked, what: str, todo: str) -> Response:
    return render(asked, "refused.html", title="Not found", status=404, headline=what, error=todo)


def _about(question: Question, values: dict[str, list[str]]) -> str:
    """Which persons these are, in the words of the result's own method."""
    named = next(iter(values.get(DRILL, ())), None)
    given = {name for name, texts in values.items() if name.startswith(OF) and texts}
    for drilling in question.drillings:
        if drilling.name == named or (named is None and drilling.fits(given)):
            return drilling.about
    return ""


def _facts(found: Answered, of: Mapping[str, Sequence[str]]) -> list[tuple[str, list[str]]]:
    """What was asked, then which of its numbers; a place is told by the name of what stands there."""
    values = found.values
    asked = [
        (name, list(values[name])) for name in (option.name for option in found.question.options) if name in values
    ]
    told = {name.removeprefix(OF): list(texts) for name, texts in of.items() if name != DRILL and texts}
    result = found.result
    if "finding" in told and "group" in told:
        result = next((one for one in result.by_group if [one.group] == told["group"]), result)
    for name, records, called in _PLACES:
        rows = getattr(result, records, ())
        if name in told and told[name][0].isdecimal() and int(told[name][0]) < len(rows):
            one = getattr(rows[int(told[name][0])], called)
            told[name] = [one] if isinstance(one, str) else list(one)
    return asked + list(told.items())


def _records(result: Any, name: str) -> Sequence[Any]:  # noqa: ANN401  (any result)
    """The records of a field, of a field of a field with a dot between, group by group where groups hold them."""
    found = result
    for part in name.split("."):
        if part.startswith("_") or part not in getattr(type(found), "__dataclass_fields__", {}):
            raise BadField("table", f"the answer has no {name[:80]!r}")
        found = getattr(found, part)
    if isinstance(found, list | tuple):
        return found
    raise BadField("table", f"{name[:80]!r} holds no records")


def _table_of(rows: Sequence[Any]) -> Any:  # noqa: ANN401  (an Arrow table)
    import pyarrow as pa  # noqa: PLC0415  (heavy)

    return pa.Table.from_pylist([plain(row) for row in rows])


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else 1  # noqa: PLR2004  (no list has more pages)


VIEWS = (
    View("/behind/{question}", "Persons", behind),
    View("/table/{question}", "Table", table),
    View("/definitions/{name}", "Definition", one_definition, filtered=False),
    View("/definitions", "Definitions", every_definition, filtered=False),
)
