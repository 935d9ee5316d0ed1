"""Reading a catalogue of signals from YAML, with the path and the line of everything wrong in it.

In: the text of a file. Out: a `Catalogue`, or `BadCatalogue` with one line a problem. Only the parser of the library is used
(docs/decisions/0009): what a plain word means is decided here, and aliases, tags and keys given twice are refused.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin, get_type_hints

import msgspec
import yaml

from sojourn.records.errors import BadCatalogue
from sojourn.signals.catalogue import PATTERNS, Catalogue, Scale, Score, Segment, Stage
from sojourn.signals.catalogue_checks import check

if TYPE_CHECKING:
    from pathlib import Path

_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}
_DEEPEST = 32
_LONGEST = 2_000_000
_SHOWN = 80
_PLACE = re.compile(r"^(?P<what>.*?)(?: - at `\$?(?P<path>[^`]*)`)?$", re.DOTALL)
_PARTS: dict[str, type] = {"stages": Stage, "scores": Score, "segments": Segment}


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in a catalogue.

    Attributes:
        path: Where in it: `$.signals[3].half_life`.
        line: Line of the file, from 1; that of the nearest thing around when the place itself is not there.
        says: What came and what was expected.
    """

    path: str
    line: int
    says: str


@dataclass(frozen=True, slots=True)
class _Read:
    """A file as plain values, and the line of every place in it."""

    value: Any
    lines: dict[str, int]


def load_catalogue(path: Path) -> Catalogue:
    """Read a catalogue from a file.

    Raises:
        BadCatalogue: It is not there, or not a catalogue; each line of the message names file, line and path.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadCatalogue(f"cannot read {path}: {error}") from error
    return read_catalogue(text, name=path.name)


def read_catalogue(text: str, *, name: str = Catalogue.FILE) -> Catalogue:
    """Read a catalogue from text.

    Args:
        text: YAML (JSON is YAML).
        name: What messages call the file.

    Raises:
        BadCatalogue: It is not one; each line of the message names file, line and path.
    """
    catalogue, problems = _read(text)
    if problems or catalogue is None:
        raise BadCatalogue("\n".join(f"{name}:{p.line}: {p.path}: {p.says}" for p in problems))
    return catalogue


def problems_of(text: str) -> tuple[Problem, ...]:
    """Everything wrong in the text of a catalogue, in the order of its lines; empty when it is one."""
    return tuple(sorted(_read(text)[1], key=lambda problem: problem.line))


@lru_cache(maxsize=8)
def _read(text: str) -> tuple[Catalogue | None, tuple[Problem, ...]]:
    """The catalogue and its problems; kept, because every question about signals begins with the same text."""
    problems: list[Problem] = []
    read = _parse(text, problems)
    catalogue = None
    if not problems:
        catalogue = _decode(read, problems)
    if catalogue is not None:
        problems += [Problem(path, _line(path, read.lines), says) for path, says in check(catalogue)]
    return catalogue, tuple(problems)


def _parse(text: str, problems: list[Problem]) -> _Read:
    lines: dict[str, int] = {"$": 1}
    if len(text) > _LONGEST:
        problems.append(Problem("$", 1, f"expected at most {_LONGEST:,} characters, got {len(text):,}"))
        return _Read(None, lines)
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        says = getattr(error, "problem", None) or " ".join(str(error).split())
        problems.append(Problem("$", mark.line + 1 if mark else 1, f"expected YAML: {says}"))
        return _Read(None, lines)
    if node is None:
        problems.append(Problem("$", 1, "expected a mapping with `signals`, got an empty file"))
        return _Read(None, lines)
    return _Read(_value(node, "$", lines, problems, seen=set(), deep=0), lines)


def _value(
    node: yaml.Node, path: str, lines: dict[str, int], problems: list[Problem], *, seen: set[int], deep: int
) -> Any:  # noqa: ANN401  (whatever the file holds)
    """A node as plain values; remembers lines and problems."""
    line = lines[path] = node.start_mark.line + 1
    if id(node) in seen:
        problems.append(Problem(path, line, "expected the value itself, got an alias (`*name`)"))
        return None
    seen.add(id(node))
    if deep > _DEEPEST:
        problems.append(Problem(path, line, f"expected at most {_DEEPEST} levels, this lies deeper"))
        return None
    if not node.tag.startswith("tag:yaml.org,2002:"):
        problems.append(Problem(path, line, f"expected a plain value, got the tag {node.tag!r}"))
        return None
    if isinstance(node, yaml.ScalarNode):
        return _scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return [
            _value(item, f"{path}[{n}]", lines, problems, seen=seen, deep=deep + 1) for n, item in enumerate(node.value)
        ]
    made: dict[str, Any] = {}
    for key, item in node.value:
        name = str(key.value) if isinstance(key, yaml.ScalarNode) else "?"
        inner = f"{path}.{name}"
        at = key.start_mark.line + 1
        if name in made:
            problems.append(Problem(inner, at, f"expected `{name}` once, got it again; first on line {lines[inner]}"))
            continue
        made[name] = _value(item, inner, lines, problems, seen=seen, deep=deep + 1)
        lines[inner] = at
    return made


def _scalar(node: yaml.ScalarNode) -> Any:  # noqa: ANN401  (whatever the file holds)
    if node.style is not None:
        return node.value
    if node.value in _WORDS:
        return _WORDS[node.value]
    if _NUMBER.fullmatch(node.value):
        return float(node.value) if re.search(r"[.eE]", node.value) else int(node.value)
    return node.value


def _decode(read: _Read, problems: list[Problem]) -> Catalogue | None:
    """The records; every field that is wrong is told, not the first alone."""
    if not isinstance(read.value, dict):
        problems.append(Problem("$", 1, f"expected a mapping with `signals`, got {_shown(read.value)}"))
        return None
    value = dict(read.value)
    found = len(problems)
    for key, kind in (("signals", None), *_PARTS.items()):
        items = value.get(key)
        if isinstance(items, list):
            value[key] = tuple(
                _record(item, kind or _pattern(item, f"$.{key}[{n}]", read, problems), f"$.{key}[{n}]", read, problems)
                for n, item in enumerate(items)
            )
    made = _record(value, Catalogue, "$", read, problems)
    return made if len(problems) == found else None


def _pattern(item: Any, path: str, read: _Read, problems: list[Problem]) -> type | None:  # noqa: ANN401  (whatever the file holds)
    """Which record a signal is; None, and a problem, when its pattern is none."""
    if not isinstance(item, dict):
        return PATTERNS["count"]
    pattern = item.get("pattern")
    if isinstance(pattern, str) and pattern in PATTERNS:
        return PATTERNS[pattern]
    hint = _nearest(pattern, list(PATTERNS)) if isinstance(pattern, str) else ""
    where = f"{path}.pattern" if "pattern" in item else path
    came = _shown(pattern) if "pattern" in item else "nothing"
    says = f"expected `pattern` to be one of {', '.join(PATTERNS)}; got {came}{hint}"
    problems.append(Problem(where, _line(where, read.lines), says))
    return None


def _record(item: Any, kind: type | None, path: str, read: _Read, problems: list[Problem]) -> Any:  # noqa: ANN401  (a record of `kind`)
    """One record, field by field."""
    if kind is None:
        return None
    if not isinstance(item, dict):
        problems.append(Problem(path, _line(path, read.lines), f"expected a mapping, got {_shown(item)}"))
        return None
    config = kind.__struct_config__  # type: ignore[attr-defined]  # every record is a msgspec struct
    fields = {field.name: field for field in msgspec.structs.fields(kind)}
    hints = get_type_hints(kind, include_extras=True)
    known = [*([config.tag_field] if config.tag_field else []), *fields]
    found = len(problems)
    made: dict[str, Any] = {}
    for key, value in item.items():
        inner = f"{path}.{key}"
        if key not in known:
            hint = _nearest(key, known)
            says = f"expected one of {', '.join(known)}; got `{key}`{hint}"
            problems.append(Problem(inner, _line(inner, read.lines), says))
        elif key in fields:
            made[key] = _field(value, hints[key], inner, read, problems)
    for name, field in fields.items():
        if field.required and name not in item:
            says = f"expected `{name}`, it is missing"
            problems.append(Problem(path, _line(path, read.lines), says))
    return kind(**made) if len(problems) == found else None


def _field(value: Any, hint: Any, path: str, read: _Read, problems: list[Problem]) -> Any:  # noqa: ANN401  (any field of any record)
    """One field's value."""
    if isinstance(value, tuple):
        # Its items are records already; how many there may be is what is left to judge.
        least = 1 if path == "$.signals" else 0
        if len(value) < least:
            problems.append(Problem(path, _line(path, read.lines), "expected at least one, got an empty list"))
        return value
    try:
        return msgspec.convert(value, hint)
    except msgspec.ValidationError as error:
        match = _PLACE.match(str(error))
        assert match is not None  # the pattern takes any text
        inner = path + (match["path"] or "").replace("[...]", "")
        came = _at(read.value, inner)
        what = match["what"][0].lower() + match["what"][1:]
        problems.append(
            Problem(inner, _line(inner, read.lines), f"{_explained(what, hint)}, the value is {_shown(came)}")
        )
        return None


