"""What the collector answers to what clients really send: statuses, bodies and headers as they need them."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import threading
from typing import TYPE_CHECKING, Any

import pytest

from sojourn.api.intake import Busy
from sojourn.records.errors import LogFailed, StorageFull
from sojourn.store.quarantine import count_rejected, rejected_rows
from sojourn.store.sources import revoke_keys

if TYPE_CHECKING:
    from tests.api.conftest import Server

TRACK = {"type": "track", "event": "Seen", "userId": "anna"}


def basic(key: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode()}


@pytest.mark.parametrize(
    "path", ["/v1/batch", "/v1/b", "/v1/import", "/a/prefix/v1/batch", "/v1/batch/", "/beacon/v1/batch"]
)
def test_each_way_to_send_a_batch(server: Server, path: str) -> None:
    answer = server.call("POST", path, {"batch": [TRACK, TRACK]}, basic(server.key()))

    assert (answer.status, answer.json()) == (200, {"success": True})
    assert [event.event for event in server.log.events] == ["Seen", "Seen"]


@pytest.mark.parametrize(
    ("path", "event"),
    [
        *[(f"/v1/{path}", "Seen") for path in ("track", "t")],
        *[(f"/v1/{path}", "Identified") for path in ("identify", "i")],
        *[(f"/v1/{path}", "Page Viewed") for path in ("page", "p")],
        *[(f"/v1/{path}", "Screen Viewed") for path in ("screen", "s")],
        *[(f"/v1/{path}", "Group Joined") for path in ("group", "g")],
        *[(f"/v1/{path}", "Alias Created") for path in ("alias", "a")],
    ],
)
def test_each_single_endpoint_takes_the_type_from_its_path(server: Server, path: str, event: str) -> None:
    answer = server.call("POST", path, {"event": "Seen", "userId": "anna"}, basic(server.key()))

    assert (answer.status, [one.event for one in server.log.events]) == (200, [event])


@pytest.mark.parametrize(
    "place", ["basic", "bearer", "x-write-key", "query", "envelope", "message", "bearer of somebody, key in the body"]
)
def test_a_key_counts_wherever_it_stands(server: Server, place: str) -> None:
    key = server.key()
    body: dict[str, Any] = {"batch": [TRACK]}
    url, headers = "/v1/batch", {}
    if place == "basic":
        headers = basic(key)
    elif place == "bearer":
        headers = {"Authorization": f"Bearer {key}"}
    elif place == "x-write-key":
        headers = {"X-Write-Key": key}
    elif place == "query":
        url = f"/beacon/v1/batch?writeKey={key}"
    elif place == "envelope":
        body["writeKey"] = key
    else:
        body["batch"] = [{**TRACK, "writeKey": key}]
        headers = {"Authorization": "Bearer token"} if place.startswith("bearer of") else {}

    assert server.call("POST", url, body, headers).status == 200
    assert len(server.log.events) == 1


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Basic !!"}, {"Authorization": "Digest x"}, {"Authorization": "Bearer nobody"}]
)
def test_without_a_key_that_opens_it_is_401(server: Server, headers: dict[str, str]) -> None:
    answer = server.call("POST", "/v1/batch", {"batch": [TRACK]}, headers)

    assert (answer.status, answer.json()["code"]) == (401, "unknown_key")
    assert not server.log.events
    assert not server.folder.quarantine.exists()


def test_a_revoked_key_is_refused_within_two_seconds(server: Server) -> None:
    key = server.key()
    assert server.call("POST", "/v1/batch", {"batch": [TRACK]}, basic(key)).status == 200
    revoke_keys(server.folder, key)

    server.loop.run_until_complete(asyncio.sleep(1.2))

    assert server.call("POST", "/v1/batch", {"batch": [TRACK]}, basic(key)).status == 401


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "application/x-www-form-urlencoded", ""])
def test_the_content_type_is_ignored_and_gzip_known_by_its_bytes(server: Server, content_type: str) -> None:
    body = gzip.compress(json.dumps({"batch": [TRACK]}).encode())
    headers = {**basic(server.key()), "Content-Type": content_type}

    assert server.call("POST", "/v1/batch", body, headers, chunk=40).status == 200
    assert server.call("POST", "/v1/batch", body, {**headers, "Content-Encoding": "gzip"}).status == 200


def test_good_events_of_a_batch_are_kept_and_the_answer_says_which_were_not(server: Server) -> None:
    bad = {"type": "track", "userId": "anna"}
    body = {"batch": [TRACK, bad, TRACK]}

    answer = server.call("POST", "/v1/batch", body, basic(server.key()))

    verdict = {"index": 1, "code": "no_event", "message": "expected a name of the event, got none"}
    assert (answer.status, answer.json()) == (200, {"success": True, "accepted": 2, "rejected": [verdict]})
    assert [row[:4] for row in rejected_rows(server.folder, most=9)] == [("web", "web", 2, "no_event")]
    assert len(server.log.events) == 2


def test_when_no_event_was_good_it_is_400_with_code_and_message(server: Server) -> None:
    answer = server.call("POST", "/v1/track", {"userId": "anna"}, basic(server.key()))

    assert answer.status == 400
    assert {"code", "message", "rejected"} <= answer.json().keys()
    assert count_rejected(server.folder) == {"no_event": 1}


@pytest.mark.parametrize(
    ("body", "encoding", "status"),
    [
        (b"no json", "", 400),
        (b'{"batch":[', "", 400),
        (b"no gzip", "gzip", 400),
        (b"", "", 400),
        (gzip.compress(b"x", mtime=0)[:-3], "gzip", 400),
        (bytes((10 << 20) + 1), "", 413),
        (gzip.compress(bytes((10 << 20) + 1), mtime=0), "gzip", 413),
    ],
)
def test_errors_are_objects_with_code_and_message(server: Server, body: bytes, encoding: str, status: int) -> None:
    answer = server.call(
        "POST", "/v1/batch", body, {**basic(server.key()), "Content-Encoding": encoding}, chunk=1 << 18
    )

    assert answer.status == status
    assert {"code", "message"} <= answer.json().keys()


def test_a_declared_length_is_believed_before_anything_is_read(server: Server) -> None:
    headers = {**basic(server.key()), "Content-Length": str(11 << 20)}

    assert server.call("POST", "/v1/batch", b"{}", headers).status == 413


def test_unknown_places_and_methods(server: Server) -> None:
    assert server.call("POST", "/nowhere").status == 404
    assert server.call("GET", "/v1/batch").status == 405
    assert server.call("POST", "/v1/m", b"anything").json() == {"success": True}
    assert server.call("GET", "/health").json() == {"status": "alive"}
    assert server.call("GET", "/ready").json() == {"status": "ready"}


def test_duplicates_are_success_and_kept_once(server: Server) -> None:
    body = {"batch": [{**TRACK, "messageId": "m"}]}
    headers = basic(server.key())

    assert [server.call("POST", "/v1/batch", body, headers).status for _ in range(3)] == [200] * 3
    assert len(server.log.events) == 1
    text = server.call("GET", "/metrics").body.decode()
    assert 'sojourn_events_total{verdict="accepted"} 1.0' in text
    assert 'sojourn_events_total{verdict="duplicate"} 2.0' in text


@pytest.mark.parametrize(
    "asked", ["authorization, x-retry-count", "anonymousid,authorization,content-type,sentat", "SP-Anonymous"]
)
def test_a_preflight_is_answered_as_the_clients_need_it(server: Server, asked: str) -> None:
    headers = {
        "Origin": "https://shop.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": asked,
    }

    answer = server.call("OPTIONS", "/v1/t", headers=headers)

    assert answer.status == 200
    assert answer.headers["access-control-allow-origin"] == "https://shop.example"
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert answer.headers["access-control-allow-headers"] == asked
    assert answer.headers["access-control-max-age"] == "7200"
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert answer.headers["vary"] == "Origin"


def test_errors_are_seen_from_another_origin_too(server: Server) -> None:
    answer = server.call("POST", "/v1/t", TRACK, {"Origin": "https://shop.example"})

    assert answer.status == 401
    assert answer.headers["access-control-allow-origin"] == "https://shop.example"
    assert answer.headers["access-control-expose-headers"] == "Retry-After"


def test_what_analytics_next_asks_first(server: Server) -> None:
    answer = server.call("GET", "/prefix/v1/projects/KEY/settings").json()

    assert answer["integrations"]["Segment.io"] == {
        "apiKey": "KEY",
        "apiHost": "sojourn.test:8001/prefix/v1",
        "protocol": "http",
    }
    assert answer["metrics"] == {"sampleRate": 0}


def test_what_rudder_js_asks_first(server: Server) -> None:
    key = server.key("browser")
    answer = server.call("GET", f"/sourceConfig/?p=npm&v=3&build=modern&writeKey={key}", headers=basic(key))

    assert answer.status == 200
    source = answer.json()["source"]
    assert (source["writeKey"], source["enabled"], source["destinations"]) == (key, True, [])
    assert server.call("GET", "/sourceConfig/?writeKey=nobody").status == 401


def test_posthog_s_answers(server: Server) -> None:
    key = server.key()
    event = {"event": "seen", "distinct_id": "anna", "uuid": "u1"}

    assert server.call("POST", "/batch/", {"api_key": key, "batch": [event]}).json() == {"status": 1}
    form = b"data=" + base64.b64encode(json.dumps({**event, "uuid": "u2", "api_key": key}).encode())
    assert server.call("POST", "/e/?compression=base64", form).json() == {"status": 1}
    packed = gzip.compress(json.dumps([{**event, "uuid": "u3", "properties": {"token": key}}]).encode())
    assert server.call("POST", "/i/v0/e/?compression=gzip-js", packed, {"Content-Type": "text/plain"}).json() == {
        "status": 1
    }
    assert [one.message_id for one in server.log.events] == ["u1", "u2", "u3"]
    for path in (f"/array/{key}/config", "/flags/?v=2", "/decide/?v=3"):
        answer = server.call("GET" if "array" in path else "POST", path, b"")
        assert (answer.status, answer.json()["supportedCompression"]) == (200, ["gzip-js"])
    assert server.call("POST", "/flags/?v=4").json()["flags"] == {}
    script = server.call("GET", f"/array/{key}/config.js")
    assert (script.headers["content-type"], key.encode() in script.body) == ("application/javascript", True)
    assert server.call("GET", "/array/<script>/config.js").status == 404


def test_posthog_v1_has_a_verdict_an_event(server: Server) -> None:
    events = [{"event": "seen", "distinct_id": "a", "uuid": "u1"}, {"event": "seen", "uuid": "u2"}]

    answer = server.call(
        "POST", "/i/v1/analytics/events", {"batch": events}, {"Authorization": f"Bearer {server.key()}"}
    )

    results = answer.json()["results"]
    assert (answer.status, results["u1"], results["u2"]["result"]) == (200, {"result": "ok"}, "drop")


def test_snowplow_names_its_source_by_app_id(server: Server) -> None:
    server.key("browser", "shop-web")
    server.key("server", "shop")
    event = {"e": "pv", "eid": "i1", "duid": "d"}
    path = "/com.snowplowanalytics.snowplow/tp2"

    assert server.call("POST", path, {"schema": "x", "data": [{**event, "aid": "shop-web"}]}).status == 200
    assert server.call("POST", path, {"schema": "x", "data": [{**event, "aid": "shop"}]}).status == 401
    pixel = server.call("GET", "/i?e=pv&eid=i2&duid=d&aid=shop-web")
    assert (pixel.status, pixel.headers["content-type"], pixel.body[:6]) == (200, "image/gif", b"GIF89a")
    assert [one.message_id for one in server.log.events] == ["i1", "i2"]


def test_webhooks_by_mapping_file(server: Server) -> None:
    key = server.key()
    body = {"id": 5, "total": "9.5", "customer": {"id": 7}}
    (server.folder.path / "webhooks").mkdir()
    (server.folder.path / "webhooks" / "till.toml").write_text('kind = "order"\nuser = "member"\nrevenue = "sum"\n')

    assert server.call("POST", f"/v1/webhooks/order?key={key}", body).status == 200
    assert (
        server.call("POST", "/v1/webhooks/till", {"member": 8, "sum": 3}, {"Authorization": f"Bearer {key}"}).status
        == 200
    )
    assert [(one.event, one.user_id, one.revenue) for one in server.log.events] == [
        ("Order Completed", "7", 9.5),
        ("Order Completed", "8", 3),
    ]
    assert server.call("POST", f"/v1/webhooks/nothing?key={key}", body).status == 404
    assert server.call("POST", f"/v1/webhooks/..%2Ffolder?key={key}", body).status == 404
    assert server.call("POST", f"/v1/webhooks/order?key={server.key('browser')}", body).status == 403
    for broken in ('kind = "nonsense"', "kind = ["):
        (server.folder.path / "webhooks" / "broken.toml").write_text(broken)
        answer = server.call("POST", f"/v1/webhooks/broken?key={key}", body)
        assert (answer.status, answer.json()["code"], "broken.toml" in answer.json()["message"]) == (
            503,
            "bad_mapping",
            True,
        )
        assert answer.headers["retry-after"] == "5", "the sender is not to blame and keeps what it has"


def test_a_full_queue_says_when_to_send_again_and_nothing_is_lost_of_what_waits(server: Server) -> None:
    """The log stands still; of twelve requests with two events each, those that fit into ten are kept once it goes on."""
    key, gate = server.key(), threading.Event()
    server.log.before = gate.wait
    server.app._intake._most_events = 10
    body = json.dumps({"batch": [TRACK, TRACK]}).encode()

    async def flood() -> list[int]:
        asked = [asyncio.create_task(server.ask("POST", "/v1/batch", body, basic(key))) for _ in range(12)]
        posthog = json.dumps({"api_key": key, "batch": [{"event": "a", "distinct_id": "x"}]}).encode()
        await asyncio.sleep(0.2)
        dropped = await server.ask("POST", "/e/", posthog)
        assert (dropped.status, dropped.headers["retry-after"]) == (503, "1")  # posthog-js forgets what is answered 429
        gate.set()
        answers = await asyncio.gather(*asked)
        assert all(answer.headers["retry-after"] == "1" for answer in answers if answer.status == 429)
        return [answer.status for answer in answers]

    statuses = server.loop.run_until_complete(flood())

    assert (statuses.count(200), statuses.count(429)) == (5, 7)
    assert len(server.log.events) == 10


def test_a_full_disk_is_503_and_over_when_there_is_space(server: Server) -> None:
    key = server.key()
    server.log.failing = server.probe_fails = StorageFull("no space")

    answer = server.call("POST", "/v1/batch", {"batch": [TRACK]}, basic(key))

    assert (answer.status, answer.json()["code"], answer.headers["retry-after"]) == (503, "storage", "5")
    assert "no space" not in answer.body.decode()
    assert server.call("GET", "/ready").status == 503
    assert server.call("GET", "/health").status == 200
    server.log.failing = server.probe_fails = None
    assert server.call("GET", "/ready").status == 200
    assert server.call("POST", "/v1/batch", {"batch": [TRACK]}, basic(key)).status == 200


def test_one_request_s_fault_is_not_that_of_those_beside_it(server: Server) -> None:
    """Something nobody foresaw in one request of a group: the others are kept."""
    key, gate = server.key(), threading.Event()

    server.log.before, server.log.poison = gate.wait, "Poison"

    async def send() -> list[int]:
        bodies = [json.dumps({"batch": [{**TRACK, "event": name}]}).encode() for name in ("A", "B", "Poison", "C")]
        asked = [asyncio.create_task(server.ask("POST", "/v1/batch", body, basic(key))) for body in bodies]
        await asyncio.sleep(0.1)
        gate.set()
        return [answer.status for answer in await asyncio.gather(*asked)]

    assert server.loop.run_until_complete(send()) == [200, 200, 503, 200]
    assert sorted(event.event for event in server.log.events) == ["A", "B", "C"]


def test_requests_that_wait_are_written_as_one_group(server: Server) -> None:
    key, gate = server.key(), threading.Event()
    server.log.before = gate.wait
    body = json.dumps({"batch": [TRACK]}).encode()

    async def send() -> None:
        asked = [asyncio.create_task(server.ask("POST", "/v1/batch", body, basic(key))) for _ in range(50)]
        await asyncio.sleep(0.3)
        gate.set()
        await asyncio.gather(*asked)

    server.loop.run_until_complete(send())

    assert len(server.log.events) == 50
    assert server.log.appends <= 3


def test_errors_have_words() -> None:
    assert str(Busy())
    assert str(LogFailed())


def test_a_browser_s_opt_out_and_address_reach_its_events(server: Server) -> None:
    key = server.key("browser")
    headers = {**basic(key), "Sec-GPC": "1", "User-Agent": "Firefox"}

    server.call("POST", "/v1/track", TRACK, headers)

    context = json.loads(server.log.events[0].context or "")
    assert context == {"ip": "203.0.113.0", "userAgent": "Firefox", "consent": {"optedOut": True}}


def test_bodies_that_are_being_read_are_bounded_in_all(server: Server) -> None:
    """A hundred kilobytes are held by others already; small requests in one piece still go through."""
    headers = basic(server.key())
    body = {"batch": [{**TRACK, "properties": {"text": "x" * 5_000}}]}
    server.app._reading.most, server.app._reading.held = 100_000, 99_000

    assert server.call("POST", "/v1/batch", body, headers, chunk=1_000).status == 429
    assert server.call("POST", "/v1/batch", {"batch": [TRACK]}, headers).status == 200
    server.app._reading.held -= 99_000
    assert server.call("POST", "/v1/batch", body, headers, chunk=1_000).status == 200
    assert server.app._reading.held == 0


def test_a_body_that_never_ends_is_given_up(server: Server) -> None:
    server.app._reading.within_s = 0.05
    sent: list[int] = []

    async def receive() -> dict[str, Any]:
        if sent:
            await asyncio.sleep(60)
        sent.append(1)
        return {"type": "http.request", "body": b"{", "more_body": True}

    async def send(message: Any) -> None:
        sent.append(message.get("status", 0))

    scope = {"type": "http", "method": "POST", "path": "/v1/batch", "query_string": b"", "headers": []}
    server.loop.run_until_complete(server.app(scope, receive, send))

    assert 408 in sent
    assert server.app._reading.held == 0
