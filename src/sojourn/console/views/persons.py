"""Persons: everybody, found by a piece of any identifier or trait, with scores and when they were last seen."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.responses import Response

from sojourn.api.csv_text import csv_text
from sojourn.api.people import ORDERS, PERSONS_A_PAGE, people_page
from sojourn.api.roles import allows
from sojourn.console.page import View, address, render
from sojourn.records.errors import BadOption, NotADataFolder

if TYPE_CHECKING:
    from sojourn.api.people import PeoplePage
    from sojourn.console.asked import Asked

_MOST_IN_CSV = 1_000_000
_ORDER_NAMES = {"seen": "Last seen", "events": "Most events", "points": "Most points"}


async def persons(asked: Asked) -> Response:
    """The list, or all of it as CSV."""
    q, order, score = asked.field("q"), asked.field("order", "seen"), asked.field("score")
    whole = asked.field("format") == "csv"
    page, size = (1, _MOST_IN_CSV) if whole else (_page(asked), PERSONS_A_PAGE)
    try:
        found: PeoplePage = await asked.ask(
            lambda journeys: people_page(journeys, q=q, order=order, score=score, page=page, size=size)
        )
    except NotADataFolder:
        return render(asked, "persons_none.html", title="Persons")
    if whole:
        return _csv(asked, found)
    return render(
        asked,
        "persons.html",
        title="Persons",
        found=found,
        q=q,
        orders=[(one, _ORDER_NAMES[one]) for one in ORDERS],
        links=[address(asked, f"/persons/{quote(row.person, safe='')}") for row in found.rows],
        may_export=allows(asked.user.role, "analyst"),
    )


def _page(asked: Asked) -> int:
    text = asked.field("page", "1")
    if not text.isdecimal() or len(text) > len("1000000"):
        raise BadOption(f"expected the number of a page, got {text[:40]!r}")
    return int(text)


def _csv(asked: Asked, found: PeoplePage) -> Response:
    import pyarrow as pa  # noqa: PLC0415  (heavy, and only here)

    if not allows(asked.user.role, "analyst"):
        raise BadOption("exporting persons needs the role analyst; an admin can give it under Settings")
    columns: dict[str, list[object]] = {
        "person": [row.person for row in found.rows],
        "last_seen": [row.last_seen for row in found.rows],
        "events": [row.events for row in found.rows],
        "stage": [row.stage for row in found.rows],
    }
    columns |= {score: [row.points.get(score) for row in found.rows] for score in found.scores}
    table = pa.table({name: pa.array(values) for name, values in columns.items()})
    headers = {"content-disposition": 'attachment; filename="persons.csv"', "cache-control": "no-store"}
    return Response(csv_text(table).encode(), media_type="text/csv; charset=utf-8", headers=headers)


VIEWS = (View("/persons", "Persons", persons, group="People"),)
