"""JSON lines (or one JSON array) into rows.

In: a `Source`. Out: `Rows`, piece by piece. Never loses a line: one that is no JSON object is rejected with its physical line.

Lone surrogates (an escape such as backslash-ud800), which no text can hold, become U+FFFD; `NaN` and `Infinity`, which are no JSON but common, become null.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from sojourn.collect.imports import objects, usual_names
from sojourn.collect.imports.guess import split_names
from sojourn.collect.imports.mapping import load_mapping, over
from sojourn.collect.imports.rows import FIELD_LIMIT, Rows, Sample, reject
from sojourn.collect.imports.text_check import check_text, without_bom
from sojourn.collect.imports.usual_names import reduced
from sojourn.records.errors import BadFile
from sojourn.records.rejected import RAW_LIMIT, Reason, Rejected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sojourn.collect.imports.mapping import Mapping
    from sojourn.collect.imports.objects import Object
    from sojourn.collect.imports.plan import Plan
    from sojourn.collect.imports.source import Source

BLOCK = 4 << 20
LINE_LIMIT = 64 << 20
"""A line longer than this is skipped."""
_WHOLE_LIMIT = 1 << 30
_SURROGATE = re.compile("[\ud800-\udfff]")
_BLANKS = re.compile(r"[\s,\x1e]*")
_DECODER = msgspec.json.Decoder()


@dataclass(frozen=True, slots=True)
class Decoded:
    """Objects of a stretch of the file, the line each is on, its bytes where they are known, and the lines that are none."""

    items: list[Object]
    lines: Sequence[int]
    raws: Sequence[bytes] | None
    rejected: list[Rejected]


@dataclass(frozen=True, slots=True)
class JsonReader:
    """A file of JSON lines; see `formats.Reader`."""

    size: int
    sample: Sample
    mapping: Mapping
    notes: tuple[str, ...]
    first: Decoded
    following: Iterator[tuple[Callable[[], Decoded], int]]
    done: int

    def tasks(self, plan: Plan) -> Iterator[tuple[Callable[[], Rows], int]]:
        """What reads the file, piece by piece, once the plan is made."""
        yield partial(rows_of, self.first, plan), self.done
        for decode, done in self.following:
            yield partial(_decode_rows, decode, plan), done


def open_json(source: Source, chunks: Iterator[bytes], mapping: Mapping) -> JsonReader:
    """Read the first stretch of the file and look what it is.

    Raises:
        BadFile: It is no text in UTF-8, holds nothing, or is one JSON value in which no list of objects is found.
    """
    name = source.name
    pieces = _blocks(source, chunks)
    block, line, done, rejected = next(pieces, (b"", 1, 0, []))
    check_text(block[:BLOCK], name)
    block = without_bom(block)
    whole = _whole(block, pieces, name) if _is_one_value(block) else None
    first = whole if whole is not None else _decode(block, line, name, rejected)
    while not first.items and (piece := next(pieces, None)) is not None:
        done, before = piece[2], first.rejected
        first = _decode(piece[0], piece[1], name, [*before, *piece[3]])
    if not first.items:
        broken = f"; {source.broken}" if source.broken else ""
        if not first.rejected:
            raise BadFile(f"{name} holds no line{broken}")
        raise BadFile(f"{name} holds no JSON object; line {first.rejected[0].line}: {first.rejected[0].detail}{broken}")
    opened, enveloped = _detect_envelopes(first.items, mapping)
    items = objects.explode(first.items, opened.explode)[0] if opened.explode else first.items
    detected, notes = _detect_segment(items, opened)
    following = ((partial(_decode, piece, at, name, bad), taken) for piece, at, taken, bad in pieces)
    return JsonReader(
        size=source.size,
        sample=objects.sample_rows(items, detected),
        mapping=detected,
        notes=(*enveloped, *notes),
        first=first,
        following=following,
        done=done,
    )


def _decode_rows(decode: Callable[[], Decoded], plan: Plan) -> Rows:
    return rows_of(decode(), plan)


def rows_of(decoded: Decoded, plan: Plan) -> Rows:
    """Rows of decoded objects, as the plan says."""
    items, origins = decoded.items, None
    if plan.mapping.explode:
        items, origins = objects.explode(items, plan.mapping.explode)

    def place(rows: Sequence[int]) -> list[tuple[int, bytes]]:
        at = [origins[row] if origins is not None else row for row in rows]
        return [
            (
                decoded.lines[row],
                decoded.raws[row] if decoded.raws is not None else msgspec.json.encode(decoded.items[row]),
            )
            for row in at
        ]

    return objects.shape_rows(items, plan, place=place, rejected=decoded.rejected)


def _blocks(source: Source, chunks: Iterator[bytes]) -> Iterator[tuple[bytes, int, int, list[Rejected]]]:
    """Whole lines, the number of the first, packed bytes taken, and rejected pieces."""
    held, line, name = b"", 1, source.name
    for chunk in chunks:
        held += chunk
        cut = held.rfind(b"\n") + 1
        if len(held) >= BLOCK and cut:
            yield held[:cut], line, source.done, []
            line += held.count(b"\n", 0, cut)
            held = held[cut:]
        elif len(held) > LINE_LIMIT:
            raw = held[:RAW_LIMIT]
            while (cut := held.find(b"\n")) < 0 and (held := next(chunks, b"")):
                pass
            held = held[cut + 1 :]
            detail = f"the line is longer than {LINE_LIMIT:,} bytes"
            yield b"", line, source.done, [reject(name, line, Reason.FIELD_TOO_LARGE, detail, raw)]
            line += 1
    if source.broken:
        cut = held.rfind(b"\n") + 1
        at = line + held.count(b"\n", 0, cut)
        yield held[:cut], line, source.done, [reject(name, at, Reason.UNREADABLE, source.broken, held[cut:])]
    elif held:
        yield held, line, source.done, []


def _decode(block: bytes, line: int, name: str, rejected: list[Rejected]) -> Decoded:
    """Decode all lines at once, or one by one where that fails."""
    if len(block) <= FIELD_LIMIT:
        try:
            items = _DECODER.decode_lines(block)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return _decode_each(block, line, name, rejected)
        lines = block.count(b"\n") + (not block.endswith(b"\n"))
        if len(items) == lines and all(type(item) is dict for item in items):
            return Decoded(items, range(line, line + lines), None, list(rejected))
    return _decode_each(block, line, name, rejected)


def _decode_each(block: bytes, line: int, name: str, rejected: list[Rejected]) -> Decoded:
    items: list[Object] = []
    lines: list[int] = []
    raws: list[bytes] = []
    bad = list(rejected)
    for number, raw in enumerate(block.split(b"\n"), start=line):
        text = raw.strip(b" \t\r")
        if not text:
            continue
        item = decode_line(text)
        if isinstance(item, dict):
            items.append(item)
            lines.append(number)
            raws.append(raw)
        else:
            bad.append(reject(name, number, item[0], item[1], raw))
    return Decoded(items, lines, raws, bad)


def decode_line(text: bytes) -> Object | tuple[Reason, str]:
    """The object on a line, or why there is none."""
    try:
        item = _DECODER.decode(text)
    except UnicodeDecodeError as error:
        return (
            Reason.BAD_ENCODING,
            f"the line is not UTF-8 at byte {error.start + 1}; --encoding says which encoding a file is in",
        )
    except RecursionError:
        return Reason.BAD_JSON, "objects are nested too deeply"
    except msgspec.MsgspecError as error:
        item = _decode_leniently(text)
        if item is None:
            return Reason.BAD_JSON, f"no JSON: {error}"
    if not isinstance(item, dict):
        return Reason.BAD_JSON, f"expected a JSON object, got {_shown(text)}"
    if len(text) > FIELD_LIMIT and any(
        isinstance(value, str) and len(value.encode()) > FIELD_LIMIT for value in _leaves(item)
    ):
        return Reason.FIELD_TOO_LARGE, f"a text is longer than {FIELD_LIMIT:,} bytes"
    return item


def _shown(text: bytes) -> str:
    shown = text[:60].decode("utf-8", "replace")
    return shown + ("..." if len(text) > len(shown) else "")


def _decode_leniently(text: bytes) -> Any | None:  # noqa: ANN401 - JSON is anything
    """What Python's decoder makes of it: lone surrogates and NaN are cleaned away; None when that is no JSON either."""
    try:
        return _cleaned(json.loads(text, parse_constant=lambda _: None, parse_float=_finite))
    except (ValueError, RecursionError):
        return None


