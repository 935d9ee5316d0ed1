"""Rows into events, by plan.

In: `Rows` and a `Plan`. Out: `EventBatch`. Never drops a row without a `Rejected`, nor a value without a place in `rest`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sojourn.collect.addresses import holds_addresses
from sojourn.collect.imports.addresses import hide_addresses
from sojourn.collect.imports.bots import mark_bots
from sojourn.collect.imports.column_names import as_objects
from sojourn.collect.imports.csv_rows import too_large
from sojourn.collect.imports.decimals import with_points
from sojourn.collect.imports.event_names import renamed, segment_events
from sojourn.collect.imports.external_columns import external_column
from sojourn.collect.imports.plan import ARROW, Plan, fitting, pick, property_names, used_columns
from sojourn.collect.imports.row_hash import row_hash
from sojourn.collect.imports.rows import FIELD_LIMIT, Rows, reject
from sojourn.collect.imports.times import UTC_TIME, joined, parse_times
from sojourn.records.batch import FIXED_COLUMNS, EventBatch
from sojourn.records.junk_ids import junk_texts
from sojourn.records.rejected import Reason, Rejected

if TYPE_CHECKING:
    import numpy.typing as npt

    from sojourn.collect.imports.plan import Kind

MISSING_IDS = (
    "",
    "null",
    "NULL",
    "Null",
    "None",
    "none",
    "nan",
    "NaN",
    "NA",
    "N/A",
    "undefined",
    "\\N",
    "(null)",
    "(not set)",
    "-",
)
"""Texts that stand for no id at all."""
_JUNK = pa.array([*junk_texts(), "00000000-0000-0000-0000-000000000000"])


def convert(rows: Rows, plan: Plan) -> EventBatch:
    """Events of the rows that have a person, a time (where the log has one) and a name; the others rejected."""
    fixed, bad = _fixed(rows, plan)
    properties, leftovers = _properties(rows, plan)
    hashes = rows.hashes if rows.hashes is not None else _hash(rows, plan)
    rejected = rows.rejected + _reject(rows, plan, bad)
    read = rows.count + len(rows.rejected)
    if leftovers or rows.rest is not None:
        fixed["rest"] = _rest(rows, leftovers)
    table = pa.table([fixed[name] for name in FIXED_COLUMNS], names=list(FIXED_COLUMNS))
    if bad.any():
        good = pa.array(~(bad != 0))
        table = table.filter(good)
        properties = {name: values.filter(good) for name, values in properties.items()}
        hashes = hashes[bad == 0]
    rejected.sort(key=lambda row: row.line)
    return EventBatch(
        fixed=table.combine_chunks(), properties=properties, row_hash=hashes, rejected=rejected, read=read
    )


_REASONS = (None, Reason.FIELD_TOO_LARGE, Reason.NO_PERSON, Reason.BAD_TIME, Reason.NO_EVENT)
_TOO_LARGE, _NO_PERSON, _BAD_TIME, _NO_EVENT = 1, 2, 3, 4


def _fixed(rows: Rows, plan: Plan) -> tuple[dict[str, pa.Array], npt.NDArray[np.uint8]]:
    """Columns of the batch's table, and why a row is bad (0: it is not)."""
    mapping, count = plan.mapping, rows.count
    bad = np.zeros(count, dtype=np.uint8)
    user, actor = _ids(rows, plan)
    external = _externals(rows, plan)
    time = _times(rows, plan, "time")
    event, sent = _events(rows, plan)
    bad[_nulls(event)] = _NO_EVENT
    if mapping.time is not None:
        bad[_nulls(time)] = _BAD_TIME
    bad[_nobody(user) & _nobody(actor) & _nulls(external)] = _NO_PERSON
    large = too_large(rows.columns)
    if large is not None:
        bad[large] = _TOO_LARGE
    agent = _field(rows, plan, "user_agent")
    empty = pa.nulls(count, pa.string())
    fixed = {
        "time": time,
        "received_at": _times(rows, plan, "received_at"),
        "type": _types(rows, event, plan),
        "event": event,
        "sent_event": sent,
        "user_id": user,
        "anonymous_id": actor,
        "message_id": _message_ids(rows, event, plan),
        "order_id": _id(_field(rows, plan, "order"), count),
        "revenue": _revenue(_field(rows, plan, "revenue"), event, plan),
        "currency": _text_or_null(_field(rows, plan, "currency"), count),
        "bot": mark_bots(agent) if agent is not None else pa.array(np.zeros(count, dtype=np.bool_)),
        "traits": rows.traits if rows.traits is not None else _aside(rows, plan, "traits"),
        "context": rows.context if rows.context is not None else _aside(rows, plan, "context"),
        "rest": empty,
        "previous_id": _id(_field(rows, plan, "previous"), count),
        "group_id": _id(_field(rows, plan, "group"), count),
        "external_ids": external,
    }
    return fixed, bad


