"""The messages of a request, each judged alone: one that cannot be read never takes its batch with it.

In: bytes of JSON. Out: the bytes of each message, and a message as a dictionary or the reason why not. Never raises for a bad message.

The quick way is msgspec's, which slices a batch without building anything. What it refuses and clients send all the same (NaN, half a
surrogate pair, bare control characters, objects nested a thousand deep) goes a slow way, by tokens.
"""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec

from sojourn.records.errors import BadBody
from sojourn.records.rejected import Reason

Message = dict[str, Any]

MOST_MESSAGE_BYTES = 512 << 10
"""Largest message, in bytes."""
MOST_DEPTH = 64
MOST_KEYS = 16_384

_DECODE = msgspec.json.Decoder(Message).decode
_SLICE = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_SLICES = msgspec.json.Decoder(list[msgspec.Raw]).decode
_ENCODE = msgspec.json.Encoder(enc_hook=str).encode
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+"|[][{},:]', re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")
_BLANKS = b" \t\r\n"


def cut(body: bytes, *members: str) -> tuple[Message, list[bytes]]:
    """An envelope and the messages in it.

    Args:
        body: A JSON object with a list of messages, a list of messages, or one message.
        members: Under which names the list may be in the object.

    Returns:
        The envelope without the list, as far as it can be read; the bytes of each message. A message alone is a list of one with an
        empty envelope.

    Raises:
        BadBody: This is no JSON.
    """
    text = body.strip(_BLANKS)
    try:
        if text[:1] == b"[":
            return {}, [bytes(one) for one in _SLICES(text)]
        parts = _SLICE(text)
        name = next((name for name in members if bytes(parts.get(name, b""))[:1] == b"["), None)
        if name is None:
            return {}, [text]
        found = [bytes(one) for one in _SLICES(parts.pop(name))]
        return {key: _value(raw) for key, raw in parts.items()}, found
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _cut_slowly(text, members)


def _value(raw: msgspec.Raw) -> Any:  # noqa: ANN401 - JSON is anything
    try:
        return msgspec.json.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def _cut_slowly(text: bytes, members: tuple[str, ...]) -> tuple[Message, list[bytes]]:
    """`cut` by tokens, which needs no more of the messages than that their quotes and brackets close."""
    first = text[:1]
    if first not in (b"{", b"["):
        message = f"expected a JSON object, got {text[:40].decode('utf-8', 'replace')!r}"
        raise BadBody(message)
    if first == b"[":
        return {}, _elements(text, 0)[0]
    at = _list_of(text, members)
    if at is None:
        _elements(text, 0)
        return {}, [text]
    found, end = _elements(text, at)
    _elements(text, 0)
    envelope = read_message(text[:at] + b"null" + text[end:])
    around = envelope if isinstance(envelope, dict) else {}
    return {name: value for name, value in around.items() if name not in members}, found


def _list_of(text: bytes, members: tuple[str, ...]) -> int | None:
    """Where the first list begins that is a member of the object under one of the names."""
    names = {f'"{member}"'.encode() for member in members}
    depth, last, name = 0, b"", b""
    for token in _TOKEN.finditer(text):
        what = token[0]
        if depth == 1 and what == b":":
            name = last
        elif what in (b"{", b"["):
            if depth == 1 and what == b"[" and name in names and text[: token.start()].rstrip(_BLANKS)[-1:] == b":":
                return token.start()
            depth += 1
        elif what in (b"}", b"]"):
            depth -= 1
        elif what == b"," and depth == 1:
            name = b""
        last = what
    return None


