"""What a language model may ask of a data folder: the questions, persons and definitions as tools that only read.

In: a tool's name and arguments. Out: a short answer that names its definition. The tools are the questions of `api.questions`; nothing
about one is written here. Knows no protocol: `app.mcp_server` speaks it.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.datastructures import QueryParams

from sojourn.api.asking import SCOPE, drill_options, listed
from sojourn.api.docstrings import hints, section, sentence
from sojourn.api.options import read_options
from sojourn.api.questions import OF, QUESTIONS
from sojourn.api.scope import read_scope
from sojourn.records.errors import BadField

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from sojourn.api.call import Backing
    from sojourn.api.options import Option
    from sojourn.api.questions import Question
    from sojourn.api.scope import Scope

    Arguments = Mapping[str, Any]
    Values = dict[str, list[str]]

UNITS = (
    "Names say their unit: _s seconds, _us microseconds since 1970 UTC, share between 0 and 1; null: it cannot be told."
)
MOST_CHARACTERS = 12_000
"""Of a longer answer the lists are cut until it is not."""
_ROWS = (20, 10, 5, 3, 1, 0)
_DIGITS = 6
_PERSONS = 50
_TEXT = {"type": "string"}


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool.

    Attributes:
        name: Of the tool.
        about: What it answers, and where its definition is.
        schema: JSON Schema of its arguments, an object.
        call: Answers; raises `SojournError` where what was asked must change.
    """

    name: str
    about: str
    schema: dict[str, Any]
    call: Callable[[Backing, Arguments], dict[str, Any]]


def tools() -> tuple[Tool, ...]:
    """Every tool: a question each, then persons and definitions."""
    return (*map(_question, QUESTIONS.values()), _persons_behind(), _find_persons(), _live_person(), _definition())


def _question(question: Question) -> Tool:
    options = (*question.options, *SCOPE)

    def call(backing: Backing, arguments: Arguments) -> dict[str, Any]:
        values = _texts(arguments, options)
        result = backing.history.answer(question, _scope(values), question.read(values))
        return _short(result.to_dict()) | {"definition": _page(question), "units": UNITS}

    about = f"{question.about} Definition: {_page(question)}."
    return Tool(question.name, about, _schema(options), call)


def _persons_behind() -> Tool:
    drilled = [question for question in QUESTIONS.values() if question.drillings]
    ways = "; ".join(
        f"{one.name}: {', '.join(option.name.removeprefix(OF) for option in drill_options(one))}" for one in drilled
    )
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {
            "question": {"type": "string", "enum": [one.name for one in drilled], "description": "Whose answer holds the number."},
            "options": {"type": "object", "description": "What that question was asked, as for its own tool."},
            "number": {"type": "object", "description": f"Which number. {ways}."},
            "limit": {"type": "integer", "minimum": 0, "default": _PERSONS, "description": "List at most so many; the count is of all."},
        },
        "required": ["question"],
        "additionalProperties": False,
    }  # fmt: skip

    def call(backing: Backing, arguments: Arguments) -> dict[str, Any]:
        _only(arguments, schema)
        question = next((one for one in drilled if one.name == arguments.get("question")), None)
        if question is None:
            raise BadField("question", f"expected one of {', '.join(one.name for one in drilled)}")
        numbers, limit = drill_options(question), _limit(arguments)
        values = _texts(_object(arguments, "options"), (*question.options, *SCOPE))
        number = {
            name if name == "drill" else f"{OF}{name}": value for name, value in _object(arguments, "number").items()
        }
        result = backing.history.answer(question, _scope(values), question.read(values))
        found = question.drill(result, _texts(number, numbers))
        told = listed(found, limit=limit)
        return {"count": told.count, "persons": list(told.persons), "definition": _page(question)}

    return Tool("persons_behind", "List exactly the persons that a number of an answer counted.", schema, call)


def _find_persons() -> Tool:
    schema = {
        "type": "object",
        "properties": {
            "q": {**_TEXT, "minLength": 1, "maxLength": 200, "description": "A piece of an id, e-mail address or trait; NAME=VALUE looks at one trait."},
            "limit": {"type": "integer", "minimum": 0, "default": _PERSONS, "description": "List at most so many; the count is of all."},
        },
        "required": ["q"],
        "additionalProperties": False,
    }  # fmt: skip

    def call(backing: Backing, arguments: Arguments) -> dict[str, Any]:
        from sojourn.store.person_search import search_persons  # noqa: PLC0415  (heavy)

        _only(arguments, schema)
        journeys = backing.history.journeys(read_scope(QueryParams()))
        found = journeys.persons_of([search_persons(journeys.index, str(arguments.get("q", "")))])
        told = listed(found, limit=_limit(arguments))
        return {"count": told.count, "persons": list(told.persons)}

    return Tool("find_persons", "Find persons by a piece of any identifier or trait.", schema, call)


