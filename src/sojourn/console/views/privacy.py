"""Privacy: what persons said to each purpose and asked about their data, how long events are kept, erasures and their receipts."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from sojourn.analyse.consent import consent_numbers, consent_persons
from sojourn.api.csv_text import csv_text
from sojourn.api.erasures import erasures, expiries
from sojourn.api.person_changes import export_person
from sojourn.api.privacy_requests import (
    KINDS,
    PrivacyRequest,
    add_privacy_request,
    close_privacy_request,
    find_privacy_request,
    privacy_requests,
    which,
)
from sojourn.api.roles import allows
from sojourn.console.guard import SEE_OTHER
from sojourn.console.page import View, address, render
from sojourn.console.views.person import care_of, download
from sojourn.records.consent import PURPOSES, STATES
from sojourn.records.errors import BadOption, NotADataFolder, UnknownPerson, UnknownRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sojourn.console.asked import Asked
    from sojourn.records.consent import Purpose

SERVED: dict[Purpose, str] = {
    "analytics": "counted in questions as this person; without it as a pseudonym of the day",
    "personalisation": "scored, and treated by it",
    "marketing": "written to",
}
"""What each purpose allows."""
_STANDINGS: tuple[Literal["granted", "denied", "unknown", "allowed"], ...] = (*STATES, "allowed")
_REQUESTS = ("open", "overdue", "done", "refused")
_FIELDS = ("do", "kind", "person", "received_on", "due_on", "note")
_A_PAGE = 100


async def privacy(asked: Asked) -> Response:
    """Consent by purpose, requests, what has expired, and erasures; a request that was noted or closed on the way."""
    if asked.request.method == "POST":
        form = {name: value for name, value in (await asked.request.form()).items() if isinstance(value, str)}
        try:
            return await _change(asked, form)
        except (BadOption, UnknownRequest) as error:
            return await _page(asked, wrong=str(error), given=form)
    if person := asked.field("person"):
        return RedirectResponse(f"/erase/{quote(person, safe='')}", SEE_OTHER)
    return await _page(asked)


async def _page(asked: Asked, *, wrong: str = "", given: dict[str, str] | None = None) -> Response:
    try:
        numbers = await asked.ask(consent_numbers)
    except NotADataFolder:
        numbers = None
    rows = [] if numbers is None else [
        (one.purpose, SERVED[one.purpose], [(state, getattr(one, state), _behind(asked, one.purpose, state)) for state in _STANDINGS])
        for one in numbers.purposes
    ]  # fmt: skip
    folder = asked.backing.history.folder
    done, gone = await run_in_threadpool(erasures, folder), await run_in_threadpool(expiries, folder)
    return render(
        asked, "privacy.html", title="Privacy", status=400 if wrong else 200, numbers=numbers, rows=rows, receipts=done[::-1],
        wrong=wrong, given=dict.fromkeys(_FIELDS, "") | (given or {}), expired=gone[::-1], days=asked.settings.events_days, kinds=KINDS,
        **await _requests(asked), may_erase=allows(asked.user.role, "admin") and asked.backing.care is not None,
        csv=address(asked, "/privacy/consent.csv"),
    )  # fmt: skip


async def _requests(asked: Asked) -> dict[str, Any]:
    """What persons asked: how many of each kind, each number opening its list."""
    chosen = asked.field("requests") or "open"
    found = await run_in_threadpool(privacy_requests, asked.backing.history.folder, state=which(chosen))
    counts = [(state, getattr(found, state), address(asked, "/privacy", requests=state)) for state in _REQUESTS]
    return {
        "requests": found.requests, "counts": counts, "chosen": chosen, "may_answer": allows(asked.user.role, "marketer"),
        "may_export": asked.backing.care is not None, "today": f"{dt.datetime.now(dt.UTC):%Y-%m-%d}",
        "requests_csv": address(asked, "/privacy/requests.csv", requests=chosen),
    }  # fmt: skip


async def _change(asked: Asked, form: Mapping[str, str]) -> Response:
    """Note a request, close one, or hand out what one asked for."""
    folder, who, number = asked.backing.history.folder, asked.user.name, form.get("number", "")
    match form.get("do"):
        case "add":
            await run_in_threadpool(
                lambda: add_privacy_request(
                    folder, form.get("kind", ""), form.get("person", ""), received_on=form.get("received_on", ""),
                    due_on=form.get("due_on", ""), note=form.get("note", ""), who=who,
                )
            )  # fmt: skip
        case "done" | "refused" as outcome:
            reason = form.get("reason")
            await run_in_threadpool(
                lambda: close_privacy_request(folder, _number(number), outcome, reason=reason, who=who)
            )
        case "export":
            return await _answer(asked, _number(number))
        case _:
            raise BadOption("Nothing was chosen.")
    return RedirectResponse(f"{address(asked, '/privacy')}#requests", SEE_OTHER)


async def _answer(asked: Asked, number: int) -> Response:
    """All that is known of who asked for it; the request is done with it."""
    folder, who = asked.backing.history.folder, asked.user.name
    one = await run_in_threadpool(find_privacy_request, folder, number)
    if one.kind != "access" or one.state != "open" or one.person is None:
        raise BadOption(f"request {number} does not wait for an export")
    try:
        body = await run_in_threadpool(export_person, folder, care_of(asked), one.person, who=who)
    except UnknownPerson as error:
        raise BadOption(f"{error}; so that is the answer: mark the request as done, with the reason") from error
    await run_in_threadpool(lambda: close_privacy_request(folder, number, "done", reason="exported", who=who))
    return download(body, one.person, "json", "application/json")


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 10):  # noqa: PLR2004  (as many digits as a request has)
        raise BadOption(f"expected the number of a request, got {text[:40]!r}")
    return int(text)


async def requests_table(asked: Asked) -> Response:
    """The requests as CSV."""
    import pyarrow as pa  # noqa: PLC0415  (heavy)

    found = (await _requests(asked))["requests"]
    names = tuple(field.name for field in dataclasses.fields(PrivacyRequest))
    kinds = {"id": pa.int64(), "receipt": pa.int64()}
    columns = {name: pa.array([getattr(one, name) for one in found], kinds.get(name, pa.string())) for name in names}
    return _csv(csv_text(pa.table(columns)), "requests")


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
    View("/privacy", "Privacy", privacy, role="marketer", methods=("POST",)),
    View("/privacy/requests.csv", "Requests", requests_table),
    View("/privacy/persons", "Persons", persons),
    View("/privacy/consent.csv", "Consent", table),
)