def _nobody(values: pa.Array) -> npt.NDArray[np.bool_]:
    """Rows whose identifier is missing or junk. `0` is neither: tables number their visitors from 0."""
    if values.null_count == len(values):
        return np.ones(len(values), dtype=np.bool_)
    return np.asarray(pc.is_in(values, value_set=_JUNK)) | _nulls(values)


def _nulls(values: pa.Array) -> npt.NDArray[np.bool_]:
    if values.null_count == 0:
        return np.zeros(len(values), dtype=np.bool_)
    return np.asarray(pc.is_null(values).to_numpy(zero_copy_only=False), dtype=np.bool_)


def as_text(values: pa.Array) -> pa.Array:
    """Any column as text; whole floats lose their `.0` (ids that a table tool turned into floats)."""
    if pa.types.is_string(values.type):
        return values
    if pa.types.is_floating(values.type):
        whole = pc.fill_null(pc.all(pc.equal(values, pc.floor(values))), True).as_py()  # noqa: FBT003 - Arrow's signature
        if whole and (pc.max(pc.abs(values)).as_py() or 0) < 2**53:
            return values.cast(pa.int64()).cast(pa.string())
    return values.cast(pa.string())


def _text_or_null(values: pa.Array | None, count: int) -> pa.Array:
    if values is None:
        return pa.nulls(count, pa.string())
    text = as_text(values)
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text) if rows_have_empty(text) else text


def rows_have_empty(text: pa.Array) -> bool:
    """Whether a text column holds an empty text."""
    return bool(len(text)) and bool(pc.any(pc.equal(pc.binary_length(text), 0)).as_py())


def _id(values: pa.Array | None, count: int) -> pa.Array:
    if values is None:
        return pa.nulls(count, pa.string())
    text = as_text(values)
    if pc.any(pc.ends_with(text, ".0")).as_py():
        # A number among missing ones that a table tool made a float before it wrote the file.
        text = pc.replace_substring_regex(text, r"^([0-9]+)\.0$", r"\1")
    missing = pc.is_in(text, value_set=pa.array(MISSING_IDS))
    return pc.if_else(missing, pa.scalar(None, pa.string()), text) if pc.any(missing).as_py() else text


def _ids(rows: Rows, plan: Plan) -> tuple[pa.Array, pa.Array]:
    mapping = plan.mapping
    user = _id(_field(rows, plan, "person"), rows.count)
    actor = _id(_field(rows, plan, "actor"), rows.count)
    prefix = mapping.actor_prefix
    if prefix:
        marked = pc.fill_null(pc.starts_with(user, prefix), False)  # noqa: FBT003 - Arrow's signature
        cut = pc.utf8_slice_codeunits(user, len(prefix))
        actor = pc.coalesce(actor, pc.if_else(marked, cut, pa.scalar(None, pa.string())))
        user = pc.if_else(marked, pa.scalar(None, pa.string()), user)
    if mapping.person_is_actor:
        same = pc.fill_null(pc.equal(user, actor), False)  # noqa: FBT003 - Arrow's signature
        user = pc.if_else(same, pa.scalar(None, pa.string()), user)
    return user, actor


def _field(rows: Rows, plan: Plan, field: str) -> pa.Array | None:
    """The column that a field of the mapping means, if there is one."""
    if rows.fields is not None:
        return rows.fields.get(field)
    selector = plan.mapping.selector(field)
    values = pick(rows.columns, selector)
    return with_points(values) if values is not None and selector in plan.commas else values


