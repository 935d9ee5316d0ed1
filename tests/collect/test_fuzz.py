"""Whatever bytes come, a decoder answers with events, rejected messages or one of its own errors; never with anything else.

What becomes an event can be written to the log and read back the same.
"""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from random import Random
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
import zstandard
from hypothesis import example, given
from hypothesis import strategies as st
from tests.collect.arrivals import NOON, arrival
from tests.collect.mutations import mutated

from sojourn.collect.body import inflate, unwrap
from sojourn.collect.protocols import posthog, segment, snowplow, webhook
from sojourn.records.errors import BadBody, BodyTooLarge
from sojourn.records.event import Event

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sojourn.records.event import Consent, SourceKind
    from sojourn.records.rejected import Rejected

Judged = "Sequence[Event | Rejected]"

_TEXT = st.text(st.characters(), max_size=12)
_SCALAR = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    _TEXT,
    st.sampled_from(
        ["", "null", "0", "2024-01-01T00:00:00Z", "9999-12-31T23:59:59+14:00", "1e999", "$identify", "\ud83d", "a\x00b"]
    ),
)
_ANY = st.recursive(
    _SCALAR,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_TEXT, inner, max_size=3)),
    max_leaves=8,
)
_NAMES = st.sampled_from(
    [
        *(
            "type",
            "event",
            "name",
            "userId",
            "anonymousId",
            "messageId",
            "properties",
            "traits",
            "context",
            "timestamp",
            "sentAt",
        ),
        *(
            "originalTimestamp",
            "groupId",
            "previousId",
            "integrations",
            "batch",
            "writeKey",
            "ip",
            "consent",
            "externalIds",
            "email",
        ),
        *(
            "categoryPreferences",
            "distinct_id",
            "uuid",
            "$set",
            "$set_once",
            "$device_id",
            "$is_identified",
            "offset",
            "sent_at",
        ),
        *(
            "e",
            "eid",
            "aid",
            "uid",
            "duid",
            "dtm",
            "stm",
            "ttm",
            "ue_pr",
            "ue_px",
            "co",
            "cx",
            "se_ac",
            "tr_tt",
            "data",
            "schema",
        ),
        *(
            "revenue",
            "total",
            "order_id",
            "currency",
            "userHash",
            "id",
            "customer",
            "status",
            "api_key",
            "options",
            "alias",
        ),
    ]
)
_TYPED = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["track", "page", "screen", "identify", "group", "alias", "control", "", None, 3]),
        "event": st.one_of(
            _SCALAR, st.sampled_from(["$identify", "$create_alias", "$groupidentify", "$pageview", "Sojourn X"])
        ),
        "e": st.sampled_from(["pv", "pp", "se", "ue", "tr", "ti", "x"]),
    },
)
_MESSAGE = st.builds(lambda typed, other: {**other, **typed}, _TYPED, st.dictionaries(_NAMES, _ANY, max_size=8))
_BODY = st.one_of(
    _MESSAGE,
    st.lists(_MESSAGE, max_size=3),
    st.builds(
        lambda name, messages, around: {**around, name: messages},
        st.sampled_from(["batch", "data"]),
        st.lists(st.one_of(_MESSAGE, _ANY), max_size=4),
        st.dictionaries(_NAMES, _ANY, max_size=3),
    ),
)


def as_bytes(value: Any) -> bytes:
    """JSON as lax clients write it: NaN, and half a surrogate pair as an escape."""
    return json.dumps(value).encode()


_JSON = _BODY.map(as_bytes)
_BYTES = st.one_of(
    st.binary(max_size=200),
    _JSON,
    # A byte changed or cut off.
    st.builds(
        lambda body, at, byte: body[: at % (len(body) + 1)] + byte + body[at % (len(body) + 1) + 1 :],
        _JSON,
        st.integers(0),
        st.binary(max_size=2),
    ),
    st.builds(
        lambda depth, close: b'{"batch":[{"a":' + b"[" * depth + (b"]" * depth + b"}]}" if close else b""),
        st.integers(0, 5000),
        st.booleans(),
    ),
)
_SOURCES: list[tuple[SourceKind, Consent]] = [
    ("browser", "required"),
    ("browser", "assumed"),
    ("server", "required"),
    ("server", "assumed"),
]
_READERS: dict[str, Callable[[bytes, Any], Sequence[Event | Rejected]]] = {
    "segment": lambda body, came: segment.read_request(segment.open_request(body), came),
    "segment track": lambda body, came: segment.read_request(segment.open_request(body), came, kind="track"),
    "posthog": lambda body, came: posthog.read_request(posthog.open_request(body), came),
    "snowplow": lambda body, came: snowplow.read_request(snowplow.open_request(body), came),
    **{
        name: lambda body, came, mapping=mapping: webhook.read_webhook(body, mapping, came)  # type: ignore[misc] # a default binds the loop's value
        for name, mapping in webhook.BUILT_IN.items()
    },
}


