"""The bytes of a request as JSON text: decompressed within bounds, and out of the forms some clients wrap it in.

In: the body as it came, and what its headers say. Out: bytes of JSON. Never trusts a declared size or type: a bomb is refused while
it inflates, and gzip is known by its first bytes too, because browsers send it without a header.
"""

from __future__ import annotations

import base64
import binascii
import io
import urllib.parse
import zlib
from typing import TYPE_CHECKING

import zstandard

from sojourn.records.errors import BadBody, BodyTooLarge

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_BYTES = 10 << 20
"""Largest body, decompressed, in bytes."""
_MOST_ENCODINGS = 2
_ZSTD_WINDOW = (
    8 << 20
)  # what RFC 8878 asks a decoder to support at least, and no more: memory is the sender's to choose
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_WBITS_GZIP, _WBITS_ZLIB, _WBITS_RAW = 31, 15, -15
_BLANKS = b" \t\r\n"


def inflate(body: bytes, encoding: str = "", *, most: int = MOST_BYTES) -> bytes:
    """The body without its compression.

    Args:
        body: As it came.
        encoding: The header Content-Encoding; empty when there is none.
        most: Largest result, in bytes.

    Raises:
        BadBody: The compression is damaged, cut, or none that is known.
        BodyTooLarge: It inflates to more than `most`.
    """
    names = [name for name in (part.strip().lower() for part in encoding.split(",")) if name not in ("", "identity")]
    if len(names) > _MOST_ENCODINGS:
        message = f"expected at most {_MOST_ENCODINGS} content encodings, got {len(names)}"
        raise BadBody(message)
    for name in reversed(names):
        body = _decoded(body, name, most)
    if body[:2] == _GZIP:
        body = _inflated(body, _WBITS_GZIP, most)
    elif body[:4] == _ZSTD:
        body = _unpacked(body, most)
    if len(body) > most:
        message = f"the body has {len(body):,} bytes, at most {most:,} are accepted; send smaller batches"
        raise BodyTooLarge(message)
    return body


def _decoded(body: bytes, name: str, most: int) -> bytes:
    if body.lstrip(_BLANKS)[:1] in (b"{", b"["):
        # A proxy inflated it and left the header.
        return body
    if name in ("gzip", "x-gzip"):
        return _inflated(body, _WBITS_GZIP, most)
    if name == "deflate":
        # The name means zlib's format, and some send the bare one (RFC 9110, 8.4.1.2).
        zlib_header = len(body) > 1 and body[0] & 0x0F == zlib.DEFLATED and (body[0] << 8 | body[1]) % 31 == 0
        return _inflated(body, _WBITS_ZLIB if zlib_header else _WBITS_RAW, most)
    if name == "zstd":
        return _unpacked(body, most)
    message = f"expected Content-Encoding gzip, deflate or zstd, got {name[:40]!r}"
    raise BadBody(message)


def _inflated(body: bytes, wbits: int, most: int) -> bytes:
    found = bytearray()
    left = body
    while left:
        one = zlib.decompressobj(wbits)
        try:
            found += one.decompress(left, most + 1 - len(found))
        except zlib.error as error:
            message = f"the body is said to be compressed and is not, or is damaged: {error}"
            raise BadBody(message) from error
        if len(found) > most:
            message = f"the body inflates to more than {most:,} bytes; send smaller batches"
            raise BodyTooLarge(message)
        if not one.eof:
            raise BadBody("the compressed body is cut; send it whole")
        # A gzip file may have several members; zeros behind the last are padding.
        left = one.unused_data.lstrip(b"\0") if wbits == _WBITS_GZIP else b""
    return bytes(found)


def _unpacked(body: bytes, most: int) -> bytes:
    try:
        decompressor = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
        with decompressor.stream_reader(io.BytesIO(body), read_across_frames=True) as reader:
            found = reader.read(most + 1)
            while 0 < len(found) <= most and (more := reader.read(most + 1 - len(found))):
                found += more
    except zstandard.ZstdError as error:
        message = f"the body is said to be zstd and is not, or is damaged: {error}"
        raise BadBody(message) from error
    if len(found) > most:
        message = f"the body inflates to more than {most:,} bytes; send smaller batches"
        raise BodyTooLarge(message)
    if not found and body:
        raise BadBody("the compressed body is cut; send it whole")
    return found


def unwrap(body: bytes, query: Mapping[str, str], *, most: int = MOST_BYTES) -> bytes:
    """JSON out of PostHog's forms: `data=` in a form or the query, base64 of JSON or of gzip around JSON.

    Args:
        body: The inflated body; empty for a GET.
        query: The query of the address: `data`, `compression`.
        most: Largest result, in bytes.

    Raises:
        BadBody: It is none of these.
        BodyTooLarge: It inflates to more than `most`.
    """
    text = body.strip(_BLANKS)
    if not text and "data" in query:
        text = query["data"].encode("utf-8", "replace").strip(_BLANKS)
    elif text[:1] not in (b"{", b"[") and b"data=" in text[:4096]:
        form = dict(urllib.parse.parse_qsl(text.decode("utf-8", "replace"), max_num_fields=64))
        text = form.get("data", "").encode("utf-8", "replace").strip(_BLANKS)
    if not text or text[:1] in (b"{", b"["):
        return text
    try:
        # A plus sign of base64 that was not quoted in a form came as a blank; padding and the safe alphabet vary.
        plain = text.replace(b" ", b"+").replace(b"-", b"+").replace(b"_", b"/").rstrip(b"=")
        decoded = base64.b64decode(plain + b"=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        message = f"expected JSON, or base64 of JSON in data=, got {text[:40].decode('utf-8', 'replace')!r}"
        raise BadBody(message) from error
    return inflate(decoded, most=most).strip(_BLANKS)