def _times(rows: Rows, plan: Plan, field: str) -> pa.Array:
    values, form = _field(rows, plan, field), plan.received
    if field == "time":
        values, form = joined(_field(rows, plan, "date"), values), plan.time
    if values is None or form is None:
        return pa.nulls(rows.count, UTC_TIME)
    return parse_times(values, form)


def _events(rows: Rows, plan: Plan) -> tuple[pa.Array, pa.Array]:
    """Canonical names, and the names as sent where they differ."""
    mapping = plan.mapping
    sent = _text_or_null(_field(rows, plan, "event"), rows.count)
    if mapping.protocol == "segment":
        names = _text_or_null(_field(rows, plan, "page_name"), rows.count)
        return segment_events(sent, names, _text_or_null(_field(rows, plan, "kind"), rows.count))
    if mapping.sent is not None:
        return sent, _text_or_null(_field(rows, plan, "sent"), rows.count)
    if mapping.names_only:
        plain = [(name.strip().lower(), event) for name, event in mapping.names]
        known = renamed(pc.utf8_lower(pc.utf8_trim_whitespace(sent)), plain)
        event = known if mapping.event_value is None else pc.fill_null(known, mapping.event_value)
        # What the column says is a state, and stays a property; it is no name that the event was sent with.
        return event, pa.nulls(rows.count, pa.string())
    event = sent if mapping.event_value is None else pc.fill_null(sent, mapping.event_value)
    if not mapping.names:
        return event, pa.nulls(rows.count, pa.string())
    canonical = renamed(event, mapping.names)
    return pc.coalesce(canonical, event), pc.if_else(pc.is_valid(canonical), sent, pa.scalar(None, pa.string()))


def _types(rows: Rows, event: pa.Array, plan: Plan) -> pa.Array:
    kind = _field(rows, plan, "kind")
    if kind is not None:
        return pc.fill_null(as_text(kind), "track")
    track = pa.array(["track"]).take(pa.array(np.zeros(rows.count, dtype=np.int32)))
    return pc.coalesce(renamed(event, plan.mapping.kinds), track) if plan.mapping.kinds else track


def _revenue(values: pa.Array | None, event: pa.Array, plan: Plan) -> pa.Array:
    if values is None:
        return pa.nulls(len(event), pa.float64())
    revenue = _as_kind(values, "float64")[0]
    if not plan.mapping.negate:
        return revenue
    back = pc.is_in(event, value_set=pa.array(plan.mapping.negate))
    return pc.if_else(back, pc.negate(pc.abs(revenue)), revenue)


def _message_ids(rows: Rows, event: pa.Array, plan: Plan) -> pa.Array:
    given = _text_or_null(_field(rows, plan, "message_id"), rows.count)
    return pc.binary_join_element_wise(event, given, ":") if plan.mapping.id_per_event else given


def _externals(rows: Rows, plan: Plan) -> pa.Array:
    if rows.external_ids is not None:
        return rows.external_ids
    columns = ((kind, _field(rows, plan, f"external_ids.{kind}")) for kind, _ in plan.mapping.external_ids)
    found = [(kind, _id(values, rows.count)) for kind, values in columns if values is not None]
    return external_column(found, rows.count)


def _aside(rows: Rows, plan: Plan, part: str) -> pa.Array:
    """The columns that become traits or context, as JSON objects."""
    columns: dict[str, pa.Array] = {}
    for name, kind in plan.asides.get(part, {}).items():
        values = rows.columns.get(name)
        if values is not None:
            typed, misfits = _as_kind(with_points(values) if name in plan.commas else values, kind)
            # One of another type than the rest would be lost: then the whole stretch stays as it was written.
            columns[name] = values if misfits.size else typed
    return as_objects(columns, rows.count)


def _as_kind(values: pa.Array, kind: Kind) -> tuple[pa.Array, npt.NDArray[np.int64]]:
    """The column in `kind`, and the rows whose value does not fit and became null."""
    nothing = np.empty(0, dtype=np.int64)
    if values.type == ARROW[kind]:
        return values, nothing
    if not pa.types.is_string(values.type):
        return _typed_as_kind(values, kind)
    good = fitting(values, kind)
    misfits = nothing if good.all() else np.flatnonzero(~good)
    if misfits.size:
        values = pc.if_else(pa.array(good), values, pa.scalar(None, pa.string()))
    return values.cast(ARROW[kind]), misfits


