"""What every page of the demo shop has in common: who asks, how a form is read, how a page is drawn.

In: a request. Out: a page that tells the tracker what happened on it. Never lets what somebody typed become markup.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from sojourn.demo.visits import Basket, Visit, Visits, basket
from sojourn.demo.wares import BRANDS, BY_ID
from sojourn.simulate.shop.catalogue import CATEGORIES

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    from sojourn.demo.orders_sent import OrdersSent
    from sojourn.demo.visits import Call

COOKIE = "sojourn_demo_shop"
"""Cookies know no ports: the console on the same host has others."""
_LONGEST_FORM = 65_536
_MOST_FIELDS = 40
_LONGEST_FIELD = 1_000
_WEEK_S = 7 * 86_400

_ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True, slots=True)
class Door:
    """What the shop needs to be followed.

    Attributes:
        collector: Address of the collector, without a slash at the end.
        browser_key: With which its pages send.
        server_key: With which its server sends, of the same source.
        user_secret: With which its server signs user ids for its pages.
        consent: Whether the tracker waits for consent, as the keys say.
        console: Address of the console, for the link to one's own profile; empty: no link.
    """

    collector: str
    browser_key: str
    server_key: str
    user_secret: str
    consent: Literal["required", "assumed"] = "required"
    console: str = ""


@dataclass(slots=True)
class Counter:
    """The shop, as its pages know it.

    Attributes:
        door: How it is followed.
        orders: Tells the collector of orders, from the server.
        visits: Who is there.
        reviews: What visitors wrote, by product: stars, name, text. The latest of each.
    """

    door: Door
    orders: OrdersSent
    visits: Visits = field(default_factory=Visits)
    reviews: dict[str, list[tuple[int, str, str]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asked:
    """One request.

    Attributes:
        request: As it came.
        visit: Whose.
        counter: The shop.
        form: Its fields, when it is a POST.
    """

    request: Request
    visit: Visit
    counter: Counter
    form: dict[str, str]

    @property
    def basket(self) -> Basket:
        """The visit's cart."""
        return basket(self.visit, BY_ID)

    def page(self, template: str, name: str, *calls: Call, status: int = 200, **context: object) -> Response:
        """A page.

        Args:
            template: In `templates/`; extends `frame.html`.
            name: What the tracker calls it, as the simulated shop does.
            calls: Calls of the tracker that it makes after the page view; a `page` call among them replaces the page view.
            status: Of the response.
            **context: What the template shows.
        """
        own = [] if any(call[0] == "page" for call in calls) else [["page", name]]
        told = [*self.visit.waiting, *own, *calls]
        self.visit.waiting.clear()
        text = _ENVIRONMENT.get_template(template).render(
            **{
                "asked": self,
                "name": name,
                "categories": CATEGORIES,
                "brands": BRANDS,
                "told": told,
                "wide": True,
                **context,
            }
        )
        return HTMLResponse(text, status)

    def back_to(self, path: str) -> Response:
        """Send the browser on after a form; `path` is always one of the shop's own."""
        return RedirectResponse(path, 303)

    def nowhere(self, what: str = "There is no such page.") -> Response:
        """A page that is not there."""
        return self.page("nowhere.html", "Not Found", status=404, what=what)


def route(
    path: str, answer: Callable[[Asked], Awaitable[Response]], counter: Counter, *, methods: tuple[str, ...] = ("GET",)
) -> Route:
    """Where a page is: finds the visit, reads the form, and remembers who was not known."""

    async def handle(request: Request) -> Response:
        form: dict[str, str] = {}
        known = request.cookies.get(COOKIE)
        visit = counter.visits.find(known)
        if request.method == "POST":
            refused = _refused(request)
            if refused is not None:
                return refused
            form = await _fields(request)
            if visit is None:
                known, visit = counter.visits.begin()
        response = await answer(Asked(request, visit or Visit(), counter, form))
        if request.method == "POST" and known is not None:
            response.set_cookie(COOKIE, known, max_age=_WEEK_S, httponly=True, samesite="lax")
        return response

    return Route(path, handle, methods=list(methods))


def _refused(request: Request) -> Response | None:
    """Why a form is not taken; None when it is."""
    origin = request.headers.get("origin")
    if origin is not None and origin.partition("://")[2] != request.headers.get("host"):
        return PlainTextResponse("This form comes from another site.", 403)
    size = request.headers.get("content-length", "")
    if not size.isdecimal() or int(size) > _LONGEST_FORM:
        return PlainTextResponse(f"A form of this shop has at most {_LONGEST_FORM} bytes.", 413)
    return None


async def _fields(request: Request) -> dict[str, str]:
    async with request.form(max_files=0, max_fields=_MOST_FIELDS) as sent:
        return {name: value.strip()[:_LONGEST_FIELD] for name, value in sent.items() if isinstance(value, str)}


def as_script(value: object) -> str:
    """JSON that may stand inside a script element: nothing in it ends the element or begins another."""
    text = json.dumps(value, ensure_ascii=True)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def money(amount: float) -> str:
    """An amount in euro."""
    return f"€\N{NO-BREAK SPACE}{amount:,.2f}"


_ENVIRONMENT.filters.update(as_script=as_script, money=money)
