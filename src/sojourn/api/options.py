"""Options of a question as parameters of a URL, made from the signature of the function that answers it.

In: a function, and the texts that came by name. Out: `Option`s, and their values in the types the function takes.
Never asks the question.
"""

from __future__ import annotations

import datetime as dt
import importlib
import inspect
import math
import os
import re
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypedDict, Union, Unpack, get_args, get_origin, is_typeddict

from sojourn.api.docstrings import hints, section
from sojourn.records.durations import microseconds
from sojourn.records.errors import BadField, BadOption
from sojourn.records.moments import moment_us

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

Kind = Literal["text", "integer", "number", "boolean", "choice", "duration", "moment", "group", "catalogue", "table"]
Values = Mapping[str, Sequence[str]]
"""Texts by name, in the order they came: what a query string or a form holds."""

NOTHING = "none"
"""Says None where that is a choice and not what is meant without a word."""
_LARGEST = 2**31 - 1
_LONGEST = 10_000
_SHOWN = 80
_LONGEST_CATALOGUE = 500_000
_WORDS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
_FORMS: dict[Kind, dict[str, Any]] = {
    "text": {"type": "string"},
    "integer": {"type": "integer", "minimum": -_LARGEST, "maximum": _LARGEST},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "choice": {"type": "string"},
    "duration": {"type": "string", "examples": ["30m", "7d"]},
    "moment": {"type": "string", "examples": ["2024-03-01", "2024-03-01T14:00:00Z"]},
    "group": {"type": "string", "examples": ["product=/p/%"]},
    "catalogue": {"type": "string", "examples": ["shop"]},
    "table": {"type": "string", "examples": ["spend.csv"]},
}


class _Shape(TypedDict):
    kind: Kind
    repeated: bool
    choices: tuple[str, ...]
    optional: bool


@dataclass(frozen=True, slots=True)
class Option:
    """One option.

    Attributes:
        name: In a URL.
        argument: Of the function.
        kind: What one of its texts is.
        repeated: Whether it may be given several times.
        choices: What it may be; empty: anything of its kind.
        optional: Whether it may be None.
        required: Whether it must be given.
        default: What the function does without it; None also for what is required.
        about: What it means, from the function's docstring.
    """

    name: str
    argument: str
    kind: Kind
    repeated: bool
    choices: tuple[str, ...]
    optional: bool
    required: bool
    default: Any
    about: str

    def read(self, texts: Sequence[str]) -> Any:  # noqa: ANN401  (what the function takes)
        """The value that texts say.

        Raises:
            BadField: They are not what the option takes.
        """
        if self.optional and self.default is not None and list(texts) == [NOTHING]:
            return None
        if not self.repeated:
            if len(texts) > 1:
                raise BadField(self.name, f"expected one value, got {len(texts)}")
            return self._one(texts[0])
        found = [self._one(text) for text in texts]
        return dict(found) if self.kind == "group" else found

    def schema(self) -> dict[str, Any]:
        """JSON Schema of its value."""
        form = dict(_FORMS[self.kind])
        if self.choices:
            form["enum"] = [*self.choices]
        if self.optional and self.default is not None and not self.repeated:
            form = {"anyOf": [form, {"const": NOTHING}]}
        if self.repeated:
            form = {"type": "array", "items": form, "minItems": 1}
        if isinstance(self.default, str | int | float | tuple) and self.default != ():
            form["default"] = [*self.default] if isinstance(self.default, tuple) else self.default
        return form

    def _one(self, text: str) -> Any:  # noqa: ANN401  (what the function takes)
        most = _LONGEST_CATALOGUE if self.kind == "catalogue" else _LONGEST
        if len(text) > most:
            raise BadField(self.name, f"expected at most {most:,} characters, got {len(text):,}")
        try:
            return self._value(text)
        except BadOption as error:
            raise BadField(self.name, str(error)) from error

    def _value(self, text: str) -> Any:  # noqa: ANN401  (what the function takes)
        if self.kind == "choice":
            if text not in self.choices:
                raise BadOption(f"expected one of {', '.join(self.choices)}, got {text!r}")
            return text
        return _READ[self.kind](text)


def _integer(text: str) -> int:
    if not re.fullmatch(r"[+-]?[0-9]{1,10}", text) or abs(int(text)) > _LARGEST:
        raise BadOption(f"expected a whole number, got {text[:_SHOWN]!r}")
    return int(text)


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError as error:
        raise BadOption(f"expected a number, got {text[:_SHOWN]!r}") from error
    if not math.isfinite(number):
        raise BadOption(f"expected a finite number, got {text[:_SHOWN]!r}")
    return number


def _boolean(text: str) -> bool:
    if text.lower() not in _WORDS:
        raise BadOption(f"expected true or false, got {text[:_SHOWN]!r}")
    return _WORDS[text.lower()]


def _duration(text: str) -> str:
    microseconds(text)
    return text


def _moment(text: str) -> str:
    moment_us(text)
    return text


def _group(text: str) -> tuple[str, str]:
    name, sign, pattern = (part.strip() for part in text.partition("="))
    if not (name and sign and pattern):
        raise BadOption(f"expected NAME=PATTERN such as product=/p/%, got {text[:_SHOWN]!r}")
    return name, pattern


def _table(text: str) -> str:
    if not TABLE_NAME.fullmatch(text):
        raise BadOption(f"expected the name of a table such as spend.csv, got {text[:_SHOWN]!r}")
    return text


TABLE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
"""What a table of the data folder may be called; never a path."""
_READ: dict[Kind, Callable[[str], Any]] = {
    "text": str,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "duration": _duration,
    "moment": _moment,
    "group": _group,
    "catalogue": str,
    "table": _table,
}