def _typed_as_kind(values: pa.Array, kind: Kind) -> tuple[pa.Array, npt.NDArray[np.int64]]:
    target = ARROW[kind]
    try:
        return values.cast(target), np.empty(0, dtype=np.int64)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        # A value that does not fit, or types that nothing casts: all of them are kept as they came, in `rest`.
        return pa.nulls(len(values), target), np.flatnonzero(~_nulls(values))


def _properties(
    rows: Rows, plan: Plan
) -> tuple[dict[str, pa.Array], list[tuple[str, pa.Array, npt.NDArray[np.int64]]]]:
    """The properties with columns of their own, and (name, values, rows) of what did not fit there."""
    properties: dict[str, pa.Array] = {}
    leftovers: list[tuple[str, pa.Array, npt.NDArray[np.int64]]] = []
    for name, kind in plan.kinds.items():
        values = rows.columns.get(name)
        if values is None:
            properties[name] = pa.nulls(rows.count, ARROW[kind])
            continue
        if holds_addresses(name):
            values = hide_addresses(values)
        if name in plan.commas:
            values = with_points(values)
        properties[name], misfits = _as_kind(values, kind)
        if misfits.size:
            leftovers.append((name, values, misfits))
    for name in property_names(list(rows.columns), plan.mapping):
        if name not in plan.kinds:
            values = rows.columns[name]
            values = hide_addresses(values) if holds_addresses(name) else values
            leftovers.append((name, values, np.flatnonzero(~_nulls(values))))
    revenue = _field(rows, plan, "revenue")
    if revenue is not None and plan.mapping.revenue is not None:
        misfits = _as_kind(revenue, "float64")[1]
        if misfits.size:
            leftovers.append((plan.mapping.revenue, revenue, misfits))
    return properties, leftovers


def _rest(rows: Rows, leftovers: list[tuple[str, pa.Array, npt.NDArray[np.int64]]]) -> pa.Array:
    objects: list[dict[str, Any] | None] = list(rows.rest) if rows.rest is not None else [None] * rows.count
    for name, values, at in leftovers:
        for row, value in zip(at.tolist(), values.take(pa.array(at)).to_pylist(), strict=True):
            objects[row] = {**(objects[row] or {}), name: value}
    encode = msgspec.json.Encoder(enc_hook=str).encode
    return pa.array([encode(item).decode() if item else None for item in objects], type=pa.string())


def _hash(rows: Rows, plan: Plan) -> npt.NDArray[np.uint64]:
    asides = [name for kinds in plan.asides.values() for name in kinds]
    names = used_columns(plan.mapping) | {*property_names(list(rows.columns), plan.mapping), *asides}
    return row_hash({name: values for name, values in rows.columns.items() if name in names}, rows.count)


def _reject(rows: Rows, plan: Plan, bad: npt.NDArray[np.uint8]) -> list[Rejected]:
    at = np.flatnonzero(bad)
    if at.size == 0:
        return []
    time = joined(_field(rows, plan, "date"), _field(rows, plan, "time"))
    times = as_text(time).take(pa.array(at)).to_pylist() if time is not None else [None] * at.size
    rejected: list[Rejected] = []
    for row, moment, (line, raw) in zip(at.tolist(), times, rows.place(at.tolist()), strict=True):
        reason = _REASONS[bad[row]]
        assert reason is not None
        rejected.append(reject(plan.file, line, reason, _detail(reason, plan, moment), raw))
    return rejected


def _detail(reason: Reason, plan: Plan, moment: str | None) -> str:
    mapping = plan.mapping
    if reason is Reason.NO_PERSON:
        externals = (selector for _, selector in mapping.external_ids)
        names = " and ".join(name for name in (mapping.person, mapping.actor, *externals) if name)
        return f"no id in {names}"
    if reason is Reason.BAD_TIME:
        shown = "nothing" if moment is None else f'"{moment[:80]}"'
        names = f"{mapping.date} or {mapping.time}" if mapping.date else str(mapping.time)
        return f"{shown} in {names}, expected a time ({plan.time.words if plan.time else 'any usual form'})"
    if reason is Reason.NO_EVENT:
        return f"nothing in {mapping.event}, which names the event"
    return f"a field is longer than {FIELD_LIMIT:,} bytes"
