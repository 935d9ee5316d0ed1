"""What a page is, and how it is drawn.

In: a view's template and its context. Out: HTML inside the console's frame: navigation, filter, title. Never asks a question itself.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from sojourn.analyse.show.notebook import figure_json
from sojourn.analyse.show.style import for_a_page
from sojourn.analyse.show.words import count, duration, money, percent
from sojourn.api.roles import allows
from sojourn.api.scope import days_of
from sojourn.console.drawing import cell, change, height_of, is_number, meaning_of, records_of, spark_of, usual_periods
from sojourn.console.static_files import address_of as static

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.responses import Response

    from sojourn.console.asked import Asked

Group = Literal["Overview", "Journeys", "People", "Setup"]
"""Headings of the navigation."""
GROUPS: tuple[Group, ...] = ("Overview", "Journeys", "People", "Setup")


@dataclass(frozen=True, slots=True)
class View:
    """A page.

    Attributes:
        path: Where it is; may hold Starlette's path parameters.
        title: Of the page, and in the navigation.
        draw: Answers a request.
        group: Heading of the navigation under which it is listed; None: it is reached from other pages.
        role: Least role that may see it: viewer, analyst, marketer, admin; None: who is not logged in may too.
        methods: What it takes. A POST changes something, carries the form's token, and leaves a line in the audit log.
        filtered: Whether the period and the `where` filter mean something to it.
        streams: Whether a POST takes a file as it comes, and checks the form's token itself (`console.upload`).
    """

    path: str
    title: str
    draw: Callable[[Asked], Awaitable[Response]]
    group: Group | None = None
    role: str | None = "viewer"
    methods: tuple[str, ...] = ("GET",)
    filtered: bool = True
    streams: bool = False


_ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render(asked: Asked, template: str, *, title: str, status: int = 200, **context: Any) -> HTMLResponse:
    """A page in the console's frame.

    Args:
        asked: The request.
        template: In `templates/`; extends `frame.html`.
        title: Of the page.
        status: Of the response.
        **context: What the template shows; templates/parts.html says what with.
    """
    views = importlib.import_module("sojourn.console.views").VIEWS
    shown = [view for view in views if allows(asked.user.role, view.role)]
    text = _ENVIRONMENT.get_template(template).render(
        asked=asked, title=title, groups=_navigation(shown), current=_current(shown, asked.request.url.path), **context
    )
    return HTMLResponse(text, status)


def render_bare(title: str, words: str, *, status: int) -> HTMLResponse:
    """A page outside the frame, for who may not be known: nothing is there, or the program failed.

    Args:
        title: Of the page.
        words: What happened and what to do.
        status: Of the response.
    """
    return HTMLResponse(_ENVIRONMENT.get_template("bare_words.html").render(title=title, words=words), status)


def _navigation(views: list[View]) -> list[tuple[Group, list[View]]]:
    return [(group, listed) for group in GROUPS if (listed := [view for view in views if view.group == group])]


def _current(views: list[View], path: str) -> str:
    """The page of the navigation that a path belongs to: the longest that it begins with."""
    listed = [view.path for view in views if view.group and (path == view.path or path.startswith(f"{view.path}/"))]
    return max(listed, key=len, default="")


def address(asked: Asked, path: str, **parameters: Any) -> str:
    """A link that keeps the period and the filter.

    Args:
        asked: The request whose scope goes on.
        path: Where to.
        **parameters: Query parameters; lists repeat, None is left out.
    """
    pairs = [(name.rstrip("_"), value) for name, value in parameters.items() if value is not None]
    text = "&".join(
        part for part in (urlencode(pairs, doseq=True), asked.scope.query(time_zone=asked.settings.time_zone)) if part
    )
    return f"{path}?{text}" if text else path


def chart_of(result: Any) -> str:  # noqa: ANN401  (any Result, or a figure)
    """A result's figure as JSON that may stand inside a page."""
    if not hasattr(result, "plot"):
        return figure_json(result)
    with for_a_page():
        return figure_json(result.plot())


def with_query(asked: Asked, **parameters: Any) -> str:
    """The address of this page with some query parameters changed; None takes one away."""
    query = asked.request.query_params
    kept = [(name, value) for name, value in query.multi_items() if name not in parameters and value]
    kept += [(name, value) for name, value in parameters.items() if value is not None]
    return f"{asked.request.url.path}?{urlencode(kept, doseq=True)}" if kept else asked.request.url.path


_ENVIRONMENT.globals.update(
    address=address,
    change=change,
    chart_of=chart_of,
    days_of=days_of,
    height_of=height_of,
    is_number=is_number,
    meaning_of=meaning_of,
    records_of=records_of,
    spark_of=spark_of,
    static=static,
    usual_periods=usual_periods,
    with_query=with_query,
)
_ENVIRONMENT.filters.update(cell=cell, count=count, percent=percent, duration=duration, money=money)
