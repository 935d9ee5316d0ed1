"""Signed links of messages, and the pixel that tells of opening: the path goes on from the mail to the site.

In: a request for `/l/TOKEN` or `/o/TOKEN.gif`; events of the page it led to. Out: a redirect to the signed target and nowhere
else, with the token in its address; the events "Email Link Clicked" and "Email Opened"; the page's events with the recipient beside
the device, where `identify.click_token` says that this may be. docs/links.md
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import parse_qsl, quote, urlsplit, urlunsplit

import msgspec
import structlog

from sojourn.api.answers import PIXEL, Answer, refusal
from sojourn.collect.messages import written
from sojourn.identify.click_token import BadToken, Click, Verdict, is_scanner, judge, read, recipient
from sojourn.records.errors import SojournError
from sojourn.records.event import Event

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from sojourn.api.request import Request
    from sojourn.identify.click_token import Seen, Token
    from sojourn.records.rejected import Rejected

    Keep = Callable[[Sequence[Event | Rejected], int], Awaitable[object]]

SOURCE = "links"
"""Name of the source of what links tell."""
MARK = "sjn"
"""Name of the parameter that carries a token to the page."""
_IN_TEXT = re.compile(rf"([?&]){MARK}=([A-Za-z0-9_.-]+)(&?)")
_SECOND_US = 1_000_000
_log = structlog.get_logger()


class ClickStore(Protocol):
    """What is kept of clicks; `store.clicks.Clicks` is one."""

    def visit(self, token: Token, time: int, /) -> list[int]:
        """Keep that a link was followed; times of earlier visits to links of the same message."""

    def seen(self, token: Token, device: str, time: int, /) -> tuple[Seen, int]:
        """What is known of a token when a device comes with it, and when the link was followed."""

    def take(self, token: Token, device: str, time: int, /) -> None:
        """The device is the first that came with the token."""


class Links:
    """Follows links, and joins the page's events with the message."""

    def __init__(self, secret: bytes, clicks: ClickStore) -> None:
        """Begin; `secret` is the data folder's."""
        self._secret, self._clicks = secret, clicks

    async def follow(self, request: Request, text: str, now: int, keep: Keep) -> Answer:
        """The redirect of a link, whatever the click shows; the event of it, unless a program came.

        Args:
            request: GET, or HEAD, which tells nothing of anybody.
            text: The token in the address.
            now: Microseconds since 1970 UTC.
            keep: Makes events durable.
        """
        try:
            token = read(text, self._secret)
        except BadToken as error:
            return refusal(404, "bad_link", str(error))
        if token.purpose != "click":
            return refusal(404, "bad_link", "the link is not whole; copy all of it from the message")
        target = _marked(token.target, text)
        if request.method == "GET":
            # The reader must get there even when nothing can be written.
            try:
                earlier = await asyncio.to_thread(self._clicks.visit, token, now)
                click = Click("GET", request.header(b"user-agent"), None, now)
                if not is_scanner(click, earlier):
                    await keep([_event(token, "Email Link Clicked", now, request)], 0)
            except SojournError as error:
                _log.warning("a click was not kept", reason=type(error).__name__)
        headers = (
            (b"location", quote(target, safe="%/:=&?~#+!$,;'@()*[]").encode()),
            (b"cache-control", b"no-store"),
            (b"referrer-policy", b"no-referrer"),
        )
        return Answer(302, b"", b"text/plain", headers=headers)

    async def opened(self, request: Request, text: str, now: int, keep: Keep) -> Answer:
        """The pixel, whatever the token says; the event, once a token."""
        if request.method == "GET":
            try:
                token = read(text, self._secret)
                if token.purpose == "open":
                    await keep([_event(token, "Email Opened", now, request)], 0)
            except BadToken:
                return PIXEL
            except SojournError as error:
                _log.warning("an opening was not kept", reason=type(error).__name__)
        return PIXEL

    async def joined(self, judged: Sequence[Event | Rejected]) -> list[Event | Rejected]:
        """Events of a page with the recipient of the message that led there as a further identifier, where a click shows it.

        The token is taken out of every text: it is in the page's address, and should be nowhere else.
        """
        return [await self._event_joined(one) if type(one) is Event else one for one in judged]

    async def _event_joined(self, event: Event) -> Event:
        found = _IN_TEXT.search(event.context or "") or _IN_TEXT.search(event.properties)
        if found is None:
            return event
        clean = {
            "context": None if event.context is None else _IN_TEXT.sub(_without, event.context),
            "properties": _IN_TEXT.sub(_without, event.properties),
        }
        event = msgspec.structs.replace(event, **clean)
        if not event.browser or event.daily or event.anonymous_id is None:
            return event
        try:
            shown = await asyncio.to_thread(self._recipient, found[2], event, event.anonymous_id)
        except SojournError:
            # A link of somebody else's, or no disk: the event is one without a link.
            return event
        return event if shown is None else msgspec.structs.replace(event, external_ids=(*event.external_ids, shown))

    def _recipient(self, text: str, event: Event, device: str) -> tuple[str, str] | None:
        token = read(text, self._secret)
        seen, followed = self._clicks.seen(token, device, event.received_at)
        if event.user_id is not None:
            seen = msgspec.structs.replace(seen, device_has_user=True)
        verdict = judge(token, Click("GET", _agent(event), device, followed), seen)
        if verdict is not Verdict.LINKS:
            return None
        self._clicks.take(token, device, event.received_at)
        return recipient(token)


def carries_token(one: Event | Rejected) -> bool:
    """Whether an event's page was reached by a signed link."""
    return type(one) is Event and (f"{MARK}=" in (one.context or "") or f"{MARK}=" in one.properties)


def link_address(base: str, text: str) -> str:
    """The address of a link in a message."""
    return f"{base.rstrip('/')}/l/{text}"


def pixel_address(base: str, text: str) -> str:
    """The address of a pixel in a message."""
    return f"{base.rstrip('/')}/o/{text}.gif"


def _marked(target: str, text: str) -> str:
    """The target with the token in its query, for the page to tell."""
    parts = urlsplit(target)
    query = f"{parts.query}&" if parse_qsl(parts.query, keep_blank_values=True) else ""
    return urlunsplit(parts._replace(query=f"{query}{MARK}={text}"))


def _without(found: re.Match[str]) -> str:
    """What is left of `?sjn=...` and `&sjn=...` in a text."""
    before, _, after = found.groups()
    return before if before == "?" and after else after


def _event(token: Token, name: str, now: int, request: Request) -> Event:
    """What a link tells of its recipient; whoever clicked is somebody else until a page's event shows it."""
    user = token.kind == "user"
    properties: dict[str, Any] = {"email_id": token.message}
    if token.target:
        properties["link"] = token.target
    agent = request.header(b"user-agent")
    # An image is loaded again each time the message is looked at; a link that is followed twice within a second is once.
    times = "" if token.purpose == "open" else f":{now // _SECOND_US}"
    return Event(
        source=SOURCE,
        message_id=f"{token.purpose}:{token.id}{times}",
        type="track",
        event=name,
        time=now,
        received_at=now,
        user_id=token.value if user else None,
        external_ids=() if user else ((token.kind, token.value),),
        properties=written(properties),
        context=written({"userAgent": agent}) if agent else None,
    )


def _agent(event: Event) -> str | None:
    agent = msgspec.json.decode(event.context).get("userAgent") if event.context else None
    return agent if isinstance(agent, str) else None