def read_options(options: Iterable[Option], values: Values) -> dict[str, Any]:
    """Typed values by argument; an empty text, as forms send it, says nothing.

    Args:
        options: What may be given.
        values: What came; names that are no option's are left alone.

    Raises:
        BadField: A value is not what its option takes, or a required one is missing.
    """
    found: dict[str, Any] = {}
    for option in options:
        texts = [text.strip() for text in values.get(option.name, ()) if text.strip()]
        if texts:
            found[option.argument] = option.read(texts)
        elif option.required:
            raise BadField(option.name, f"expected a value: {option.about}")
    return found


def options_of(
    function: Callable[..., Any], *, prefix: str = "", leave: int = 1, skip: Collection[str] = ()
) -> tuple[Option, ...]:
    """The options of a function.

    Args:
        function: Annotated, each argument explained in its docstring.
        prefix: Goes before each name in a URL.
        leave: So many first arguments are no options: the journeys it asks, or the result itself.
        skip: Further arguments that are none.

    Raises:
        TypeError: An argument has a type that no text can say, or is not explained.
    """
    parameters = list(inspect.signature(function).parameters.values())[leave:]
    types_, told = hints(function), section(function, "Args")
    made: list[Option] = []
    for parameter in parameters:
        if parameter.name in skip:
            continue
        hint = types_[parameter.name]
        if parameter.kind is parameter.VAR_KEYWORD:
            made += _shared(hint, prefix)
            continue
        required = parameter.default is parameter.empty
        default = None if required else parameter.default
        about = _about(function, parameter.name, told)
        made.append(_option(prefix, parameter.name, hint, required=required, default=default, about=about))
    return tuple(made)


def _shared(hint: Any, prefix: str) -> list[Option]:  # noqa: ANN401  (a type)
    """The options of `**options: Unpack[SomeOptions]`."""
    shared = get_args(hint)[0] if get_origin(hint) is Unpack else hint
    if not is_typeddict(shared):
        raise TypeError(f"expected Unpack of a TypedDict, got {hint}")
    told = section(shared, "Attributes")
    # A TypedDict does not say its defaults; it is the function's affair, and the words say them.
    return [
        _option(prefix, name, inner, required=False, default=None, about=told[name])
        for name, inner in hints(shared).items()
    ]


def _option(
    prefix: str,
    argument: str,
    hint: Any,  # noqa: ANN401  (a type)
    *,
    required: bool,
    default: Any,  # noqa: ANN401  (of the argument)
    about: str,
) -> Option:
    name = prefix + argument.rstrip("_")
    try:
        shape = _shape(hint)
    except TypeError as error:
        raise TypeError(f"{argument}: {error}") from error
    return Option(name=name, argument=argument, required=required, default=default, about=about, **shape)


def _shape(hint: Any) -> _Shape:  # noqa: ANN401  (a type)
    """What texts of a type look like."""
    if hint is Any:
        # The questions of signals take a catalogue, whatever it is given as; they say so and cannot name the type.
        return _Shape(kind="catalogue", repeated=False, choices=(), optional=True)
    members = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    optional = types.NoneType in members
    kinds = [member for member in members if member is not types.NoneType]
    if dt.timedelta in kinds:
        return _Shape(kind="duration", repeated=False, choices=(), optional=optional)
    if dt.date in kinds:
        return _Shape(kind="moment", repeated=False, choices=(), optional=optional)
    if any(get_origin(kind) is os.PathLike for kind in kinds):
        return _Shape(kind="table", repeated=False, choices=(), optional=optional)
    if len(kinds) != 1:
        raise TypeError(f"no text says {hint}")
    [kind] = kinds
    if get_origin(kind) is Sequence:
        inner = _shape(get_args(kind)[0])
        return _Shape(kind=inner["kind"], repeated=True, choices=inner["choices"], optional=optional)
    if get_origin(kind) is Mapping and get_args(kind) == (str, str):
        return _Shape(kind="group", repeated=True, choices=(), optional=optional)
    if get_origin(kind) is Literal:
        return _Shape(kind="choice", repeated=False, choices=get_args(kind), optional=optional)
    plain: dict[Any, Kind] = {str: "text", int: "integer", float: "number", bool: "boolean"}
    if kind not in plain:
        raise TypeError(f"no text says {hint}")
    return _Shape(kind=plain[kind], repeated=False, choices=(), optional=optional)


def _about(function: Callable[..., Any], name: str, told: dict[str, str]) -> str:
    """What a docstring says of an argument; where it points to another record or function, what that one says."""
    if name not in told:
        raise TypeError(f"{function.__module__}.{function.__qualname__} does not explain {name} under `Args:`")
    text = told[name]
    elsewhere = re.fullmatch(r"(?:See|As of|As) `(?:\w+\.)*(\w+)`\.", text)
    if elsewhere is None:
        return text
    return _elsewhere(function, elsewhere[1], name) or text


def _elsewhere(function: Callable[..., Any], place: str, name: str) -> str | None:
    own = importlib.import_module(function.__module__)
    of = getattr(own, place, None)
    if of is None and place == name:
        return None
    if of is None:
        # "As of `signals`": the question of that name, beside this one. "As `catalogue`": another argument of this function.
        told = section(function, "Args")
        if place in told:
            return told[place]
        of = getattr(importlib.import_module(f"{function.__module__.rpartition('.')[0]}.{place}"), place, None)
    return (section(of, "Attributes") | section(of, "Args")).get(name) if of is not None else None
