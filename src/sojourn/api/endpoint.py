"""One path of the API: made from the function behind it, as its signature and docstring tell.

In: a function of a `Call`, its path, who may. Out: an `Endpoint`, from which the route, the check of what came and the OpenAPI entry
are made. Knows no HTTP library.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from sojourn.api.docstrings import hints, section, sentence
from sojourn.api.options import Option, Values, options_of, read_options
from sojourn.api.record_schema import record_schema
from sojourn.records.errors import BadField

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sojourn.api.call import Call

Method = Literal["GET", "POST", "PUT", "DELETE"]
Components = dict[str, dict[str, Any]]
FORMAT = Option(
    "format", "format", "choice", repeated=False, choices=("json", "csv"), optional=False, required=False,
    default="json", about="`csv` gives the answer's table as CSV; text that a spreadsheet would take for a formula gets an apostrophe.",
)  # fmt: skip
_IN_PATH = re.compile(r"\{(\w+)\}")
_REFERENCE = "#/components/schemas/{name}"


@dataclass(frozen=True)
class Endpoint:
    """A path and method.

    Attributes:
        method: Of HTTP.
        path: With the names of its variable parts in braces.
        name: Unique; what OpenAPI calls an operation.
        about: What it answers or does, in a sentence.
        role: Least role that may.
        options: Parameters of the query.
        places: Variable parts of the path with what they mean.
        body: What the body must be; None for none.
        status: Of the answer.
        group: Under which it is listed.
        answers: With options by argument, variable parts and body: gives the answer, a record or what has `to_dict`.
        tells: Schema of the answer; adds to the components what it needs.
        table: Whether `format=csv` is understood.
    """

    method: Method
    path: str
    name: str
    about: str
    role: str
    options: tuple[Option, ...]
    places: Mapping[str, str]
    body: type[msgspec.Struct] | None
    status: int
    group: str
    answers: Callable[[Call, Values, Mapping[str, str], Any], Any]
    tells: Callable[[Components], dict[str, Any]]
    table: bool = False

    @property
    def parameters(self) -> tuple[Option, ...]:
        """All that a query may hold."""
        return (*self.options, FORMAT) if self.table else self.options

    def check(self, values: Values) -> None:
        """Refuse a query that holds what it does not take, instead of answering something else than was meant.

        Raises:
            BadField: A name is none of its parameters, or a value is not what it takes.
        """
        known = {option.name for option in self.parameters}
        for name, texts in values.items():
            if name not in known:
                there = ", ".join(sorted(known)) or "none"
                raise BadField(name[:80], f"is no parameter of {self.path}; there are {there}")
            if not all(text.strip() for text in texts):
                raise BadField(name, "expected a value, got nothing; leave the parameter out")
        read_options((option for option in self.parameters if values.get(option.name)), values)

    def read_body(self, body: bytes) -> Any:  # noqa: ANN401  (what the function takes)
        """The body as a record; None where there is none.

        Raises:
            BadField: It is not what the function takes; names the place.
        """
        if self.body is None:
            if body.strip():
                raise BadField("body", f"{self.method} {self.path} takes no body")
            return None
        try:
            return msgspec.json.decode(body, type=self.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise BadField("body", str(error)) from error

    def body_schema(self, components: Components) -> dict[str, Any]:
        """A reference to the schema of the body, which is added to the components."""
        assert self.body is not None
        [schema], found = msgspec.json.schema_components([self.body], ref_template=_REFERENCE)
        told = section(self.body, "Attributes")
        for name, properties in ((name, one.get("properties", {})) for name, one in found.items()):
            for field, form in properties.items():
                if name == self.body.__name__ and field in told:
                    form["description"] = told[field]
        components.update(found)
        return schema


def endpoint(  # noqa: PLR0913  (what an endpoint is)
    method: Method,
    path: str,
    function: Callable[..., Any],
    *,
    role: str,
    group: str,
    scope: Sequence[Option] = (),
    status: int = 200,
    table: bool = False,
) -> Endpoint:
    """An endpoint from a function.

    Args:
        method: Of HTTP.
        path: Parts in braces are arguments of the function.
        function: Its first argument is a `Call`; `body` is the body, other arguments are parameters of the query. Returns a dataclass.
        role: Least role.
        group: Under which it is listed.
        scope: Parameters that say which part of the log, when the function asks the call's journeys.
        status: Of the answer.
        table: Whether the answer has a `table`.
    """
    names = _IN_PATH.findall(path)
    told, kinds = section(function, "Args"), hints(function)
    body = kinds.get("body")
    given = {*names, "body"}
    options = options_of(function, skip=given)
    result = kinds["return"]

    def answers(call: Call, values: Values, places: Mapping[str, str], body: Any) -> Any:  # noqa: ANN401  (as it is declared)
        more = {} if body is None else {"body": body}
        return function(call, **read_options(options, values), **places, **more)

    return Endpoint(
        method=method,
        path=path,
        name=f"{group}_{function.__name__}".replace(" ", "_"),
        about=sentence(function),
        role=role,
        options=(*scope, *options),
        places={name: told[name] for name in names},
        body=body,
        status=status,
        group=group,
        answers=answers,
        tells=lambda components: record_schema(result, components),
        table=table,
    )
