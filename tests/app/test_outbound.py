"""A signed stream of webhooks, against a real server on this machine."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from sojourn.app.outbound import (
    Delivery,
    NotDelivered,
    Outbound,
    PrivateAddress,
    move_delivery,
    public_address,
    signature,
    wait_s,
    webhook_secret,
)
from sojourn.store.state import Move

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET = webhook_secret(b"s" * 32, "http://crm.example/hook")


class Crm:
    """A receiver: answers what it is told to, in order, and takes everything when it was told nothing."""

    def __init__(self) -> None:
        self.answers: list[int | str] = []
        self.asked: list[tuple[dict[str, str], bytes]] = []
        self.retry_after: str | None = None
        crm = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                crm.asked.append(({name.lower(): value for name, value in self.headers.items()}, body))
                said = crm.answers.pop(0) if crm.answers else 200
                if isinstance(said, str):
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                self.send_response(said)
                if crm.retry_after is not None:
                    self.send_header("Retry-After", crm.retry_after)
                self.send_header("Location", "http://127.0.0.1:9/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_said: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook?a=1"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def crm() -> Iterator[Crm]:
    made = Crm()
    yield made
    made.close()


def deliveries(n: int) -> list[Delivery]:
    moves = [Move(7, "anna", f"segment {place}", True, 1_700_000_000_000_000, place) for place in range(1, n + 1)]
    return [move_delivery(place, move) for place, move in enumerate(moves, start=1)]


def outbound(crm: Crm, waits: list[float] | None = None, **more: Any) -> Outbound:
    return Outbound(crm.url, SECRET, allow_private=True, sleep=(waits if waits is not None else []).append, **more)


def test_each_is_told_once_in_order_with_a_signature_that_the_receiver_can_check(crm: Crm) -> None:
    places: list[int] = []
    done = outbound(crm).send(deliveries(3), places.append)

    assert (done.taken, done.retries, places) == (3, 0, [1, 2, 3])
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    for headers, body in crm.asked:
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        right = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        assert headers["webhook-signature"] == f"v1,{right}"
        assert headers["host"].startswith("127.0.0.1:")
    assert json.loads(crm.asked[0][1]) == {
        "type": "segment.entered",
        "timestamp": "2023-11-14T22:13:20Z",
        "data": {"person": "anna", "person_number": "7", "segment": "segment 1"},
    }


def test_a_receiver_that_fails_first_is_asked_again_with_the_same_id(crm: Crm) -> None:
    crm.answers = [500, "cut", 503, 200]
    waits: list[float] = []
    places: list[int] = []
    done = outbound(crm, waits).send(deliveries(2), places.append)

    assert (done.taken, done.retries, places) == (2, 3, [1, 2])
    assert [headers["webhook-id"] for headers, _ in crm.asked[:4]] == [deliveries(1)[0].id] * 4
    assert waits == [0.375, 0.75, 1.5]  # 0.5, 1 and 2 s, times 0.75


def test_a_receiver_says_how_long_to_wait(crm: Crm) -> None:
    crm.answers, crm.retry_after = [429, 200], "7"
    waits: list[float] = []
    outbound(crm, waits).send(deliveries(1), lambda _: None)

    assert waits == [7.0]


def test_what_was_not_taken_waits_for_the_next_run_and_nothing_overtakes_it(crm: Crm) -> None:
    crm.answers = [200, 500, 500, 500]
    places: list[int] = []
    with pytest.raises(NotDelivered, match="HTTP 500"):
        outbound(crm, attempts=3).send(deliveries(3), places.append)
    assert places == [1]

    outbound(crm).send([one for one in deliveries(3) if one.place > places[-1]], places.append)
    assert places == [1, 2, 3]
    assert [json.loads(body)["data"]["segment"][-1] for _, body in crm.asked] == ["1", "2", "2", "2", "2", "3"]


def test_what_the_receiver_calls_wrong_is_told_and_stops_nothing(crm: Crm) -> None:
    crm.answers = [422, 200]
    done = outbound(crm).send(deliveries(2), lambda _: None)

    assert (done.taken, done.refused) == (1, (deliveries(1)[0].id,))


@pytest.mark.parametrize("status", [301, 307])
def test_a_redirect_is_not_followed(crm: Crm, status: int) -> None:
    crm.answers = [status]
    with pytest.raises(NotDelivered, match=f"HTTP {status}"):
        outbound(crm, attempts=1).send(deliveries(1), lambda _: None)


def test_a_receiver_that_is_gone_is_not_asked_again(crm: Crm) -> None:
    crm.answers = [410]
    with pytest.raises(NotDelivered):
        outbound(crm).send(deliveries(1), lambda _: None)
    assert len(crm.asked) == 1


def test_the_same_move_has_the_same_id_and_another_one_another() -> None:
    ids = [one.id for one in deliveries(50)]

    assert ids == [one.id for one in deliveries(50)]
    assert len(set(ids)) == 50


def test_private_addresses_are_refused(crm: Crm) -> None:
    hidden = Outbound(crm.url.replace("http:", "https:"), SECRET)
    with pytest.raises(PrivateAddress, match="not on the public internet"):
        hidden.send(deliveries(1), lambda _: None)
    assert crm.asked == []


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "10.0.0.8", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.1", "224.0.0.1", "::1", "fe80::1",
     "fc00::1", "::ffff:10.0.0.8", "2130706433", "0x7f.1"],
)  # fmt: skip
def test_no_way_of_writing_a_private_address_gets_through(host: str) -> None:
    with pytest.raises((PrivateAddress, NotDelivered)):
        public_address(host, 443)


@pytest.mark.parametrize(
    "url", ["http://crm.example/", "ftp://crm.example/", "https://a:b@crm.example/", "https:///x", "crm"]
)
def test_an_address_without_encryption_or_with_a_password_is_refused(url: str) -> None:
    with pytest.raises(NotDelivered, match="expected an address"):
        Outbound(url, SECRET)


def test_waits_grow_to_five_minutes() -> None:
    assert [wait_s(n, 0.999) for n in (1, 2, 3)] == pytest.approx([0.5, 1, 2], rel=1e-3)
    assert wait_s(100, 0.0) == 150.0
    assert wait_s(1, 0.0, "not a number") == 0.25
    assert wait_s(1, 0.0, "999999") == 3_600.0


def test_each_receiver_has_a_secret_of_its_own() -> None:
    ours = webhook_secret(b"s" * 32, "https://crm.example/")
    assert (
        ours
        != webhook_secret(b"s" * 32, "https://other.example/")
        != webhook_secret(b"t" * 32, "https://other.example/")
    )
    assert len(base64.b64decode(ours.removeprefix("whsec_"))) == 32
    assert signature(ours, "a", 1, b"{}") != signature(ours, "b", 1, b"{}")
