"""Access logs of Apache and nginx into rows: common, combined, with or without the virtual host in front.

In: a `Source`. Out: `Rows`. Never keeps a whole address: a visitor is a keyed hash of address and agent, `ip` is cut.

A page is what a browser opens: GET, answered 200 or 304, and no style sheet, script, picture, font or the like. Every other
request is `Request Failed` (status 400 and above) or `File Requested`.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sojourn.collect.canonical import FILE_REQUESTED, PAGE_VIEWED, REQUEST_FAILED
from sojourn.collect.imports.addresses import hide_addresses
from sojourn.collect.imports.rows import FIELD_LIMIT, Rows, Sample, reject
from sojourn.collect.imports.text_check import check_text, without_bom
from sojourn.records.errors import BadFile
from sojourn.records.rejected import RAW_LIMIT, Reason, Rejected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy.typing as npt

    from sojourn.collect.imports.mapping import Mapping
    from sojourn.collect.imports.plan import Plan
    from sojourn.collect.imports.source import Source

BLOCK = 8 << 20
_QUOTED = r'(?:[^"\\]|\\.)*'
_LINE = (
    r"^(?:\S+:\d+ )?(?P<address>\S+) \S+ (?P<user>[^\[]*?) \[(?P<time>[^\]]+)\] "
    rf'"(?P<request>{_QUOTED})" (?P<status>\d\d\d) (?P<bytes>\d+|-)'
    rf'(?: "(?P<referrer>{_QUOTED})" "(?P<user_agent>{_QUOTED})"(?: .*)?)?\s*$'
)
_LOG_LINE = re.compile(_LINE.encode())
_REQUEST = r"^(?P<method>[A-Za-z]+) (?P<target>.*?)(?: (?P<protocol>HTTP/[\d.]+))?$"
_TARGET = r"^(?:https?://[^/?#]*)?(?P<path>[^?#]*)(?:\?(?P<query>[^#]*))?"
_ASSET = (
    r"(?i)\.(css|js|mjs|map|json|xml|rss|atom|txt|png|jpe?g|gif|svg|webp|avif|ico|bmp|tiff?|woff2?|ttf|otf|eot|mp3|mp4|m4a|m4v|webm|ogg|ogv"
    r"|wav|avi|mov|flv|swf|zip|gz|tgz|bz2|xz|7z|rar|tar|jar|war|deb|rpm|iso|dmg|exe|msi|apk|bin|pdf|wasm|manifest|webmanifest)$"
)
_PAGE_STATUS = (200, 304)
_FAILED = 400
_FIELDS = ("address", "user", "time", "request", "status", "bytes", "referrer", "user_agent")


def is_log_line(line: bytes) -> bool:
    """Whether this is a line of a common or combined access log."""
    return _LOG_LINE.match(line) is not None


@dataclass(frozen=True, slots=True)
class LogReader:
    """An access log; see `formats.Reader`."""

    size: int
    sample: Sample
    mapping: Mapping
    notes: tuple[str, ...]
    first: Rows
    following: Iterator[tuple[Callable[[], Rows], int]]
    done: int

    def tasks(self, plan: Plan) -> Iterator[tuple[Callable[[], Rows], int]]:
        """What reads the log, piece by piece; the plan adds nothing to it."""
        del plan
        yield lambda: self.first, self.done
        yield from self.following


def open_log(source: Source, chunks: Iterator[bytes], mapping: Mapping, secret: bytes) -> LogReader:
    """Read the first stretch of an access log.

    Args:
        source: The opened file.
        chunks: Its unpacked bytes.
        mapping: Only `time_zone`, `ignore`, `properties` and `encoding` of it matter: a log says the rest itself.
        secret: Key of the hash that stands for a visitor.

    Raises:
        BadFile: It holds no line.
    """
    name = source.name
    pieces = _blocks(source, chunks)
    first = next(pieces, None)
    if first is None:
        raise BadFile(f"{name} holds no line")
    block, line, done, rejected = first
    check_text(block[: 1 << 20], name)
    rows = parse_lines(without_bom(block), line, name, secret, rejected)
    following = ((partial(parse_lines, piece, at, name, secret, bad), taken) for piece, at, taken, bad in pieces)
    fixed = replace(
        mapping, person="user", actor="visitor", time="time", event="event", kind="kind", user_agent="user_agent"
    )
    note = "format: access log (a visitor is address and agent; GET of a page is Page Viewed)"
    return LogReader(source.size, Sample(columns=rows.columns), fixed, (note,), rows, following, done)


def _blocks(source: Source, chunks: Iterator[bytes]) -> Iterator[tuple[bytes, int, int, list[Rejected]]]:
    """Whole lines, the number of the first, packed bytes taken, and rejected pieces."""
    held, line = b"", 1
    for chunk in chunks:
        held += chunk
        cut = held.rfind(b"\n") + 1
        if len(held) >= BLOCK and (cut or len(held) > 4 * FIELD_LIMIT):
            cut = cut or len(held)
            yield held[:cut], line, source.done, []
            line += held.count(b"\n", 0, cut)
            held = held[cut:]
    if source.broken:
        cut = held.rfind(b"\n") + 1
        at = line + held.count(b"\n", 0, cut)
        yield (
            held[:cut],
            line,
            source.done,
            [reject(source.name, at, Reason.UNREADABLE, source.broken, held[cut:])],
        )
    elif held:
        yield held, line, source.done, []


def parse_lines(block: bytes, line: int, name: str, secret: bytes, rejected: Sequence[Rejected]) -> Rows:
    """Rows of the lines that are requests; the others rejected. Blank lines are no lines."""
    raw = [one.rstrip(b"\r") for one in block.split(b"\n")]
    numbers = np.array([line + place for place, one in enumerate(raw) if one.strip()], dtype=np.int64)
    lines = [one for one in raw if one.strip()]
    texts, bad = _decoded(lines, numbers, name)
    parts = pc.extract_regex(texts, _LINE)
    good = pc.is_valid(parts).to_numpy(zero_copy_only=False)
    judged = {row.line for row in bad}
    for row in np.flatnonzero(~good).tolist():
        number = int(numbers[row])
        if number not in judged:
            detail = "no request of the common or combined log format (a quote that is never closed?)"
            bad.append(reject(name, number, Reason.BAD_LINE, detail, lines[row]))
    kept = np.flatnonzero(good)
    columns = _columns(parts.filter(pa.array(good)), secret)

    def place(rows: Sequence[int]) -> list[tuple[int, bytes]]:
        return [(int(numbers[kept[row]]), lines[kept[row]][:RAW_LIMIT]) for row in rows]

    return Rows(columns=columns, count=int(kept.size), place=place, rejected=[*rejected, *bad])


def _decoded(lines: list[bytes], numbers: npt.NDArray[np.int64], name: str) -> tuple[pa.Array, list[Rejected]]:
    """Lines as text; null and rejected where one is not UTF-8 or too long."""
    raw = pa.array(lines, type=pa.binary())
    bad: list[Rejected] = []
    if sum(map(len, lines)) <= FIELD_LIMIT:
        try:
            return raw.cast(pa.string()), bad
        except pa.ArrowInvalid:
            # One of them is not UTF-8; which, is found below.
            pass
    texts: list[str | None] = []
    for number, one in zip(numbers.tolist(), lines, strict=True):
        try:
            if len(one) > FIELD_LIMIT:
                bad.append(
                    reject(name, number, Reason.FIELD_TOO_LARGE, f"the line is longer than {FIELD_LIMIT:,} bytes", one)
                )
                texts.append(None)
            else:
                texts.append(one.decode("utf-8"))
        except UnicodeDecodeError:
            bad.append(
                reject(name, number, Reason.BAD_ENCODING, "the line is not UTF-8; --encoding says what it is", one)
            )
            texts.append(None)
    return pa.array(texts, type=pa.string()), bad


def _dashed(values: pa.Array) -> pa.Array:
    """`-` and an empty text are nothing."""
    return pc.if_else(pc.is_in(values, value_set=pa.array(["-", ""])), pa.scalar(None, pa.string()), values)


def _columns(parts: pa.StructArray, secret: bytes) -> dict[str, pa.Array]:
    field = dict(zip(_FIELDS, parts.flatten(), strict=True))
    request = pc.extract_regex(field["request"], _REQUEST)
    method, target, _ = (_dashed(values) for values in _fields(request, 3))
    path, query = (_dashed(values) for values in _fields(pc.extract_regex(pc.fill_null(target, ""), _TARGET), 2))
    status = field["status"].cast(pa.int64())
    agent = _unescaped(_dashed(field["user_agent"]))
    event = _events(method, path, status)
    page = pc.equal(event, PAGE_VIEWED)
    return {
        "user": _dashed(field["user"]),
        "visitor": _visitors(field["address"], agent, secret),
        "time": field["time"],
        "event": event,
        "kind": pc.if_else(page, "page", "track"),
        "method": method,
        "path": path,
        "query": query,
        "status": status,
        "bytes": _dashed(field["bytes"]).cast(pa.int64()),
        "referrer": _unescaped(_dashed(field["referrer"])),
        "user_agent": agent,
        "ip": hide_addresses(field["address"]),
    }


def _fields(parts: pa.Array, count: int) -> list[pa.Array]:
    """The groups of a regular expression; a row that did not match has nulls."""
    return [pc.struct_field(parts, [place]) for place in range(count)]


def _unescaped(values: pa.Array) -> pa.Array:
    return pc.replace_substring(pc.replace_substring(values, '\\"', '"'), "\\\\", "\\")


def _events(method: pa.Array, path: pa.Array, status: pa.Array) -> pa.Array:
    answered = pc.is_in(status, value_set=pa.array(_PAGE_STATUS, type=pa.int64()))
    opened = pc.and_(pc.fill_null(pc.equal(method, "GET"), False), answered)  # noqa: FBT003 - Arrow's signature
    asset = pc.fill_null(pc.match_substring_regex(path, _ASSET), False)  # noqa: FBT003 - Arrow's signature
    other = pc.if_else(pc.greater_equal(status, _FAILED), REQUEST_FAILED, FILE_REQUESTED)
    return pc.if_else(pc.and_not(opened, asset), PAGE_VIEWED, other)


def _visitors(address: pa.Array, agent: pa.Array, secret: bytes) -> pa.Array:
    """A name for each pair of address and agent, which only who knows the secret can compute."""
    pairs = pc.binary_join_element_wise(address, pc.fill_null(agent, "-"), "\n").dictionary_encode()
    names = [
        hashlib.blake2b(pair.encode(), key=secret[:64], digest_size=16).hexdigest()
        for pair in pairs.dictionary.to_pylist()
    ]
    return pa.array(names, type=pa.string()).take(pairs.indices)
