"""Privacy: what persons said to each purpose, and erasures: how to begin one, and the receipts of those done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from sojourn.analyse.consent import consent_numbers, consent_persons
from sojourn.api.csv_text import csv_text
from sojourn.api.erasures import erasures
from sojourn.api.roles import allows
from sojourn.console.guard import SEE_OTHER
from sojourn.console.page import View, address, render
from sojourn.records.consent import PURPOSES, STATES
from sojourn.records.errors import BadOption, NotADataFolder

if TYPE_CHECKING:
    from sojourn.console.asked import Asked
    from sojourn.records.consent import Purpose

SERVED: dict[Purpose, str] = {
    "analytics": "counted in questions as this person; without it as a pseudonym of the day",
    "personalisation": "scored, and treated by it",
    "marketing": "written to",
}
"""What each purpose allows."""
_STANDINGS: tuple[Literal["granted", "denied", "unknown", "allowed"], ...] = (*STATES, "allowed")
_A_PAGE = 100


async def privacy(asked: Asked) -> Response:
    """Consent by purpose, and erasures."""
    if person := asked.field("person"):
        return RedirectResponse(f"/erase/{quote(person, safe='')}", SEE_OTHER)
    try:
        numbers = await asked.ask(consent_numbers)
    except NotADataFolder:
        numbers = None
    rows = [] if numbers is None else [
        (one.purpose, SERVED[one.purpose], [(state, getattr(one, state), _behind(asked, one.purpose, state)) for state in _STANDINGS])
        for one in numbers.purposes
    ]  # fmt: skip
    done = await run_in_threadpool(erasures, asked.backing.history.folder)
    return render(
        asked, "privacy.html", title="Privacy", numbers=numbers, rows=rows, receipts=done[::-1],
        may_erase=allows(asked.user.role, "admin") and asked.backing.care is not None,
        csv=address(asked, "/privacy/consent.csv"),
    )  # fmt: skip


def _behind(asked: Asked, purpose: Purpose, state: str) -> str:
    return address(asked, "/privacy/persons", purpose=purpose, state=state)


async def persons(asked: Asked) -> Response:
    """The persons behind one number of consent."""
    purpose, state = asked.field("purpose"), asked.field("state")
    if purpose not in PURPOSES or state not in _STANDINGS:
        message = f"expected a purpose of {', '.join(PURPOSES)} and a state of {', '.join(_STANDINGS)}"
        raise BadOption(message)
    found = await asked.ask(lambda journeys: consent_persons(journeys, purpose, state))
    if asked.field("format") == "csv":
        return _csv(csv_text(found.table), f"consent-{purpose}-{state}")
    number = asked.field("page")
    pages = max(1, -(-len(found) // _A_PAGE))
    page = min(max(int(number) if number.isdecimal() and len(number) < 9 else 1, 1), pages)  # noqa: PLR2004  (as many digits as a page has)
    first = (page - 1) * _A_PAGE
    return render(
        asked, "privacy_persons.html", title="Persons", count_=len(found), purpose=purpose, state=state, served=SERVED[purpose],
        persons=[(one, address(asked, f"/persons/{quote(one, safe='')}")) for one in found.ids[first : first + _A_PAGE]],
        first=first + 1, page=page, pages=pages, back=address(asked, "/privacy"),
        csv=address(asked, "/privacy/persons", purpose=purpose, state=state, format="csv"),
    )  # fmt: skip


async def table(asked: Asked) -> Response:
    """The numbers of consent as CSV."""
    import pyarrow as pa  # noqa: PLC0415  (heavy)

    numbers = await asked.ask(consent_numbers)
    names = ("purpose", *_STANDINGS)
    return _csv(
        csv_text(pa.table({name: [getattr(one, name) for one in numbers.purposes] for name in names})), "consent"
    )


def _csv(text: str, name: str) -> Response:
    return Response(
        text,
        headers={"content-disposition": f'attachment; filename="{name}.csv"'},
        media_type="text/csv; charset=utf-8",
    )


VIEWS = (
    View("/privacy", "Privacy", privacy, group="People"),
    View("/privacy/persons", "Persons", persons),
    View("/privacy/consent.csv", "Consent", table),
)
