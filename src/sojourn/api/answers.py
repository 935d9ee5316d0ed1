"""Answers of the collector, and the headers that browsers need to see them from a page of another origin.

In: what became of a request. Out: `Answer`, and its ASGI messages. Success is exactly 200: of other 2xx some clients send again.
"""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sojourn.api.request import Request, Send
    from sojourn.records.rejected import Rejected

JSON = b"application/json"
_MAX_AGE = b"7200"
_HEADER_NAMES = re.compile(rb"[A-Za-z0-9!#$%&'*+.^_`|~, -]{0,2000}")
_USUAL_HEADERS = (
    b"authorization, content-type, x-retry-count, anonymousid, sentat, sp-anonymous, rsa-retry-attempt, rsa-retry-reason, "
    b"rsa-since-first-attempt, rsa-since-last-attempt, rsa-recovered, x-sojourn-user-hash"
)
_PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
_MOST_LISTED = 1_000


class Answer(msgspec.Struct, frozen=True, gc=False):
    """A response.

    Attributes:
        status: HTTP status.
        body: Its bytes.
        content_type: Their type.
        retry_after_s: After how many seconds to send again; None when that is no use.
        headers: Further headers.
    """

    status: int
    body: bytes
    content_type: bytes = JSON
    retry_after_s: int | None = None
    headers: tuple[tuple[bytes, bytes], ...] = ()


def answer_json(value: object, *, status: int = 200) -> Answer:
    """A value as JSON."""
    return Answer(status, msgspec.json.encode(value))


SUCCESS = answer_json({"success": True})
STATUS_ONE = answer_json({"status": 1})
PIXEL = Answer(200, _PIXEL, b"image/gif", headers=((b"cache-control", b"no-store"),))


def refusal(status: int, code: str, message: str, *, retry_after_s: int | None = None, **more: object) -> Answer:
    """An error: an object with `code` and `message`, without which some clients take a 400 for a broken network."""
    body = msgspec.json.encode({"success": False, "code": code, "message": message, **more})
    return Answer(status, body, retry_after_s=retry_after_s)


def verdicts(rejected: Sequence[Rejected]) -> list[dict[str, object]]:
    """Which messages of a batch were not accepted, by their place from 0, and why; the first thousand."""
    return [{"index": one.line - 1, "code": one.reason.value, "message": one.detail} for one in rejected[:_MOST_LISTED]]


def accepted(success: Answer, events: int, rejected: Sequence[Rejected]) -> Answer:
    """The answer to a request whose good events are kept: `success` where all were, else with a verdict for each bad one.

    When none was good the status is 400: sending it again would not make it better.
    """
    if not rejected:
        return success
    listed = verdicts(rejected)
    if not events:
        first = rejected[0]
        return refusal(400, first.reason.value, first.detail, accepted=0, rejected=listed)
    known = msgspec.json.decode(success.body)
    return answer_json({**known, "accepted": events, "rejected": listed})


async def send_answer(answer: Answer, request: Request, send: Send) -> None:
    """Send a response."""
    headers = [
        (b"content-type", answer.content_type),
        (b"content-length", str(len(answer.body)).encode()),
        *answer.headers,
        *_cross_origin(request),
    ]
    if answer.retry_after_s is not None:
        headers.append((b"retry-after", str(answer.retry_after_s).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if request.method == "HEAD" else answer.body})


def _cross_origin(request: Request) -> list[tuple[bytes, bytes]]:
    """Headers for a page of another origin.

    The origin is echoed, not `*`, because some clients send with credentials; header names are listed, because `*` does not cover
    `authorization`; the long age lets the last request of a page go out without a preflight that would outlive the page.
    """
    origin = request.headers.get(b"origin")
    if not origin or b"\n" in origin or b"\r" in origin:
        return []
    headers = [
        (b"access-control-allow-origin", origin),
        (b"access-control-allow-credentials", b"true"),
        (b"access-control-expose-headers", b"Retry-After"),
        (b"vary", b"Origin"),
    ]
    if request.method == "OPTIONS":
        asked = request.headers.get(b"access-control-request-headers", b"")
        names = asked if asked and _HEADER_NAMES.fullmatch(asked) else _USUAL_HEADERS
        headers += [
            (b"access-control-allow-methods", b"GET, POST, OPTIONS"),
            (b"access-control-allow-headers", names),
            (b"access-control-max-age", _MAX_AGE),
        ]
    return headers
