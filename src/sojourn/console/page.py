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

from sojourn.analyse.results import plain
from sojourn.analyse.show.notebook import figure_json
from sojourn.analyse.show.words import count, duration, percent

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

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
        role: Least role that may see it: viewer, analyst, marketer, admin.
        methods: What it takes. A POST changes something, carries the form's token, and leaves a line in the audit log.
        filtered: Whether the period and the `where` filter mean something to it.
    """

    path: str
    title: str
    draw: Callable[[Asked], Awaitable[Response]]
    group: Group | None = None
    role: str = "viewer"
    methods: tuple[str, ...] = ("GET",)
    filtered: bool = True


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
        **context: What the template shows. `figure(result)` of `charts.html` wants `chart_of(result)`.
    """
    views = importlib.import_module("sojourn.console.views").VIEWS
    text = _ENVIRONMENT.get_template(template).render(
        asked=asked, title=title, groups=_navigation(views), here=asked.request.url.path, **context
    )
    return HTMLResponse(text, status)


def _navigation(views: tuple[View, ...]) -> list[tuple[Group, list[View]]]:
    return [(group, listed) for group in GROUPS if (listed := [view for view in views if view.group == group])]


def address(asked: Asked, path: str, **parameters: Any) -> str:
    """A link that keeps the period and the filter.

    Args:
        asked: The request whose scope goes on.
        path: Where to.
        **parameters: Query parameters; lists repeat, None is left out.
    """
    pairs = [(name.rstrip("_"), value) for name, value in parameters.items() if value is not None]
    text = "&".join(part for part in (urlencode(pairs, doseq=True), asked.scope.query()) if part)
    return f"{path}?{text}" if text else path


def chart_of(result: Any) -> str:  # noqa: ANN401  (any Result, or a figure)
    """A result's figure as JSON that may stand inside a page."""
    return figure_json(result.plot() if hasattr(result, "plot") else result)


def records_of(rows: Sequence[Any]) -> tuple[list[str], list[list[Any]]]:
    """Records as a table: the names of the plain fields of the first, and each one's values."""
    plain_rows = [plain(row) for row in rows]
    names = [name for name, value in plain_rows[0].items() if not isinstance(value, list | dict)] if plain_rows else []
    return names, [[row[name] for name in names] for row in plain_rows]


_ENVIRONMENT.globals.update(address=address, chart_of=chart_of, records_of=records_of)
_ENVIRONMENT.filters.update(count=count, percent=percent, duration=duration)
