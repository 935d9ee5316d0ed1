"""Bodies come compressed, wrapped and lying about it; what comes out is bounded."""

from __future__ import annotations

import base64
import gzip
import zlib
from urllib.parse import quote

import pytest
import zstandard

from sojourn.collect.body import MOST_BYTES, inflate, unwrap
from sojourn.records.errors import BadBody, BodyTooLarge

JSON = b'{"batch":[]}'


def raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (JSON, ""),
        (JSON, "identity"),
        (gzip.compress(JSON, mtime=0), "gzip"),
        (gzip.compress(JSON, mtime=0), ""),  # posthog-js sends it so
        (gzip.compress(JSON[:5], mtime=0) + gzip.compress(JSON[5:], mtime=0), "x-gzip"),
        (zlib.compress(JSON), "deflate"),
        (raw_deflate(JSON), "deflate"),
        (zstandard.ZstdCompressor().compress(JSON), "zstd"),
        (zstandard.ZstdCompressor().compress(JSON), ""),
        (gzip.compress(zlib.compress(JSON), mtime=0), "deflate, gzip"),
        (JSON, "gzip"),  # a proxy has inflated it and left the header
    ],
)
def test_each_compression_gives_the_same_json(body: bytes, encoding: str) -> None:
    assert inflate(body, encoding) == JSON


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "zstd"])
def test_a_bomb_is_refused_while_it_inflates(encoding: str) -> None:
    """64 megabytes of zeros in a few kilobytes: at no time are they all in memory."""
    import tracemalloc

    zeros = bytes(1 << 20)
    if encoding == "zstd":
        packer = zstandard.ZstdCompressor().compressobj()
        bomb = b"".join(packer.compress(zeros) for _ in range(64)) + packer.flush()
    else:
        deflater = zlib.compressobj(wbits=31 if encoding == "gzip" else 15)
        bomb = b"".join(deflater.compress(zeros) for _ in range(64)) + deflater.flush()
    tracemalloc.start()

    with pytest.raises(BodyTooLarge):
        inflate(bomb, encoding)

    assert tracemalloc.get_traced_memory()[1] < 6 * MOST_BYTES
    tracemalloc.stop()


def test_ten_megabytes_are_accepted_and_a_byte_more_is_not() -> None:
    assert len(inflate(gzip.compress(bytes(MOST_BYTES)), "gzip")) == MOST_BYTES
    with pytest.raises(BodyTooLarge):
        inflate(gzip.compress(bytes(MOST_BYTES + 1)), "gzip")
    with pytest.raises(BodyTooLarge):
        inflate(bytes(MOST_BYTES + 1))


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (gzip.compress(JSON, mtime=0)[:-4], "gzip"),
        (zstandard.ZstdCompressor().compress(JSON)[:6], "zstd"),
        (b"no gzip", "gzip"),
        (b"\x00" * 30, "deflate"),
        (b"no zstd at all", "zstd"),
        (b"anything", "br"),
        (b"anything", "gzip, gzip, gzip"),
    ],
)
def test_damage_is_the_sender_s(body: bytes, encoding: str) -> None:
    with pytest.raises(BadBody):
        inflate(body, encoding)


@pytest.mark.parametrize(
    "form",
    [
        JSON,
        b"data=" + quote(JSON).encode(),
        b"data=" + quote(base64.b64encode(JSON)).encode(),
        b"ver=1&data=" + base64.urlsafe_b64encode(JSON).rstrip(b"="),
        b"data=" + quote(base64.b64encode(gzip.compress(JSON, mtime=0))).encode(),
        base64.b64encode(JSON),
    ],
)
def test_the_forms_of_posthog_hold_the_same_json(form: bytes) -> None:
    assert unwrap(form, {}) == JSON


def test_the_query_may_hold_it() -> None:
    assert unwrap(b"", {"data": base64.b64encode(JSON).decode()}) == JSON
    assert unwrap(b"", {}) == b""


def test_a_form_without_base64_is_refused() -> None:
    with pytest.raises(BadBody, match="expected JSON"):
        unwrap(b"data=%%%", {})
