"""What a form says of a file's columns, as a mapping; and what the file looks like under it.

In: fields of a form, a file. Out: `Mapping`; a `Preview` with the columns, what was guessed, and the first rows as they would be stored.
Never stores anything.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from sojourn.collect.imports.convert import convert
from sojourn.collect.imports.formats import open_reader
from sojourn.collect.imports.guess import split_names
from sojourn.collect.imports.incoming import incoming
from sojourn.collect.imports.mapping import Mapping, load_mapping, recipe_names
from sojourn.collect.imports.plan import make_plan
from sojourn.records.errors import BadFile, BadMapping, BadOption
from sojourn.records.periods import zone

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from collections.abc import Mapping as Values
    from pathlib import Path

    import pyarrow as pa

    from sojourn.collect.imports.formats import Reader
    from sojourn.records.batch import EventBatch

__all__ = [
    "CHOICES",
    "COLUMNS",
    "LISTS",
    "TEXTS",
    "ColumnSeen",
    "Preview",
    "kept_fields",
    "mapping_of",
    "preview",
    "recipe_names",
    "source_of",
]
COLUMNS = (
    ("person", "Person", "Who it was: the id of a known user."),
    ("actor", "Device", "The id of a browser, device or cookie."),
    ("time", "Time", "When it happened."),
    ("date", "Day", "The day, where the time column holds only the time of day."),
    ("event", "Event", "What happened."),
    ("order", "Order", "Id of an order."),
    ("revenue", "Revenue", "What it brought."),
    ("currency", "Currency", "Of the revenue."),
    ("message_id", "Event id", "An id that is the event's own: the same id is the same event."),
    ("user_agent", "User agent", "Marks self-declared crawlers."),
)
"""Fields that name a column: field, label, meaning."""
TEXTS = ("event_value", "time_format", "time_zone", "encoding", "delimiter", "quote", "escape", "format", "decimal")
LISTS = ("ignore",)
CHOICES = {
    "format": ("csv", "jsonl", "parquet", "access_log"),
    "decimal": (".", ","),
    "header": ("yes", "no"),
}
_PAIRS = "ids"
_EXAMPLES = 3
_SHOWN_CHARACTERS = 200
_KNOWN = {
    "recipe",
    "source",
    "drop_duplicates",
    "proven",
    "header",
    _PAIRS,
    *LISTS,
    *TEXTS,
    *(one for one, _, _ in COLUMNS),
}
_LONGEST_SOURCE = 200


@dataclass(frozen=True, slots=True)
class ColumnSeen:
    """A column of the file.

    Attributes:
        name: As the file calls it.
        becomes: What it is read as: `person`, `time`, ..., `property`, or `left out`.
        examples: Its first different values.
    """

    name: str
    becomes: str
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """A file under a mapping; every text may be a customer's.

    Attributes:
        name: Of the file.
        size: Its bytes, packed as it is.
        notes: What the format was found to be, and what was guessed.
        columns: Its columns.
        chosen: Column of each field of the mapping, guessed ones too.
        rows: The first rows as they would be stored: values by column of the events table.
        read: Rows that were looked at.
        accepted: Those of them that become events.
        events: How many of them there are of each name, most frequent first, at most 20.
        rejected: The first rejected ones: line, reason, detail.
        error: Why nothing could be read; empty when something could.
    """

    name: str
    size: int
    notes: tuple[str, ...] = ()
    columns: tuple[ColumnSeen, ...] = ()
    chosen: dict[str, str] = field(default_factory=dict)
    rows: tuple[dict[str, str], ...] = ()
    read: int = 0
    accepted: int = 0
    events: tuple[tuple[str, int], ...] = ()
    rejected: tuple[tuple[int, str, str], ...] = ()
    error: str = ""


def kept_fields(values: Values[str, Sequence[str]]) -> dict[str, list[str]]:
    """What of a form's fields is about a mapping and says something."""
    found = {name: [text.strip() for text in texts if text.strip()] for name, texts in values.items() if name in _KNOWN}
    return {name: texts for name, texts in found.items() if texts}


def mapping_of(values: Values[str, Sequence[str]]) -> Mapping:
    """The mapping that a form says; what it leaves open is guessed.

    Args:
        values: Fields of the form: those of `COLUMNS`, `TEXTS`, `recipe`, `header`, `ids` (KIND=COLUMN, ...), `ignore`, `proven`.

    Raises:
        BadOption: A field has a value that it does not know.
    """
    said = {name: texts[-1] for name, texts in kept_fields(values).items()}
    for name, known in (*CHOICES.items(), ("recipe", recipe_names())):
        if name in said and said[name] not in known:
            message = f"expected {name} to be one of {', '.join(known)}, got {said[name][:40]!r}"
            raise BadOption(message)
    if "time_zone" in said:
        zone(said["time_zone"])
    base = load_mapping(said["recipe"]) if "recipe" in said else Mapping()
    given: dict[str, Any] = {name: said[name] for name, _, _ in COLUMNS if name in said}
    given |= {name: said[name] for name in TEXTS if name in said}
    if "header" in said:
        given["header"] = said["header"] == "yes"
    if _PAIRS in said:
        given["external_ids"] = tuple(_pair(text) for text in said[_PAIRS].split(","))
    if "ignore" in values:
        given["ignore"] = tuple(kept_fields(values).get("ignore", ()))
    if "proven" in said:
        given["proven"] = True
    return dataclasses.replace(base, **given)