def _finite(text: str) -> float | None:
    number = float(text)
    return number if abs(number) != float("inf") else None


def _cleaned(value: Any) -> Any:  # noqa: ANN401 - JSON is anything
    if isinstance(value, str):
        return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", value)
    if isinstance(value, dict):
        return {_SURROGATE.sub("\N{REPLACEMENT CHARACTER}", key): _cleaned(one) for key, one in value.items()}
    return [_cleaned(one) for one in value] if isinstance(value, list) else value


def _leaves(value: Any) -> Iterator[Any]:  # noqa: ANN401 - JSON is anything
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from _leaves(one)
    else:
        yield value


def _is_one_value(block: bytes) -> bool:
    """Whether the file is one JSON value (over several lines, or an envelope on one), not an object a line."""
    start = block.strip(b" \t\r\n")
    if start.startswith(b"["):
        return True
    first, _, more = start.partition(b"\n")
    item = decode_line(first.strip())
    if isinstance(item, dict):
        return not more and _enveloped(item) is not None
    return first.startswith(b"{")


def _whole(block: bytes, pieces: Iterator[tuple[bytes, int, int, list[Rejected]]], name: str) -> Decoded | None:
    """The objects of a file that is one JSON array, or one object with a list of them; None when it is neither after all."""
    held, bad, size = [block], [], len(block)
    for piece, _, _, rejected in pieces:
        held.append(piece)
        bad += rejected
        size += len(piece)
        if size > _WHOLE_LIMIT:
            raise BadFile(
                f"{name} is one JSON value of more than {_WHOLE_LIMIT:,} bytes; write one object a line, as `jq -c '.[]'` does"
            )
    text = b"".join(held)
    value = _decode_any(text)
    items = _list_in(value)
    if items is None:
        return _sequence(text, name, bad) or _decode(text, 1, name, bad)
    good = [item for item in items if isinstance(item, dict)]
    for number, item in enumerate(items, start=1):
        if not isinstance(item, dict):
            raw = msgspec.json.encode(item)
            bad.append(reject(name, number, Reason.BAD_JSON, f"expected a JSON object, got {_shown(raw)}", raw))
    numbers = [number for number, item in enumerate(items, start=1) if isinstance(item, dict)]
    return Decoded(good, numbers, None, bad)


