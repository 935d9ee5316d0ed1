"""Work that pages wait for: begun by the first who asks for it, joined by the others, ended when nobody waits any more.

In: a request, what is asked, how to answer. Out: the answer, or `Working` with how far it is. Never asks a question itself.

Work that takes longer than `AT_ONCE_S` goes on while the page says so and looks again. Who cancels, or leaves the page, asks no more: then
work is not begun, or ends at the next piece that it tells of (`records.progress`).
"""

from __future__ import annotations

import asyncio
import math
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from sojourn.records.progress import heard_by

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

AT_ONCE_S = 2.5
"""So long a page waits for its answer before it says that it is being worked on, seconds."""
CANCEL = "cancel"
"""The query parameter of a page that is not to be worked on any more."""
_LOOK_S = 0.2
_AT_A_TIME = 4
_FORGOTTEN_S = 5.0
"""A page that is worked on looks again each second; who has not for so long has left."""
_POOL = ThreadPoolExecutor(_AT_A_TIME, thread_name_prefix="sojourn-question")
_LOCK = Lock()


class Working(Exception):
    """The answer is not there yet.

    Attributes:
        title: Of the page.
        seconds: How long it has been worked on.
        what: What is being done at present; empty where that is not known.
        share: How much of that is done, in [0, 1]; None where that is not known.
    """

    def __init__(self, title: str, seconds: float, what: str = "", share: float | None = None) -> None:
        super().__init__(title)
        self.title, self.seconds, self.what, self.share = title, seconds, what, share


class Left(Exception):
    """Nobody waits for the work any more."""


@dataclass(slots=True, eq=False)
class _Work:
    """One answer that is being made.

    Attributes:
        pages: Addresses of the pages that asked for it.
        began: When, seconds of the clock.
        seen: When somebody asked for it last.
        waiting: Requests that wait for it at this moment.
        told: What is being done, how much of it, of how much; None before it told.
        future: What comes of it.
    """

    pages: set[str]
    began: float
    seen: float
    waiting: int = 0
    told: tuple[str, int, int] | None = None
    future: Future[Any] = field(default_factory=Future)

    def left(self) -> bool:
        """Whether everybody has gone."""
        return not self.waiting and time.monotonic() - self.seen > _FORGOTTEN_S

    def hear(self, what: str, done: int, of: int) -> None:
        """Keep how far it is; ends the work when everybody has gone."""
        with _LOCK:
            if self.left():
                for key in [key for key, work in _WORK.items() if work is self]:
                    del _WORK[key]
                raise Left
            self.told = what, done, of

    def working(self, title: str) -> Working:
        """What the page says meanwhile."""
        what, done, of = self.told or ("", 0, 0)
        return Working(title, time.monotonic() - self.began, what, done / of if of else None)


_WORK: dict[object, _Work] = {}


async def waited(request: Request, key: object, ask: Callable[[], Any], title: str) -> Any:  # noqa: ANN401  (whatever is asked)
    """Wait for an answer as long as a page waits, and whoever asked is there.

    Args:
        request: Who waits.
        key: What is asked; requests with equal ones wait for the same work.
        ask: Makes the answer, in a thread.
        title: Of the page, told while it is being worked on.

    Raises:
        Working: It takes longer; the page is to say so.
    """
    work = _joined(key, ask, page_of(request))
    waiting = asyncio.shield(asyncio.wrap_future(work.future))
    try:
        while not waiting.done():
            await asyncio.wait({waiting}, timeout=_LOOK_S)
            if waiting.done():
                break
            if time.monotonic() - work.began > AT_ONCE_S or await request.is_disconnected():
                raise work.working(title)
        return await waiting
    finally:
        _gone(key, work, done=waiting.done())
        # Else what comes of it later is an answer that nobody takes, which is told as an error.
        waiting.cancel()


def cancel(request: Request) -> None:
    """End what a page asked for, unless another page waits for it too."""
    page = page_of(request)
    with _LOCK:
        for work in _WORK.values():
            if page in work.pages:
                work.pages.discard(page)
                if not work.pages:
                    work.seen = -math.inf
        _forget()


def page_of(request: Request) -> str:
    """The address of a page, however often it looks again."""
    pairs = [(name, value) for name, value in request.query_params.multi_items() if name != CANCEL]
    return f"{request.url.path}?{urlencode(pairs)}"


def _joined(key: object, ask: Callable[[], Any], page: str) -> _Work:
    """The work on an answer; begun by the first who asks for it, joined by the others."""
    with _LOCK:
        _forget()
        work, now = _WORK.get(key), time.monotonic()
        if work is None:
            work = _WORK[key] = _Work(set(), now, now)
            work.future = _POOL.submit(_heard, work, ask)
        work.pages.add(page)
        work.waiting += 1
        work.seen = now
        return work


def _heard(work: _Work, ask: Callable[[], Any]) -> Any:  # noqa: ANN401  (whatever is asked)
    with heard_by(work.hear):
        return ask()


def _forget() -> None:
    """Cancel what was not begun and nobody waits for; what runs ends when it tells how far it is. For the holder of `_LOCK`."""
    for key, work in list(_WORK.items()):
        if work.left() and (work.future.cancel() or work.future.done()):
            del _WORK[key]


def _gone(key: object, work: _Work, *, done: bool) -> None:
    with _LOCK:
        work.waiting -= 1
        work.seen = time.monotonic()
        if done and not work.waiting and _WORK.get(key) is work:
            del _WORK[key]
