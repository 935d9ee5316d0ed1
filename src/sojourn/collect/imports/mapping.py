"""What the columns of a file mean.

In: options, a mapping file (TOML) or the name of a built-in recipe. Out: `Mapping`. Never opens the log itself; what is left open
here is guessed in `guess.py`.
"""

from __future__ import annotations

import dataclasses
import tomllib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from sojourn.records.errors import BadMapping

if TYPE_CHECKING:
    from collections.abc import Iterable

FileFormat = Literal["csv", "jsonl", "parquet", "access_log"]

_CHOICES = {"format": get_args(FileFormat), "protocol": ("segment",), "decimal": (".", ",")}
SELECTORS = (
    "person",
    "actor",
    "time",
    "date",
    "event",
    "received_at",
    "message_id",
    "order",
    "revenue",
    "currency",
    "user_agent",
    "kind",
    "page_name",
    "sent",
    "previous",
    "group",
)
"""Fields of `Mapping` that name a column."""
EVERY_COLUMN = "*"
"""Among `traits`: every column that is nothing else."""
_TABLES = ("names", "kinds", "external_ids", "rename")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """What the columns of a file mean. None: guess it.

    A *column* is a name in the file; a member of a nested object is reached by dots (`context.userAgent`), and of several
    names joined by `|` the first that has a value counts (`timestamp|originalTimestamp`).

    Attributes:
        person: Column with the id of a known person (userId).
        actor: Column with the id of a browser, device or cookie (anonymousId).
        time: Column that says when it happened.
        date: Column with the day, where `time` holds only the time of day.
        event: Column that says what happened.
        received_at: Column that says when the event reached the tool that wrote the file.
        properties: Columns to keep as properties; None keeps every other column.
        ignore: Columns to leave out.
        message_id: Column with an id that is the event's own: the same id is the same event.
        order: Column with the id of an order.
        revenue: Column with the revenue of the event.
        currency: Column with its currency.
        user_agent: Column with the browser's user agent, for marking bots. It stays a property.
        time_format: strptime pattern, or `unix_s`, `unix_ms`, `unix_us`, `unix_ns`, `excel`, `day_first`, `month_first`, `iso`.
        time_zone: IANA zone of times that do not say theirs.
        format: The format of the file, where its content does not show it.
        encoding: Encoding of a text file.
        delimiter: Character between the fields of a CSV file.
        quote: Character around the fields of a CSV file; `none`: there is none.
        escape: Character before a quote inside a quoted field, where quotes are not doubled; `none`: there is none.
        decimal: Mark before the decimals of a CSV file's numbers, `.` or `,`.
        header: Whether the first row of a CSV file names its columns; else they are `column_1`, `column_2`, ...
        event_value: Name of every event of a file that has no event column, or of rows whose event is empty.
        kind: Column with the Segment type (track, page, screen, identify, group, alias).
        page_name: Column with the name of a page or screen as it was sent (Segment).
        sent: Column with the name of the event as it was sent, where `event` holds its canonical one.
        spread: Object columns whose members become columns of their own.
        prefixed: Object columns whose members become columns called `object_member`.
        key_values: Columns that hold lists of `{key, value}` (GA4): each key becomes a column.
        explode: Column that holds a list of objects: each becomes a row of its own, with the columns around it.
        traits: Object columns (or single columns) that say something about the person, kept apart as traits; `*`: every column that is
            nothing else.
        context: Object columns (or single columns) that say something about device and place, kept apart as context.
        names: Event names to rename, as sent -> canonical. The name as sent is kept.
        names_only: True: a value of the event column that `names` does not list is no name of an event, and `event_value` is its event;
            values are compared without regard to case and surrounding spaces, and stay a property.
        kinds: Segment type of events, by canonical name.
        external_ids: Columns with further identifiers, by kind: `email`, `phone`, `loyalty_card`, ... A row may have them alone.
        previous: Column with the id that is the same as the person's (alias).
        group: Column with the id of the account, company or group.
        proven: True: whoever wrote the file knows that its users are who they are, as a secret server key does.
        rename: Columns to call otherwise before all else, by their new name: of several columns the first with a value.
        negate: Canonical names of events whose revenue is taken off: refunds and returns.
        id_per_event: True: `message_id` is the id of a record that is told of several times (an order that is paid, then refunded);
            together with the event's name it is the id of the event.
        person_is_actor: True: a row whose person equals its actor has no known person (PostHog before identify).
        actor_prefix: A person that begins with this is an actor (`$device:` in Mixpanel); the prefix is cut off.
        partial: True: columns named here need not all be in the file; recipes say what a tool may write.
        protocol: `segment`: rows are Segment messages, and become canonical names.
    """

    person: str | None = None
    actor: str | None = None
    time: str | None = None
    date: str | None = None
    event: str | None = None
    received_at: str | None = None
    properties: tuple[str, ...] | None = None
    ignore: tuple[str, ...] = ()
    message_id: str | None = None
    order: str | None = None
    revenue: str | None = None
    currency: str | None = None
    user_agent: str | None = None
    time_format: str | None = None
    time_zone: str = "UTC"
    format: FileFormat | None = None
    encoding: str = "utf-8"
    delimiter: str | None = None
    quote: str | None = None
    escape: str | None = None
    decimal: str | None = None
    header: bool | None = None
    event_value: str | None = None
    kind: str | None = None
    page_name: str | None = None
    sent: str | None = None
    spread: tuple[str, ...] = ()
    prefixed: tuple[str, ...] = ()
    key_values: tuple[str, ...] = ()
    explode: str | None = None
    traits: tuple[str, ...] = ()
    context: tuple[str, ...] = ()
    names: tuple[tuple[str, str], ...] = ()
    names_only: bool = False
    kinds: tuple[tuple[str, str], ...] = ()
    external_ids: tuple[tuple[str, str], ...] = ()
    previous: str | None = None
    group: str | None = None
    proven: bool = False
    rename: tuple[tuple[str, str], ...] = ()
    negate: tuple[str, ...] = ()
    id_per_event: bool = False
    person_is_actor: bool = False
    actor_prefix: str | None = None
    partial: bool = False
    protocol: Literal["segment"] | None = None

    @property
    def opens_objects(self) -> bool:
        """Whether rows hold objects or lists that have to be opened."""
        return bool(self.spread or self.prefixed or self.key_values or self.explode or self.traits or self.context)

    @property
    def selectors(self) -> tuple[tuple[str, str], ...]:
        """Fields that name a column, with what they name; further identifiers are fields such as `external_ids.email`."""
        said = ((field, getattr(self, field)) for field in SELECTORS)
        externals = ((f"external_ids.{kind}", selector) for kind, selector in self.external_ids)
        return (*((field, selector) for field, selector in said if selector), *externals)

    def selector(self, field: str) -> str | None:
        """What a field names; None: nothing."""
        return dict(self.selectors).get(field)


