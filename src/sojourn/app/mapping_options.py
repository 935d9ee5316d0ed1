"""Options that say what the columns of a file mean, for every command that imports.

In: a command with a parameter `columns`. Out: the same command with an option for each field of
`collect.imports.mapping.Mapping` in that place. Never opens a file but the mapping.
"""

from __future__ import annotations

import functools
import inspect
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sojourn.records.errors import BadOption

if TYPE_CHECKING:
    from collections.abc import Callable

    from sojourn.collect.imports.mapping import Mapping

FILES = typer.Argument(
    metavar="FILE...", help="CSV, Parquet, JSONL, access logs; gz, zst and zip too; - is standard input."
)
Files = Annotated[list[Path], FILES]
SomeFiles = Annotated[list[Path] | None, FILES]

_CHOICES = {"format": ("csv", "jsonl", "parquet", "access_log"), "decimal": (".", ",")}
_MAPPING = ("mapping", "--mapping", "A mapping file, or a built-in recipe: ga4, matomo, posthog, ...")
_TEXTS = (
    ("person", "--person", "Column of the known person's id (userId)."),
    ("actor", "--actor", "Column of the browser's or device's id (anonymousId)."),
    ("time", "--time", "Column that says when."),
    ("date", "--date", "Column of the day, where the time column holds only the time of day."),
    ("event", "--event", "Column that says what happened."),
    ("event_value", "--event-name", "Name of every event, when no column says it."),
    ("order", "--order", "Column of the order's id."),
    ("revenue", "--revenue", "Column of the revenue."),
    ("currency", "--currency", "Column of its currency."),
    ("message_id", "--message-id", "Column of the event's own id."),
    ("received_at", "--received-at", "Column that says when it was received."),
    ("user_agent", "--user-agent", "Column of the browser's user agent, for marking bots."),
    ("time_format", "--time-format", "strptime pattern, unix_s, unix_ms, excel, day_first, month_first, ..."),
    ("format", "--format", "csv, jsonl, parquet or access_log."),
    ("encoding", "--encoding", "Encoding of a text file; default utf-8."),
    ("delimiter", "--delimiter", "Character between fields of a CSV file."),
    ("quote", "--quote", "Character around fields of a CSV file; none: there is none."),
    ("escape", "--escape", "Character before a quote inside a field of a CSV file; none: there is none."),
    ("decimal", "--decimal", "Mark before the decimals of a CSV file's numbers: . or ,"),
)
_LISTS = (
    ("properties", "--property", "Keep this column as a property; default: all others."),
    ("ignore", "--ignore", "Leave this column out."),
)
_PAIRS = (
    ("external_ids", "--id", "A further identifier, as KIND=COLUMN: email=E-Mail, loyalty_card=Card."),
    ("rename", "--rename", "Call a column otherwise, as NEW=COLUMN."),
)
_FLAGS = (
    ("header", "--header/--no-header", "Whether the first row of a CSV file names its columns; default: guessed."),
    ("proven", "--proven", "Whoever wrote the file knows that its persons are who they are."),
)


@dataclass(frozen=True, slots=True)
class Columns:
    """What the user said of the columns.

    Attributes:
        recipe: A mapping file, or the name of a recipe.
        given: Fields of a mapping; None where nothing was said.
    """

    recipe: str | None
    given: dict[str, Any]

    def mapping(self, *, time_zone: str | None) -> Mapping:
        """The mapping they make.

        Args:
            time_zone: Zone of times that name none; None: the mapping's.

        Raises:
            BadOption: An option has a value that it does not know.
            BadMapping: The mapping file cannot be read.
        """
        from sojourn.app.reading import merged_mapping  # noqa: PLC0415  (heavy)
        from sojourn.records.periods import zone  # noqa: PLC0415  (only here)

        if time_zone is not None:
            zone(time_zone)
        for name, known in _CHOICES.items():
            value = self.given.get(name)
            if value is not None and value not in known:
                message = f"expected --{name} to be {', '.join(known[:-1])} or {known[-1]}, got {value!r}"
                raise BadOption(message)
        pairs = {name: named_pairs(flag, self.given.get(name)) for name, flag, _ in _PAIRS}
        return merged_mapping(self.recipe, {**self.given, **pairs, "time_zone": time_zone})


def with_column_options(command: Callable[..., None]) -> Callable[..., None]:
    """The command with an option for each field of a mapping where it has the parameter `columns`."""
    signature = inspect.signature(command, eval_str=True)
    options = _options()
    parameters: list[inspect.Parameter] = []
    for parameter in signature.parameters.values():
        parameters += options if parameter.name == "columns" else [parameter]

    @functools.wraps(command)
    def run(**arguments: Any) -> None:
        given = {option.name: arguments.pop(option.name) for option in options}
        recipe = given.pop(_MAPPING[0])
        command(columns=Columns(recipe, given), **arguments)

    keyword = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in parameters]
    run.__signature__ = signature.replace(parameters=keyword)  # type: ignore[attr-defined]  # functions have it, the types do not
    run.__annotations__ = {one.name: one.annotation for one in parameters} | {"return": None}
    return run


def _options() -> list[inspect.Parameter]:
    """One parameter an option, in the order of the help."""
    texts = [_option(said, str) for said in (_MAPPING, *_TEXTS)]
    lists = [_option(said, list[str]) for said in (*_LISTS, *_PAIRS)]
    return [*texts, *lists, *(_option(said, bool) for said in _FLAGS)]


def named_pairs(flag: str, given: list[str] | None) -> tuple[tuple[str, str], ...] | None:
    """What stands on both sides of `=`.

    Raises:
        BadOption: There is none.
    """
    if not given:
        return None
    cut = [text.partition("=") for text in given]
    wrong = next((text for text, (name, _, column) in zip(given, cut, strict=True) if not name or not column), None)
    if wrong is not None:
        message = f"expected {flag} NAME=COLUMN, got {wrong!r}; for instance {flag} email=E-Mail"
        raise BadOption(message)
    return tuple((name.strip(), column) for name, _, column in cut)


def _option(said: tuple[str, str, str], kind: Any) -> inspect.Parameter:  # noqa: ANN401  (a type)
    name, flag, words = said
    annotation = Annotated[kind | None, typer.Option(flag, help=words)]
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)
