"""The tracker, as browsers ask for it.

In: the script in the package, built from `tracker/`. Out: the answer to `GET /t.js`, the same bytes for everybody. Never builds it.
"""

from __future__ import annotations

import gzip
import hashlib
from functools import cache
from importlib import resources

from sojourn.api.answers import Answer

_TYPE = b"text/javascript; charset=utf-8"
_FRESH_S = 3600


@cache
def tracker() -> bytes:
    """The script."""
    return resources.files("sojourn.api").joinpath("t.js").read_bytes()


@cache
def _packed() -> bytes:
    return gzip.compress(tracker(), 9, mtime=0)


def tracker_answer(*, accept_encoding: str | None, if_none_match: str | None) -> Answer:
    """The script, packed where the browser takes that; 304 where it has it already.

    Args:
        accept_encoding: The header; None when it did not come.
        if_none_match: The header; None when it did not come.
    """
    packs = "gzip" in (accept_encoding or "")
    # One tag a form: a cache between us and the browser keeps both.
    tag = f'"{hashlib.blake2b(tracker(), digest_size=8).hexdigest()}{"-gz" if packs else ""}"'
    headers = [
        (b"cache-control", f"public, max-age={_FRESH_S}".encode()),
        (b"cross-origin-resource-policy", b"cross-origin"),
        (b"etag", tag.encode()),
        (b"vary", b"Accept-Encoding"),
        (b"x-content-type-options", b"nosniff"),
    ]
    if if_none_match is not None and tag in if_none_match:
        return Answer(304, b"", _TYPE, headers=tuple(headers))
    if packs:
        headers.append((b"content-encoding", b"gzip"))
    return Answer(200, _packed() if packs else tracker(), _TYPE, headers=tuple(headers))