def _elements(text: bytes, start: int) -> tuple[list[bytes], int]:
    """The elements of the list or object that begins at `start`, and where it ends."""
    closing: list[bytes] = []
    found: list[bytes] = []
    begin = start + 1
    for token in _TOKEN.finditer(text, start):
        what = token[0]
        if what in (b"{", b"["):
            closing.append(b"}" if what == b"{" else b"]")
        elif what in (b"}", b"]"):
            if what != closing.pop():
                break
            if not closing:
                element = text[begin : token.start()].strip(_BLANKS)
                return [*found, element] if element else found, token.end()
        elif what == b"," and len(closing) == 1:
            found.append(text[begin : token.start()].strip(_BLANKS))
            begin = token.end()
    message = (
        f"the JSON of the body is cut or its brackets do not match; it begins {text[:40].decode('utf-8', 'replace')!r}"
    )
    raise BadBody(message)


def read_message(raw: bytes) -> Message | tuple[Reason, str]:
    """One message, or why there is none."""
    if len(raw) > MOST_MESSAGE_BYTES:
        return (
            Reason.MESSAGE_TOO_LARGE,
            f"the message has {len(raw):,} bytes, at most {MOST_MESSAGE_BYTES:,} are accepted",
        )
    # Each level opens a bracket and each key has a colon: few of them need no closer look.
    if raw.count(b"{") + raw.count(b"[") > MOST_DEPTH or raw.count(b":") > MOST_KEYS:
        refused = _refused(raw)
        if refused is not None:
            return refused
    try:
        return _DECODE(raw)
    except UnicodeDecodeError as error:
        return Reason.BAD_ENCODING, f"the message is not UTF-8: byte {error.object[error.start]:#04x}"
    except (msgspec.MsgspecError, RecursionError) as error:
        found = _read_leniently(raw)
        if isinstance(found, dict):
            return found
        return Reason.BAD_JSON, f"cannot be read as a JSON object: {error}"


def _refused(raw: bytes) -> tuple[Reason, str] | None:
    depth = deepest = keys = 0
    for token in _TOKEN.finditer(raw):
        what = token[0]
        if what in (b"{", b"["):
            depth += 1
            deepest = max(deepest, depth)
        elif what in (b"}", b"]"):
            depth -= 1
        elif what == b":":
            keys += 1
    if deepest > MOST_DEPTH:
        return Reason.TOO_DEEP, f"objects and lists are nested {deepest:,} deep, at most {MOST_DEPTH} are accepted"
    if keys > MOST_KEYS:
        return Reason.TOO_MANY_KEYS, f"the message has {keys:,} keys, at most {MOST_KEYS:,} are accepted"
    return None


def _read_leniently(raw: bytes) -> Any:  # noqa: ANN401 - JSON is anything
    """What Python's decoder makes of it: NaN is null, half a surrogate pair the replacement character; None when it is no JSON either."""
    try:
        return cleaned(json.loads(raw, strict=False, parse_constant=lambda _: None, parse_float=_finite))
    except (ValueError, RecursionError):
        return None


def _finite(text: str) -> float | None:
    number = float(text)
    return number if abs(number) != float("inf") else None


def cleaned(value: Any) -> Any:  # noqa: ANN401 - JSON is anything
    """The value with texts that every later step can write: half of a surrogate pair is the replacement character."""
    if isinstance(value, str):
        return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", value)
    if isinstance(value, dict):
        return {_SURROGATE.sub("\N{REPLACEMENT CHARACTER}", key): cleaned(one) for key, one in value.items()}
    return [cleaned(one) for one in value] if isinstance(value, list) else value


def written(value: Message) -> str:
    """A message, or a part of it, as JSON text; a whole number too large for a column of numbers is a decimal one."""
    try:
        return _ENCODE(value).decode()
    except (OverflowError, ValueError, TypeError):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)


def text_of(value: Any) -> str | None:  # noqa: ANN401 - JSON is anything
    """A text or number as text; null, the empty text, objects and lists are None, for absent and empty are alike."""
    if type(value) is str:
        return value or None
    if isinstance(value, bool | int | float):
        return msgspec.json.encode(value).decode() if not isinstance(value, int) else str(value).lower()
    return None


def inner(message: Message, name: str) -> Message:
    """The object under this name; an empty one when there is none."""
    found = message.get(name)
    return found if type(found) is dict else {}
