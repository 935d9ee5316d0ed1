"""The Python client against a server that answers as it is told: what is sent, when again, and what is said of the rest."""

from __future__ import annotations

import asyncio
import datetime as dt
import decimal
import gzip
import json
import os
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import sojourn
from sojourn.client_messages import Message, first_batch, judge, pause_s
from sojourn.records.errors import BadOption, NotDelivered

if TYPE_CHECKING:
    from collections.abc import Iterator

GONE = "http://127.0.0.1:9"
"""Nobody listens there."""


class Collector:
    """Answers with what it was given, then with 200; keeps what came."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, dict[str, Any]]] = []
        self.batches: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                packed = self.headers.get("content-encoding") == "gzip"
                outer.batches.append(json.loads(gzip.decompress(body) if packed else body))
                outer.headers.append(dict(self.headers))
                status, told = outer.answers.pop(0) if outer.answers else (200, {"success": True})
                self.send_response(status)
                if status == 429:
                    self.send_header("Retry-After", "0")
                self.end_headers()
                self.wfile.write(json.dumps(told).encode())

            def log_message(self, *_args: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def ids(self) -> list[list[str]]:
        return [[message["messageId"] for message in batch["batch"]] for batch in self.batches]


@pytest.fixture
def server() -> Iterator[Collector]:
    collector = Collector()
    yield collector
    collector.close()


def test_every_method_sends_segments_fields(server: Collector) -> None:
    with sojourn.Client("key", server.url) as client:
        client.track("anna", "Order Completed", {"revenue": 5}, anonymous_id="device", context={"ip": "1.2.3.4"})
        client.identify("anna", {"plan": "gold"})
        client.page("anna", "Docs", "Prices", {"path": "/prices"})
        client.screen("anna", name="Home")
        client.group("anna", "acme", {"seats": 3})
        client.alias("visitor-7", "anna", message_id="mine")
        assert client.flush(5)
        assert client.waiting == 0

    [batch] = server.batches
    track, identify, page, screen, group, alias = batch["batch"]
    assert (track["type"], track["userId"], track["anonymousId"], track["event"]) == (
        "track",
        "anna",
        "device",
        "Order Completed",
    )
    assert track["properties"] == {"revenue": 5}
    assert track["context"]["ip"] == "1.2.3.4"
    assert track["context"]["library"]["name"] == "sojourn-python"
    assert identify["traits"] == {"plan": "gold"}
    assert (page["category"], page["name"], page["properties"]) == ("Docs", "Prices", {"path": "/prices"})
    assert (screen["type"], screen["name"], "category" in screen) == ("screen", "Home", False)
    assert (group["groupId"], group["traits"]) == ("acme", {"seats": 3})
    assert (alias["previousId"], alias["userId"], alias["messageId"]) == ("visitor-7", "anna", "mine")
    assert dt.datetime.fromisoformat(track["timestamp"]) <= dt.datetime.fromisoformat(batch["sentAt"])
    assert server.headers[0]["authorization"] == "Bearer key"
    assert server.headers[0]["content-encoding"] == "gzip"


def test_values_are_those_of_the_moment_of_the_call(server: Collector) -> None:
    basket: dict[str, Any] = {
        "items": ["tea"],
        "sum": decimal.Decimal("9.90"),
        "n": np.int64(3),
        "on": dt.date(2024, 5, 1),
    }
    with sojourn.Client("key", server.url, compress=False) as client:
        client.track("anna", "Basket", basket, timestamp=dt.datetime(2024, 5, 1, 12, tzinfo=dt.UTC))
        basket["items"].append("cake")

    message = server.batches[0]["batch"][0]
    assert message["properties"] == {"items": ["tea"], "sum": 9.9, "n": 3, "on": "2024-05-01"}
    assert message["timestamp"] == "2024-05-01T12:00:00.000000+00:00"


def test_a_failed_request_comes_again_with_the_same_ids_and_in_order(server: Collector) -> None:
    server.answers = [(500, {}), (429, {}), (503, {})]
    with sojourn.Client("key", server.url, most_a_batch=2) as client:
        said = [client.track("anna", name) for name in "abc"]
        assert client.flush(10)

    assert server.ids == [said[:2]] * 4 + [said[2:]]


def test_what_the_collector_refuses_is_told_and_not_sent_again(server: Collector) -> None:
    told: list[tuple[str, list[str]]] = []

    def on_error(error: NotDelivered, messages: list[dict[str, Any]]) -> None:
        told.append((str(error), [message["event"] for message in messages]))

    rejected = {"index": 1, "code": "no_event", "message": "no name"}
    server.answers = [
        (200, {"success": True, "accepted": 1, "rejected": [rejected]}),
        (401, {"message": "no such key"}),
    ]
    with sojourn.Client("key", server.url, most_a_batch=2, on_error=on_error) as client:
        for name in "abc":
            client.track("anna", name)

    assert told == [("no_event: no name", ["b"]), ("HTTP 401: no such key", ["c"])]
    assert len(server.batches) == 2
    assert client.dropped == 0


def test_a_batch_that_is_too_large_is_halved(server: Collector) -> None:
    server.answers = [(413, {}), (413, {})]
    with sojourn.Client("key", server.url, most_a_batch=4) as client:
        for name in "abcd":
            client.track("anna", name)

    assert [len(ids) for ids in server.ids] == [4, 2, 1, 1, 1, 1]


def test_a_full_queue_drops_and_says_so() -> None:
    told: list[str] = []
    client = sojourn.Client("key", GONE, most_waiting=2, on_error=lambda error, _messages: told.append(str(error)))

    assert [client.track("anna", name) is None for name in "abc"] == [False, False, True]
    assert not client.flush(0.05)
    assert not client.close(0.1)
    assert client.dropped == 3
    assert told == ["2 events wait already", "closing took longer than 0.1 s"]
    with pytest.raises(BadOption, match="closed"):
        client.track("anna", "later")


def test_a_mistake_in_a_call_is_said_at_once() -> None:
    client = sojourn.Client("key", GONE)

    with pytest.raises(BadOption, match="name who it was"):
        client.track(None, "Bought")
    with pytest.raises(BadOption, match="name the event"):
        client.track("anna", "")
    with pytest.raises(BadOption, match="cannot be sent as JSON"):
        client.track("anna", "Bought", {"what": object()})
    with pytest.raises(BadOption, match="at most 524,288 bytes"):
        client.track("anna", "Bought", {"text": "x" * 600_000})
    with pytest.raises(BadOption, match="expected anonymous_id, timestamp"):
        client.track("anna", "Bought", timestmap=dt.datetime.now(dt.UTC))  # type: ignore[call-arg] # the mistake that is told
    with pytest.raises(BadOption, match="collector's address"):
        sojourn.Client("key", "shop.example")
    with pytest.raises(BadOption, match="expected a key"):
        sojourn.Client("")
    assert client.waiting == 0
    assert "key" not in repr(client)


def test_pauses_double_up_to_half_a_minute_and_obey_the_server() -> None:
    assert [pause_s(failures, None, chance=lambda: 1.0) for failures in (0, 1, 2, 7, 90)] == [
        0.25,
        0.5,
        1.0,
        30.0,
        30.0,
    ]
    assert pause_s(2, None, chance=lambda: 0.0) == 0.5
    assert pause_s(0, "7") == 7.0
    assert pause_s(0, "999999") == 300.0
    assert pause_s(0, "Wed, 21 Oct 2026 07:28:00 GMT", chance=lambda: 1.0) == 0.25


def test_a_batch_ends_before_a_mebibyte() -> None:
    large = [Message(str(n), b"x" * 400_000) for n in range(5)]

    assert [len(first_batch(large, 100)), len(first_batch(large, 1)), len(first_batch([], 3))] == [2, 1, 0]


def test_an_answer_that_is_no_json_refuses_the_batch_by_its_status() -> None:
    verdict = judge([Message("1", b"{}")], 404, b"<html>", None, failures=0)

    assert (verdict.done, verdict.refused[0][1]) == (1, "HTTP 404: no reason given")


@pytest.mark.filterwarnings("ignore:.*fork")  # newer Pythons warn of a fork beside threads, which is what is tested
def test_a_forked_process_sends_its_own_events_and_none_of_its_parent(server: Collector) -> None:
    client = sojourn.Client("key", server.url, every_s=30)
    of_parent = client.track("anna", "parent")
    child = os.fork()
    if child == 0:
        try:
            client.track("anna", "child")
            os._exit(0 if client.flush(10) else 1)
        finally:
            os._exit(2)
    _, status = os.waitpid(child, 0)
    assert status == 0
    assert [message["event"] for batch in server.batches for message in batch["batch"]] == ["child"]
    assert client.close()

    assert server.ids[1:] == [[of_parent]]


def test_the_end_of_a_program_sends_what_waits(server: Collector) -> None:
    program = (
        "import multiprocessing, sojourn\n"
        f"client = sojourn.Client('key', {server.url!r}, every_s=60)\n"
        "client.track('anna', 'first')\n"
        "def work(): client.track('anna', 'of a child')\n"
        "child = multiprocessing.get_context('fork').Process(target=work); child.start(); child.join()\n"
        "client.track('anna', 'last')\n"
    )
    subprocess.run([sys.executable, "-W", "ignore", "-c", program], check=True, timeout=60)

    assert sorted(message["event"] for batch in server.batches for message in batch["batch"]) == [
        "first",
        "last",
        "of a child",
    ]


def test_the_async_client_sends_the_same(server: Collector) -> None:
    server.answers = [(500, {})]

    async def program() -> list[str | None]:
        async with sojourn.AsyncClient("key", server.url, most_a_batch=2) as client:
            said = [client.track("anna", name) for name in "abc"]
            assert await client.flush(10)
            assert client.waiting == 0
            said.append(client.identify("anna"))
        return said

    said = asyncio.run(program())
    assert server.ids == [said[:2], said[:2], said[2:3], said[3:]]


def test_the_async_client_gives_up_in_time_and_counts() -> None:
    async def program() -> tuple[bool, bool, int]:
        client = sojourn.AsyncClient("key", GONE)
        client.track("anna", "a")
        return await client.flush(0.05), await client.close(0.1), client.dropped

    started = time.monotonic()
    assert asyncio.run(program()) == (False, False, 1)
    assert time.monotonic() - started < 5


def test_importing_sojourn_stays_light() -> None:
    program = (
        "import sys, sojourn\n"
        "assert not {'httpx', 'asyncio', 'numba', 'pyarrow', 'duckdb', 'msgspec'} & sys.modules.keys()\n"
        "sojourn.Client('key')\n"
        "assert 'sojourn.store' not in sys.modules and 'httpx' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
