"""The way of simulated visitors to the collector, with a key of their own.

In: `Visitors`, a collector's address, a server key. Out: requests, one at a time. Never faster than the collector takes them: 429 and 503 are
waited for as long as they say, and who does not answer is asked again later and later.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import httpx
import structlog

if TYPE_CHECKING:
    from sojourn.demo.visitors import Visitors

_LOOK_S = 0.5
_FIRST_WAIT_S = 0.5
_LONGEST_WAIT_S = 30.0
_BAD_REQUEST = 400
_LATER = {408, 425, 429}
_SERVER_ERROR = 500
_log = structlog.get_logger()


class Sending:
    """Sends what is due until it is cancelled."""

    def __init__(self, visitors: Visitors, collector: str, key: str, client: httpx.AsyncClient) -> None:
        """Send nothing yet.

        Args:
            visitors: Whose messages.
            collector: Address, without a slash at the end.
            key: The key of the source `simulated`.
            client: What asks.
        """
        self._visitors, self._client = visitors, client
        self._url = f"{collector}/v1/batch"
        self._headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
        self.sent = 0
        self.refused = 0

    async def run(self) -> None:
        """Send as long as it is not cancelled."""
        while True:
            now_ms = _now_ms()
            batch = self._visitors.due(now_ms)
            if batch:
                await self.deliver(batch)
            wait_s = (self._visitors.next_ms() - _now_ms()) / 1_000
            # Messages of a moment travel together.
            await asyncio.sleep(min(max(wait_s, 0.1), _LOOK_S))

    async def deliver(self, batch: list[bytes]) -> None:
        """Send messages until they are taken, or refused for good."""
        body = b'{"batch":[' + b",".join(batch) + b"]}"
        wait_s = _FIRST_WAIT_S
        while True:
            try:
                answered = await self._client.post(self._url, content=body, headers=self._headers)
            except httpx.HTTPError:
                pause = wait_s
            else:
                status = answered.status_code
                if status not in _LATER and status < _SERVER_ERROR:
                    self._counted(status, len(batch))
                    return
                pause = _said_s(answered.headers.get("retry-after"), wait_s)
            await asyncio.sleep(pause)
            wait_s = min(wait_s * 2, _LONGEST_WAIT_S)

    def _counted(self, status: int, messages: int) -> None:
        if status < _BAD_REQUEST:
            self.sent += messages
            return
        if not self.refused:
            _log.warning("the collector refuses simulated visitors", status=status)
        self.refused += messages


def _said_s(header: str | None, otherwise: float) -> float:
    """Seconds of a `Retry-After`."""
    return min(float(header), _LONGEST_WAIT_S) if header is not None and header.isdecimal() else otherwise


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
