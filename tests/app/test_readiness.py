"""A process says when it does its work: on a pipe, and at `/ready`."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from sojourn.app.readiness import WhenReady, tell, tell_ready

if TYPE_CHECKING:
    from starlette.requests import Request


def test_it_is_told_once() -> None:
    read, write = os.pipe()
    tell(write)

    tell_ready()
    tell_ready()
    # It is the caller's, who has more to say when the process ends.
    os.close(write)

    assert os.read(read, 10) == b"1"
    assert os.read(read, 10) == b""
    os.close(read)


async def _yes(_request: Request) -> PlainTextResponse:
    return PlainTextResponse("yes")


def test_ready_is_503_until_everything_was_opened_once_and_the_rest_answers_before() -> None:
    opened, told = threading.Event(), threading.Event()
    read, write = os.pipe()
    tell(write)

    def prepare() -> None:
        opened.wait()
        told.set()

    app = WhenReady(Starlette(routes=[Route("/ready", _yes), Route("/page", _yes)]), prepare)
    with TestClient(app) as client:
        before = client.get("/ready")
        page = client.get("/page")
        opened.set()
        assert os.read(read, 1) == b"1"
        after = client.get("/ready")
    os.close(read)
    os.close(write)

    assert (before.status_code, before.json()) == (503, {"ready": False})
    assert (page.status_code, after.text) == (200, "yes")
    assert told.is_set()


def test_what_cannot_be_opened_is_said_by_the_pages_not_by_ready() -> None:
    def prepare() -> None:
        message = "torn"
        raise OSError(message)

    read, write = os.pipe()
    tell(write)
    with TestClient(WhenReady(Starlette(routes=[Route("/ready", _yes)]), prepare)) as client:
        assert os.read(read, 1) == b"1"
        assert client.get("/ready").text == "yes"
    os.close(read)
