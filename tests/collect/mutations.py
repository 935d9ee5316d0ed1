"""Bodies that are nearly right: real ones with bytes changed, cut, doubled and swapped. A million of them take a minute."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

_MESSAGE = {
    "type": "track",
    "event": "Order Completed",
    "messageId": "node-next-1700000000000-1b4e28ba-2fa1-11d2-883f-0016d3cca427",
    "userId": "anna",
    "anonymousId": None,
    "timestamp": "2023-11-14T22:13:20.000Z",
    "originalTimestamp": "2023-11-14T22:13:20.000000+00:00",
    "properties": {"order_id": 17, "revenue": "9.50", "products": [{"id": "a", "price": 1e3}], "ip": "203.0.113.7"},
    "traits": {"email": "anna@shop.example"},
    "context": {
        "ip": "2001:db8::1",
        "consent": {"categoryPreferences": {"Analytics": True, "marketing": False}},
        "externalIds": [{"id": "x", "type": "loyalty_card"}],
        "page": {"url": "https://shop.example/?q=1"},
    },
}
_PAGE = {
    "type": "page",
    "name": "Caf\u00e9 \ud83d",
    "anonymousId": 7,
    "properties": {"path": "/"},
    "sentAt": "2023-11-14T22:13:21Z",
}
_POSTHOG = {
    "event": "$identify",
    "uuid": "0189f7d1-7c5f-7a3e-b1b5-7a0e6c7c0001",
    "properties": {
        "distinct_id": "anna",
        "$anon_distinct_id": "d",
        "$device_id": "d",
        "$set": {"email": "a@b.c"},
        "token": "k",
    },
    "timestamp": "2023-11-14T22:13:20.000Z",
    "offset": 12,
}
_SNOWPLOW = {
    "e": "ue",
    "eid": "0189f7d1-7c5f-7a3e-b1b5-7a0e6c7c0002",
    "duid": "d",
    "dtm": "1700000000000",
    "stm": "1700000000500",
    "ue_pr": json.dumps(
        {"schema": "u", "data": {"schema": "iglu:a/link_click/jsonschema/1-0-1", "data": {"targetUrl": "x"}}}
    ),
    "cx": "eyJkYXRhIjpbeyJzY2hlbWEiOiJpZ2x1OmEvY2xpZW50X3Nlc3Npb24vanNvbnNjaGVtYS8xLTAtMSIsImRhdGEiOnt9fV19",
}
CORPUS = tuple(
    json.dumps(one).encode()
    for one in (
        {
            "batch": [_MESSAGE, _PAGE],
            "sentAt": "2023-11-14T22:13:21Z",
            "context": {"app": {"name": "x"}},
            "writeKey": "k",
        },
        _MESSAGE,
        {"batch": [_POSTHOG], "api_key": "k", "sent_at": "2023-11-14T22:13:21Z"},
        _POSTHOG,
        {"schema": "iglu:x", "data": [_SNOWPLOW]},
        {
            "order_id": 1,
            "total": "12.00",
            "customer": {"id": 3, "email": "A@B.c"},
            "created_at": "2023-11-14T22:13:20Z",
        },
    )
)
_BITS = (
    *(
        b'"',
        b"\\",
        b"{",
        b"}",
        b"[",
        b"]",
        b":",
        b",",
        b"\x00",
        b"\xff",
        b"\\ud83d",
        b"\\u0000",
        b"NaN",
        b"null",
        b"true",
        b"-",
    ),
    *(
        b"1e999",
        b"99999999999999999999999999",
        b"[" * 70,
        b'{"a":' * 70,
        b"\xf0\x9f",
        b"\n",
        b"",
        b"2099-01-01T00:00:00Z",
    ),
)


def mutated(dice: Random) -> bytes:
    """One body of the corpus with up to four faults."""
    body = bytearray(dice.choice(CORPUS))
    for _ in range(dice.randrange(1, 5)):
        at = dice.randrange(len(body) + 1)
        end = min(len(body), at + dice.choice((0, 1, 1, 1, 8, 64)))
        kind = dice.random()
        if kind < 0.5:
            body[at:end] = dice.choice(_BITS)
        elif kind < 0.8:
            body[at:end] = dice.randbytes(end - at)
        else:
            source = dice.randrange(len(body) + 1)
            body[at:end] = body[source : source + dice.randrange(40)]
    return bytes(body)
