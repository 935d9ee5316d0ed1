"""The page of the documentation that lists every path of the API, written from the endpoints themselves.

In: the endpoints. Out: Markdown, the text of docs/api.md (`make docs` writes it). Asks nothing.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from sojourn.api.asking import SCOPE, drill_options
from sojourn.api.control import all_endpoints
from sojourn.api.docstrings import section, sentence
from sojourn.api.endpoint import FORMAT
from sojourn.api.openapi import ERRORS
from sojourn.api.questions import QUESTIONS
from sojourn.api.roles import MEANING
from sojourn.app.live_profile import LiveProfile

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sojourn.api.endpoint import Endpoint
    from sojourn.api.options import Option
    from sojourn.api.questions import Question

OPENING = """\
# The API

Written by `make docs` from the functions behind the paths. Everything the console shows, a script can fetch; `sojourn console` and
`sojourn up` serve both. `GET /api/openapi.json` tells the same in OpenAPI 3.1, with the schema of every answer.

```console
$ sojourn keys create report --role viewer
sjs_...
$ curl -H "Authorization: Bearer sjs_..." "http://127.0.0.1:8000/api/funnel?steps=view&steps=cart&steps=purchase&within=7d"
```

A token is a key with a role; each role may do what those before it may. A parameter that takes several values is repeated. What a path
does not know is refused, not left out of account. A number that cannot be told, such as a share of nobody, is `null`.
"""

_BEHIND = """\
## From a number to its persons

`GET /api/QUESTION/persons` takes the same parameters as the question, and some that begin with `of_` and say which number is meant. It
lists exactly the persons that the number counted, as `{"count", "persons"}`; `limit` and `offset` page through them.

```console
$ curl -H "Authorization: Bearer sjs_..." "http://127.0.0.1:8000/api/funnel/persons?steps=view&steps=cart&of_step=1&of_outcome=dropped"
{"count":1,"persons":["cleo"]}
```
"""


def reference() -> str:
    """The whole page.

    Returns:
        Markdown, ending in one newline.
    """
    every = all_endpoints(LiveProfile)
    things = [one for one in every if one.group != "questions"]
    sections = [
        OPENING.rstrip(),
        _roles(),
        _errors(),
        "## Parameters of every question\n\n" + _options((*SCOPE, FORMAT)),
        _BEHIND.rstrip(),
        "## Questions",
        *map(_question, QUESTIONS.values()),
        "## Things of a data folder",
        *(_group(name, list(found)) for name, found in groupby(things, key=lambda one: one.group)),
    ]
    return "\n\n".join(sections) + "\n"


def _roles() -> str:
    return "## Roles\n\n" + _table(("role", "what it may"), ((f"`{role}`", text) for role, text in MEANING.items()))


def _errors() -> str:
    text = (
        '## Errors\n\nAn error is `{"code", "message"}`: which, for programs; what came, what was expected and what to do, for people. '
        "`field` names the parameter where one is to blame."
    )
    return f"{text}\n\n" + _table(("status", "meaning"), ((f"`{status}`", about) for status, about in ERRORS.items()))


def _question(question: Question) -> str:
    result = question.result.__name__
    page = f"[{question.methods}](methods/{question.methods}.md)"
    told = [
        f"### `GET /api/{question.name}`",
        f"{question.about} Defined in {page}; the answer is [{result}](results.md#{result.lower()}).",
        _options(question.options),
    ]
    if question.drillings:
        told += [f"`GET /api/{question.name}/persons`: the same, and which number.", _options(drill_options(question))]
    return "\n\n".join(told)


def _group(name: str, found: list[Endpoint]) -> str:
    return "\n\n".join([f"### {name.capitalize()}", *map(_thing, found)])


def _thing(one: Endpoint) -> str:
    told = [f"#### `{one.method} {one.path}`", f"{one.about} Least role: {one.role}."]
    rows: list[tuple[str, ...]] = [(f"`{name}`", "in the path", "", about) for name, about in one.places.items()]
    rows += [_row(option) for option in one.parameters]
    if one.body is not None:
        rows += _body(one.body)
    if rows:
        told.append(_table(("parameter", "takes", "default", "meaning"), rows))
    return "\n\n".join(told)


def _body(body: type[Any]) -> list[tuple[str, ...]]:
    """The fields of a body; those with a default may be left out, and come last."""
    must = len(body.__struct_fields__) - len(body.__struct_defaults__)
    takes = f"in the body ({sentence(body).rstrip('.').lower()})"
    told = section(body, "Attributes")
    return [
        (f"`{name}`", takes, "required" if place < must else "", told[name])
        for place, name in enumerate(body.__struct_fields__)
    ]


def _options(options: Iterable[Option]) -> str:
    return _table(("parameter", "takes", "default", "meaning"), map(_row, options))


def _row(option: Option) -> tuple[str, ...]:
    kinds = " or ".join(f"`{choice}`" for choice in option.choices) or _KINDS.get(option.kind, f"a {option.kind}")
    takes = f"{kinds}, repeatable" if option.repeated else kinds
    default = option.default
    if isinstance(default, tuple):
        default = " ".join(default)
    shown = "required" if option.required else "" if default in (None, "") else f"`{default}`"
    return f"`{option.name}`", takes, shown, option.about


_KINDS = {
    "text": "text",
    "integer": "a whole number",
    "boolean": "`true` or `false`",
    "duration": "a length of time such as `30m`",
    "moment": "a moment such as `2024-03-01`",
    "group": "`NAME=PATTERN`",
    "catalogue": "`shop`, `software`, `streaming`, or a whole catalogue as YAML",
    "table": "the name of a table of the data folder",
}


def _table(names: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines)