def _pair(text: str) -> tuple[str, str]:
    kind, _, column = text.strip().partition("=")
    if not kind.strip() or not column.strip():
        message = f"expected further identifiers as KIND=COLUMN, as in email=E-Mail, got {text.strip()[:40]!r}"
        raise BadOption(message)
    return kind.strip(), column.strip()


def source_of(values: Values[str, Sequence[str]]) -> str:
    """Name under which the events are kept.

    Raises:
        BadOption: It is none.
    """
    name = kept_fields(values).get("source", ["import"])[-1]
    if len(name) > _LONGEST_SOURCE or not name.isprintable():
        message = f"expected a source of at most {_LONGEST_SOURCE} printable characters"
        raise BadOption(message)
    return name


def preview(file: Path, mapping: Mapping, *, secret: bytes, name: str, most: int = 10) -> Preview:
    """Look at the beginning of a file under a mapping.

    Args:
        file: Any file that can be imported; of a zip archive its first member is looked at.
        mapping: What is known of its columns.
        secret: Of the folder, for visitors of access logs.
        name: What to call it.
        most: Rows to show.
    """
    try:
        size = file.stat().st_size
        with incoming(file) as parts:
            part = next(iter(parts))
            shown = name if part.path == file else part.name.rpartition("/")[2]
            reader = open_reader(part.path, mapping, secret=secret, name=shown)
            return _looked_at(reader, Preview(name, size), shown, most)
    except OSError as error:
        return Preview(name, 0, error=f"{name} cannot be read: {error.strerror or error}")
    except (BadFile, BadMapping) as error:
        return Preview(name, size, error=str(error))


def _looked_at(reader: Reader, found: Preview, name: str, most: int) -> Preview:
    sample = {**reader.sample.columns, **reader.sample.reachable}
    try:
        plan, lines = make_plan(reader.sample, reader.mapping, file=name)
    except BadMapping as error:
        return dataclasses.replace(
            found, notes=tuple(reader.notes), columns=_columns(sample, reader.mapping), error=str(error)
        )
    found = dataclasses.replace(
        found,
        notes=(*reader.notes, *lines),
        columns=_columns(sample, plan.mapping),
        chosen=dict(plan.mapping.selectors),
    )
    tasks = cast("Generator[Any]", reader.tasks(plan))
    with closing(tasks):
        read, _ = next(tasks, (None, 0))
        if read is None:
            return dataclasses.replace(found, error=f"{name} has no rows")
        batch = convert(read(), plan)
    names = batch.fixed.column("event").value_counts().to_pylist()
    ranked = sorted(((one["values"], one["counts"]) for one in names), key=lambda pair: (-pair[1], pair[0]))
    return dataclasses.replace(
        found,
        rows=tuple(_stored(batch, row) for row in range(min(most, batch.fixed.num_rows))),
        read=batch.read,
        accepted=batch.fixed.num_rows,
        events=tuple(ranked[:20]),
        rejected=tuple((one.line, one.reason.value, one.detail) for one in batch.rejected[:most]),
    )


def _columns(sample: dict[str, pa.Array], mapping: Mapping) -> tuple[ColumnSeen, ...]:
    labels = {one: label.lower() for one, label, _ in COLUMNS}
    uses: dict[str, list[str]] = {}
    for one, selector in mapping.selectors:
        for column in split_names(selector):
            uses.setdefault(column, []).append(labels.get(one, one.replace("_", " ")))
    return tuple(
        ColumnSeen(
            column,
            "left out" if column in mapping.ignore else ", ".join(uses.get(column, ["property"])),
            _examples(values),
        )
        for column, values in sample.items()
    )


def _examples(values: pa.Array) -> tuple[str, ...]:
    first = values.slice(0, 1_000).drop_null().to_pylist()
    different = dict.fromkeys(_text(value) for value in first if value != "")
    return tuple(list(different)[:_EXAMPLES])


def _stored(batch: EventBatch, row: int) -> dict[str, str]:
    fixed = batch.fixed.slice(row, 1).to_pylist()[0]
    own = {name: values[row].as_py() for name, values in batch.properties.items()}
    return {name: _text(value) for name, value in {**fixed, **own}.items() if value not in (None, False)}


def _text(value: object) -> str:
    # Times of batches are UTC.
    text = value.replace(tzinfo=None).isoformat(sep=" ") if isinstance(value, dt.datetime) else str(value)
    return text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "…"
