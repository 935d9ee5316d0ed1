"""Whatever comes at whatever place, the collector answers, and never 5xx: bad data sent again would be bad data again."""

from __future__ import annotations

import gzip
from random import Random
from typing import TYPE_CHECKING

import pytest
from tests.collect.mutations import mutated

if TYPE_CHECKING:
    from tests.api.conftest import Server

POSTS = (
    *(
        "/v1/batch",
        "/v1/t",
        "/v1/identify",
        "/beacon/v1/batch",
        "/v1/m",
        "/batch/",
        "/e/",
        "/i/v0/e/",
        "/i/v1/analytics/events",
    ),
    *(
        "/flags/",
        "/com.snowplowanalytics.snowplow/tp2",
        "/v1/webhooks/order",
        "/v1/webhooks/ticket",
        "/track/",
        "/nowhere",
    ),
)
GETS = (
    "/i",
    "/e/",
    "/array/x/config",
    "/v1/projects/x/settings",
    "/sourceConfig/",
    "/ready",
    "/v1/batch",
    "/array/../config.js",
)
HEADERS = (
    "content-encoding",
    "authorization",
    "content-length",
    "origin",
    "user-agent",
    "posthog-request-timestamp",
    "x-sojourn-user-hash",
)
VALUES = (
    "",
    "gzip",
    "deflate",
    "zstd",
    "Basic !!",
    "Bearer \xff",
    "-1",
    "9" * 30,
    "a\x00b",
    "2099-01-01",
    "https://x",
    "null",
)


def hammered(server: Server, requests: int) -> None:
    dice = Random(5)
    keys = [server.key(), server.key("browser"), "nobody"]
    for n in range(requests):
        key = keys[n % 3] if n % 50 == 0 else keys[n % 2]
        if dice.random() < 0.15:
            query = mutated(dice)[:200].decode("latin-1").replace("#", "")
            method, url, body = "GET", f"{dice.choice(GETS)}?key={key}&e=pv&duid=d&{query}", b""
        else:
            method, url, body = "POST", f"{dice.choice(POSTS)}?key={key}", mutated(dice)
        if dice.random() < 0.2:
            body = gzip.compress(body)[: dice.randrange(10, 400)]
        headers = {dice.choice(HEADERS): dice.choice(VALUES) for _ in range(dice.randrange(3))}

        answer = server.call(method, url, body, headers)

        assert answer.status < 500, (method, url, body, headers, answer.body)
        if answer.status >= 400:
            assert {"code", "message"} <= answer.json().keys()


def test_no_request_makes_it_answer_5xx(server: Server) -> None:
    hammered(server, 400)

    assert server.log.events


@pytest.mark.long
def test_nor_do_thousands(server: Server) -> None:
    hammered(server, 20_000)