@given(body=_BYTES, reader=st.sampled_from(sorted(_READERS)), source=st.sampled_from(_SOURCES))
@example(
    body=b'{"batch":[{"type":"track","event":"a","userId":"u","properties":{"n":NaN}}]}',
    reader="segment",
    source=("server", "assumed"),
)
@example(
    body=b'{"batch":[{"type":"track","event":"\\ud83d","userId":"\\udc00"}]}',
    reader="segment",
    source=("server", "assumed"),
)
@example(body=b'{"batch":[{"event":"a","distinct_id":1e400}]}', reader="posthog", source=("server", "assumed"))
@example(body=b'{"data":[{"e":"ue","ue_px":"\xff"}]}', reader="snowplow", source=("browser", "required"))
def test_a_decoder_never_fails(body: bytes, reader: str, source: tuple[SourceKind, Consent]) -> None:
    came = arrival(*source, address="203.0.113.9", user_agent="Mozilla/5.0", user_secret=b"k" * 64)
    try:
        judged = _READERS[reader](body, came)
    except BadBody:
        return
    for one in judged:
        if isinstance(one, Event):
            assert msgspec.msgpack.decode(msgspec.msgpack.encode(one), type=Event) == one
            assert one.user_id or one.anonymous_id or one.external_ids
            assert 946_684_800_000_000 <= one.time <= NOON
            for text in (one.properties, one.traits, one.context):
                assert text is None or isinstance(json.loads(text.encode()), dict)


@given(query=st.dictionaries(st.one_of(_NAMES, _TEXT), _TEXT, max_size=8))
def test_a_pixel_never_fails(query: dict[str, str]) -> None:
    snowplow.read_request(snowplow.open_pixel(query), arrival("browser"))


_PACKED = st.one_of(
    _BYTES,
    _JSON.map(gzip.compress),
    _JSON.map(zlib.compress),
    _JSON.map(zstandard.ZstdCompressor().compress),
    _JSON.map(base64.b64encode),
    _JSON.map(lambda body: b"data=" + base64.b64encode(gzip.compress(body))),
    st.builds(lambda body, cut: gzip.compress(body)[: cut % 40], _JSON, st.integers(0)),
    st.builds(lambda body, cut: zstandard.ZstdCompressor().compress(body)[: cut % 40], _JSON, st.integers(0)),
)


@given(
    body=_PACKED,
    encoding=st.one_of(_TEXT, st.sampled_from(["gzip", "deflate", "zstd", "gzip, deflate", "br", "identity", "a,b,c"])),
    query=st.dictionaries(st.sampled_from(["data", "compression", "_"]), _TEXT, max_size=2),
)
def test_a_body_is_read_or_refused(body: bytes, encoding: str, query: dict[str, str]) -> None:
    try:
        text = unwrap(inflate(body, encoding, most=10_000), query, most=10_000)
    except (BadBody, BodyTooLarge):
        return
    assert len(text) <= 10_000


@pytest.mark.long
def test_a_million_bodies_that_are_nearly_right() -> None:
    dice = Random(3)
    readers = [*_READERS.values()]
    came = [arrival(*source, address="203.0.113.9", user_secret=b"k" * 64) for source in _SOURCES]
    accepted = refused = 0
    for n in range(1_000_000):
        try:
            judged = readers[n % len(readers)](mutated(dice), came[n % 4])
        except BadBody:
            refused += 1
            continue
        for one in judged:
            if isinstance(one, Event):
                msgspec.msgpack.encode(one)
                accepted += 1

    assert accepted > 50_000
    assert refused > 10_000