def _explained(what: str, hint: Any) -> str:  # noqa: ANN401  (any annotation)
    """What a machine says, with what a person has to write."""
    if r"(ms|s|m|h|d|w)" in what:
        return "expected a length of time such as 30m, 12h or 7d"
    if r"^[a-z][a-z0-9_]{0,63}$" in what:
        return "expected a name of lower case letters, digits and `_` that begins with a letter"
    if what.startswith("invalid enum value") and get_origin(hint) is Literal:
        return f"expected one of {', '.join(map(str, get_args(hint)))}"
    if hint == Scale | None:
        return f"{what} (a scale has `even_at` and `doubles`)"
    return what


def _at(value: Any, path: str) -> Any:  # noqa: ANN401  (whatever the file holds)
    """The value at a path."""
    for name, place in re.findall(r"\.([^.\[\]]+)|\[(\d+)\]", path):
        try:
            value = value[int(place)] if place else value[name]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def _line(path: str, lines: dict[str, int]) -> int:
    """The line of a place, else of the nearest thing around it."""
    while path not in lines:
        path = re.sub(r"(\.[^.\[\]]*|\[\d*\]|.)$", "", path) or "$"
    return lines[path]


def _shown(value: Any) -> str:  # noqa: ANN401  (whatever the file holds)
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    text = "nothing" if value is None else repr(value) if isinstance(value, str) else str(value).lower()
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _nearest(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean `{close[0]}`?" if close else ""
