"""Headless Chromium and a shop for it to visit: everything on loopback, nothing left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.servers import Capture, Serving
from tests.chromium import chromium

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, BrowserContext, Page

KEY = "shop-key-12345678"
ASSUMED = 'data-sojourn-consent="assumed"'


class Shop:
    """A site with the tracker on it, a visitor's browser, and what the collector got.

    Attributes:
        capture: The collector, on another origin than the pages.
        pages: Text of each page by its path; tests add theirs.
        headers: Headers of every page.
        context: The visitor's browser.
    """

    def __init__(self, capture: Capture, collector: str, context: BrowserContext) -> None:
        self.capture, self.collector, self.context = capture, collector, context
        self.pages: dict[str, str] = {}
        self.headers: dict[str, str] = {}
        self.url = ""
        self.requested: list[str] = []
        context.on("request", lambda request: self.requested.append(request.url))

    def tag(self, attributes: str = ASSUMED, *, source: str | None = None) -> str:
        """The snippet."""
        return f'<script defer src="{source or self.collector}/t.js" data-sojourn-key="{KEY}" {attributes}></script>'

    def put(self, path: str, body: str = "<h1>Hello</h1>", *, title: str = "A page", tag: str | None = None) -> None:
        """Make a page."""
        head = f"<title>{title}</title>{self.tag() if tag is None else tag}"
        self.pages[path] = f"<!doctype html><html><head><meta charset=utf-8>{head}</head><body>{body}</body></html>"

    def visit(self, path: str = "/", body: str | None = None, *, page: Page | None = None, **options: Any) -> Page:
        """Open a page, made of `body` unless it was put there before."""
        plain = path.partition("?")[0].partition("#")[0]
        if body is not None or plain not in self.pages:
            self.put(plain, **({} if body is None else {"body": body}), **options)
        page = page or self.context.new_page()
        page.goto(self.url + path)
        return page

    def wait(self, event: str, times: int = 1) -> list[dict[str, Any]]:
        """Properties of the events of a name, once there are so many."""
        self.capture.wait(lambda: len(self.capture.named(event)) >= times)
        return self.capture.named(event)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Headless Chromium."""
    with chromium() as started:
        yield started


@pytest.fixture
def visitor(browser: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """`visitor()` is a new visitor with an empty profile; options are Playwright's."""
    opened: list[BrowserContext] = []

    def arrive(**options: Any) -> BrowserContext:
        context = browser.new_context(**options)
        context.set_default_timeout(10_000)
        opened.append(context)
        return context

    yield arrive
    for context in opened:
        context.close()


@pytest.fixture
def shop(visitor: Callable[..., BrowserContext]) -> Iterator[Shop]:
    """A visited shop."""
    capture = Capture()
    with Serving(capture, {}, {}) as collector:
        shop = Shop(capture, collector, visitor())
        with Serving(capture, shop.pages, shop.headers) as url:
            shop.url = url
            yield shop