def _live_person() -> Tool:
    schema = {
        "type": "object",
        "properties": {"person": {**_TEXT, "description": "A user id, else an anonymous id, an e-mail address, ...; as it was sent."}},
        "required": ["person"],
        "additionalProperties": False,
    }  # fmt: skip

    def call(backing: Backing, arguments: Arguments) -> dict[str, Any]:
        _only(arguments, schema)
        told = backing.live.person(str(arguments.get("person", ""))).to_dict()
        return _short(told) | {"definition": "docs/live.md", "units": UNITS}

    about = "One person as the worker knows it this moment: identities, traits, consent, session, signals, scores, segments. `person` tells the history."
    return Tool("live_person", about, schema, call)


def _definition() -> Tool:
    schema = {
        "type": "object",
        "properties": {"question": {"type": "string", "enum": [*QUESTIONS], "description": "Whose numbers."}},
        "required": ["question"],
        "additionalProperties": False,
    }

    def call(_backing: Backing, arguments: Arguments) -> dict[str, Any]:
        _only(arguments, schema)
        question = QUESTIONS.get(str(arguments.get("question")))
        if question is None:
            raise BadField("question", f"expected one of {', '.join(QUESTIONS)}")
        meant: dict[str, dict[str, str]] = {}
        _explain(question.result, meant)
        return {"question": question.about, "definition": _page(question), "units": UNITS, "fields": meant}

    return Tool("definition", "What every number of a question's answer means.", schema, call)


def _explain(hint: Any, meant: dict[str, dict[str, str]]) -> None:  # noqa: ANN401  (a type, or a hint that holds some)
    """The fields of a record and of the records inside it, in words."""
    for inner in getattr(hint, "__args__", ()):
        _explain(inner, meant)
    if not (isinstance(hint, type) and dataclasses.is_dataclass(hint)) or hint.__name__ in meant:
        return
    told, kinds = section(hint, "Attributes"), hints(hint)
    shown = [field.name for field in dataclasses.fields(hint) if not field.name.startswith("_")]
    meant[hint.__name__] = {"": sentence(hint)} | {name.rstrip("_"): told[name] for name in shown if name in told}
    for name in shown:
        _explain(kinds[name], meant)


def _page(question: Question) -> str:
    return f"docs/methods/{question.methods}.md"


def _schema(options: Iterable[Option]) -> dict[str, Any]:
    every = list(options)
    return {
        "type": "object",
        "properties": {option.name: option.schema() | {"description": option.about} for option in every},
        "required": [option.name for option in every if option.required],
        "additionalProperties": False,
    }


def _only(arguments: Arguments, schema: Mapping[str, Any]) -> None:
    for name in arguments:
        if name not in schema["properties"]:
            raise BadField(name[:80], f"is no argument; there are {', '.join(schema['properties'])}")


def _object(arguments: Arguments, name: str) -> dict[str, Any]:
    found = arguments.get(name) or {}
    if not isinstance(found, dict):
        raise BadField(name, f"expected an object, got {type(found).__name__}")
    return found


def _limit(arguments: Arguments) -> int:
    limit = arguments.get("limit", _PERSONS)
    if not isinstance(limit, int) or isinstance(limit, bool) or limit < 0:
        raise BadField("limit", f"expected a whole number from 0, got {limit!r}")
    return limit


def _texts(arguments: Arguments, options: Sequence[Option]) -> Values:
    """Arguments as the texts of a URL, so that they are read and refused by the same code."""
    known = {option.name for option in options}
    values: Values = {}
    for name, value in arguments.items():
        if name not in known:
            raise BadField(name[:80], f"is no argument; there are {', '.join(sorted(known))}")
        if value is not None:
            values[name] = [_text(name, one) for one in (value if isinstance(value, list) else [value])]
    read_options((option for option in options if option.name in values and not option.required), values)
    return values


def _text(name: str, value: Any) -> str:  # noqa: ANN401  (whatever JSON holds)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if not isinstance(value, str | int | float):
        raise BadField(name, f"expected text, a number or a list of these, got {type(value).__name__}")
    return str(value)


def _scope(values: Values) -> Scope:
    return read_scope(QueryParams([(name, text) for name, texts in values.items() for text in texts]))


def _short(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer with so many rows of each list as fit, and how many there are of those that are cut."""
    for rows in _ROWS:
        cut: dict[str, str] = {}
        told = {"answer": _cut(answer, rows, "", cut)}
        if len(msgspec.json.encode(told)) <= MOST_CHARACTERS:
            break
    return told | ({"cut": cut} if cut else {})


def _cut(value: Any, rows: int, place: str, cut: dict[str, str]) -> Any:  # noqa: ANN401  (whatever JSON holds)
    if isinstance(value, dict):
        return {name: _cut(inner, rows, f"{place}.{name}" if place else name, cut) for name, inner in value.items()}
    if isinstance(value, list):
        if len(value) > rows:
            cut[place] = f"the first {rows} of {len(value):,}"
        return [_cut(inner, rows, place, cut) for inner in value[:rows]]
    if isinstance(value, float):
        return float(f"{value:.{_DIGITS}g}")
    return value