def recipe_names() -> list[str]:
    """Names of the built-in recipes, sorted."""
    files = resources.files("sojourn.collect.imports").joinpath("recipes").iterdir()
    return sorted(file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml"))


def load_mapping(path_or_recipe_name: str) -> Mapping:
    """Read a mapping file, or the built-in recipe of this name.

    Args:
        path_or_recipe_name: `ga4`, `matomo`, ... (see `recipe_names`), or the path of a TOML file.

    Raises:
        BadMapping: Neither exists, the TOML is broken, or a key or a value is not one `Mapping` knows.
    """
    names = recipe_names()
    if path_or_recipe_name in names:
        text = (
            resources.files("sojourn.collect.imports")
            .joinpath(f"recipes/{path_or_recipe_name}.toml")
            .read_text("utf-8")
        )
        return dataclasses.replace(parse_mapping(text, path_or_recipe_name), partial=True)
    path = Path(path_or_recipe_name)
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadMapping(
            f'"{path_or_recipe_name}" is neither a recipe ({", ".join(names)}) nor a mapping file that can be read: {error}'
        ) from error
    return parse_mapping(text, str(path))


EXPORTED = frozenset(
    ("seq", "received_at", "source", "type", "event", "sent_event", "message_id", "bot", "properties", "original_time")
)
"""Columns that together only an export of ours has."""


def exported(names: Iterable[str], mapping: Mapping) -> tuple[Mapping, tuple[str, ...]]:
    """The mapping for a table that `sojourn export` wrote, and a line that says so; else what was given."""
    if not EXPORTED.issubset(names) or mapping.person or mapping.actor or mapping.event or mapping.event_value:
        return mapping, ()
    return over(load_mapping("sojourn"), mapping), ("format: events that sojourn export wrote",)


def over(base: Mapping, given: Mapping) -> Mapping:
    """`base`, with everything `given` says differently from the defaults put over it."""
    plain = Mapping()
    said = {field.name: getattr(given, field.name) for field in dataclasses.fields(Mapping)}
    return dataclasses.replace(base, **{name: value for name, value in said.items() if value != getattr(plain, name)})


def parse_mapping(text: str, where: str) -> Mapping:
    """A mapping from TOML text; `where` names it in errors.

    Raises:
        BadMapping: The TOML is broken, or a key or a value is not one `Mapping` knows.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadMapping(f"{where} is not TOML: {error}") from error
    return mapping_from(table, where)


def mapping_from(table: dict[str, Any], where: str) -> Mapping:
    """A mapping from the table of a mapping file; `where` names it in errors.

    Raises:
        BadMapping: A key or a value is not one `Mapping` knows.
    """
    known = {field.name: field for field in dataclasses.fields(Mapping)}
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in known:
            raise BadMapping(f'{where} has the key "{key}"; known are {", ".join(known)}')
        values[key] = _value(key, value, str(known[key].type), where)
    return Mapping(**values)


def _value(key: str, value: object, declared: str, where: str) -> object:
    """`value` of `key` as its declared type.

    Raises:
        BadMapping: It is of another type.
    """
    if key in _TABLES:
        if isinstance(value, dict) and all(isinstance(item, str) for item in value.values()):
            return tuple(value.items())
        raise BadMapping(f"{where}: expected a table of texts at `{key}`, got {value!r}")
    if declared.startswith("tuple"):
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(value)
        raise BadMapping(f'{where}: expected a list of texts at `{key}`, got {value!r}; write {key} = ["..."]')
    if declared.startswith("bool"):
        if isinstance(value, bool):
            return value
        raise BadMapping(f"{where}: expected true or false at `{key}`, got {value!r}")
    if not isinstance(value, str):
        raise BadMapping(f'{where}: expected a text at `{key}`, got {value!r}; write {key} = "..."')
    if key in _CHOICES and value not in _CHOICES[key]:
        choices = " or ".join(f'"{choice}"' for choice in _CHOICES[key])
        raise BadMapping(f'{where}: expected {choices} at `{key}`, got "{value}"')
    return value