def _sequence(block: bytes, name: str, rejected: list[Rejected]) -> Decoded | None:
    """Objects one after the other, each over several lines or all on one (`jq .` writes them so); None when the first is none."""
    text = block.decode("utf-8", "replace")
    decoder = json.JSONDecoder(parse_constant=lambda _: None, parse_float=_finite)
    items: list[Object] = []
    lines: list[int] = []
    bad, at, line, counted = list(rejected), 0, 1, 0
    while (at := _after_blanks(text, at)) < len(text):
        line, counted = line + text.count("\n", counted, at), at
        try:
            item, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            if not items:
                return None
            # What follows can no longer be told apart.
            bad.append(reject(name, line, Reason.BAD_JSON, f"no JSON from here on: {error}", text[at:].encode()))
            break
        if isinstance(item, dict):
            items.append(_cleaned(item))
            lines.append(line)
        else:
            raw = text[at:end].encode("utf-8", "replace")
            bad.append(reject(name, line, Reason.BAD_JSON, f"expected a JSON object, got {_shown(raw)}", raw))
        at = end
    return Decoded(items, lines, None, bad)


def _after_blanks(text: str, at: int) -> int:
    """Position after blanks, line breaks and commas between two objects."""
    found = _BLANKS.match(text, at)
    return found.end() if found else at


def _decode_any(text: bytes) -> Any | None:  # noqa: ANN401 - JSON is anything
    try:
        return _DECODER.decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _decode_leniently(text)


def _list_in(value: Any) -> list[Any] | None:  # noqa: ANN401 - JSON is anything
    """The list that a JSON value is, or that it is an envelope of; an object alone is a list of one."""
    if isinstance(value, dict):
        inner = _enveloped(value)
        return [value] if inner is None else inner
    return value if isinstance(value, list) else None


_ENVELOPES = ("events", "results", "data", "rows", "records", "items", "messages", "batch", "hits", "logs")


def _enveloped(item: Object) -> list[Any] | None:
    """The list of objects in an answer of an API, which says nothing about a person itself."""
    names = {reduced(name) for name in item}
    if names & {*usual_names.PERSON, *usual_names.EVENT} - {"status", "type", "state"}:
        return None
    name = _envelope(item)
    return None if name is None else item[name]


def _envelope(item: Object) -> str | None:
    """The one member that holds a list of objects under a name of `_ENVELOPES`."""
    lists = [
        name
        for name in _ENVELOPES
        if isinstance(item.get(name), list) and any(isinstance(one, dict) for one in item[name])
    ]
    return lists[0] if len(lists) == 1 else None


def _detect_envelopes(items: list[Object], mapping: Mapping) -> tuple[Mapping, tuple[str, ...]]:
    """Lines that each hold a list of events, as bodies of requests that were kept: each event becomes a row."""
    around = split_names(mapping.person) + split_names(mapping.actor)
    if mapping.explode is not None or any(name in item for item in items[:100] for name in around):
        return mapping, ()
    names = [_envelope(item) for item in items if _enveloped(item) is not None]
    if not names or 2 * len(names) < len(items) or len({*names}) > 1:
        return mapping, ()
    return replace(mapping, explode=names[0]), (f'format: each line holds a list of events in "{names[0]}"',)


_SEGMENT_TYPES = frozenset(("track", "page", "screen", "identify", "group", "alias"))


def is_segment(item: Object) -> bool:
    """Whether an object is a Segment message: a type of theirs, and an id of theirs."""
    return item.get("type") in _SEGMENT_TYPES and (bool(item.get("userId")) or bool(item.get("anonymousId")))


def _detect_segment(items: list[Object], mapping: Mapping) -> tuple[Mapping, tuple[str, ...]]:
    """Read Segment messages as such, unless the user named columns."""
    named = mapping.person or mapping.actor or mapping.event or mapping.protocol or mapping.event_value
    if named or not items or 2 * sum(map(is_segment, items)) < len(items):
        return mapping, ()
    return over(load_mapping("segment"), mapping), (
        "format: Segment messages (page becomes Page Viewed, screen Screen Viewed)",
    )
