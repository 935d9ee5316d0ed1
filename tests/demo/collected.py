"""A collector that writes down what the shop sends it."""

from __future__ import annotations

import json
from typing import Any

import httpx

from sojourn.demo.counter import Door

DOOR = Door("http://collector.test", "sjb_public", "sjs_secret", "00" * 32, console="http://127.0.0.1:8000")


class Collected(httpx.AsyncBaseTransport):
    """Answers everything with `status`, and keeps it."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        self.status = 200
        self.body = b'{"success":true}'
        self.headers: dict[str, str] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        if self.status == 0:
            message = "refused"
            raise httpx.ConnectError(message)
        self.requests.append(request)
        return httpx.Response(self.status, headers=self.headers, stream=httpx.ByteStream(self.body))

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [
            message
            for request in self.requests
            if request.url.path == "/v1/batch"
            for message in json.loads(request.content)["batch"]
        ]
