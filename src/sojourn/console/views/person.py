"""One person: timeline, identities with their evidence, where they stand and why, consent, export, erasure.

In: any identifier of the person. Out: the page; after a change by hand the page again. Shows what customers wrote as text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from sojourn.api.csv_text import csv_text
from sojourn.api.person_changes import decide_links, erase_person, export_person, set_consent
from sojourn.api.person_page import EVENTS_A_PAGE, person_page
from sojourn.api.roles import allows
from sojourn.console.page import View, render
from sojourn.console.under_way import page_of, waited
from sojourn.records.consent import CONSENT_SET, PURPOSES
from sojourn.records.errors import BadOption, UnknownPerson

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sojourn.analyse.person import TimelineEvent, TimelineSession
    from sojourn.api.person_changes import PersonCare
    from sojourn.api.person_page import PersonPage
    from sojourn.console.asked import Asked

_NAME = re.compile(r"[^A-Za-z0-9_-]+")
_CONSENT_TEXTS = {
    "analytics": "Counted in questions as this person",
    "personalisation": "Scored, and treated by it",
    "marketing": "Written to",
}
_SHARED_FROM = 3
"""Events of a session from which on what all of them share is said once."""


async def person(asked: Asked) -> Response:
    """The page of one person; its timeline as CSV, or all that is known as JSON."""
    identifier = asked.request.path_params["id"]
    if asked.field("format") == "json":
        return await _export(asked, identifier)
    try:
        history, live, scope, skip = asked.backing.history, asked.backing.live, asked.scope, _skip(asked)
        page = await waited(
            asked.request,
            (page_of(asked.request), scope),
            lambda: person_page(history, live, identifier, scope, skip=skip),
            identifier,
        )
    except UnknownPerson:
        return render(asked, "person_unknown.html", title="Nobody of this name", status=404, identifier=identifier)
    if asked.field("format") == "csv":
        return await _timeline_csv(asked, identifier)
    told = page.history
    shown = sum(len(one.timeline) for one in told.sessions) if told is not None else 0
    return render(
        asked,
        "person.html",
        title=page.person,
        page=page,
        sessions=[_session(one) for one in reversed(told.sessions)] if told is not None else [],
        shown=(page.skip, page.skip + shown),
        step=EVENTS_A_PAGE,
        consents=[
            (purpose, _CONSENT_TEXTS[purpose], page.standing.profile["consent"].get(purpose)) for purpose in PURPOSES
        ],
        may_change=allows(asked.user.role, "marketer"),
        may_export=allows(asked.user.role, "analyst") and asked.backing.care is not None,
        may_erase=allows(asked.user.role, "admin") and asked.backing.care is not None,
        done=_DONE.get(asked.field("done")),
    )


_DONE = {
    "revoked": "The link is taken back. History, profile and scores are those of the parted identifiers now.",
    "restored": "The link counts again.",
    "consent": "The choice is kept as an event of this person; a running worker follows within a second.",
}


async def change_person(asked: Asked) -> Response:
    """Revoke or restore a link, or set consent; then the page again."""
    identifier = asked.request.path_params["id"]
    form = await asked.request.form()
    folder, who = asked.backing.history.folder, asked.user.name
    match form.get("action"):
        case "revoke" | "restore" as action:
            links = [str(name) for name in form.getlist("link")]
            await run_in_threadpool(decide_links, folder, links, revoked=action == "revoke", who=who)
            done = f"{action}d" if action == "restore" else "revoked"
        case "consent":
            page = await run_in_threadpool(
                person_page, asked.backing.history, asked.backing.live, identifier, asked.scope, events=0
            )
            choices = _choices(form, page)
            if choices:
                await run_in_threadpool(set_consent, folder, page.known_as, choices, who=who)
            done = "consent"
        case other:
            raise BadOption(f"expected revoke, restore or consent, got {str(other)[:40]!r}")
    asked.backing.history.expire()
    query = urlencode([*asked.request.query_params.multi_items(), ("done", done)])
    return RedirectResponse(f"/persons/{quote(identifier, safe='')}?{query}", 303)


def _choices(form: Mapping[str, Any], page: PersonPage) -> dict[str, bool]:
    """What differs from what is known; what was left open stays so."""
    known = page.standing.profile["consent"]
    said = {purpose: form.get(purpose) for purpose in PURPOSES}
    told = {purpose: text == "granted" for purpose, text in said.items() if text in ("granted", "denied")}
    return {purpose: choice for purpose, choice in told.items() if known.get(purpose) is not choice}


async def erasure(asked: Asked) -> Response:
    """What an erasure takes away, and the question whether it is meant."""
    return await _erasure(asked, wrong="")


async def erase(asked: Asked) -> Response:
    """Erase, when the identifier was typed; then the receipt."""
    identifier = asked.request.path_params["id"]
    form = await asked.request.form()
    if str(form.get("typed", "")).strip() != identifier.strip():
        return await _erasure(asked, wrong="This is not the identifier above; nothing was erased.")
    care = care_of(asked)
    receipt = await run_in_threadpool(erase_person, asked.backing.history.folder, care, identifier, who=asked.user.name)
    asked.backing.history.expire()
    return render(asked, "person_erased.html", title="Erased", receipt=receipt)


async def _erasure(asked: Asked, *, wrong: str) -> Response:
    identifier = asked.request.path_params["id"]
    try:
        page = await run_in_threadpool(
            person_page, asked.backing.history, asked.backing.live, identifier, asked.scope, events=0
        )
    except UnknownPerson:
        return render(asked, "person_unknown.html", title="Nobody of this name", status=404, identifier=identifier)
    status = 400 if wrong else 200
    return render(asked, "person_erase.html", title=f"Erase {page.person}", status=status, page=page, wrong=wrong)


async def _export(asked: Asked, identifier: str) -> Response:
    if not allows(asked.user.role, "analyst"):
        raise BadOption("exporting a person needs the role analyst; an admin can give it under Settings")
    folder = asked.backing.history.folder
    body = await run_in_threadpool(export_person, folder, care_of(asked), identifier, who=asked.user.name)
    return download(body, identifier, "json", "application/json")


async def _timeline_csv(asked: Asked, identifier: str) -> Response:
    """Every event of the timeline, oldest first."""
    import pyarrow as pa  # noqa: PLC0415  (heavy, and only here)

    told = await asked.ask(lambda journeys: journeys.person(identifier, sessions=1_000_000))
    rows = [
        {"session": one.number, "time": event.time, "event": event.event, "page": event.page, "revenue": event.revenue}
        | {"properties": event.properties}
        for one in told.sessions
        for event in one.timeline
    ]
    names = ("session", "time", "event", "page", "revenue", "properties")
    table = pa.table({name: pa.array([_plain(row[name]) for row in rows]) for name in names})
    return download(csv_text(table).encode(), identifier, "csv", "text/csv; charset=utf-8")


def _plain(value: Any) -> Any:  # noqa: ANN401  (whatever an event holds)
    """A value that a column of one type can hold."""
    import msgspec  # noqa: PLC0415  (only for objects)

    return msgspec.json.encode(value).decode() if isinstance(value, dict) else value


def download(body: bytes, identifier: str, ending: str, media_type: str) -> Response:
    """A file named after a person."""
    name = _NAME.sub("-", identifier).strip("-")[:60] or "person"
    headers = {"content-disposition": f'attachment; filename="{name}.{ending}"', "cache-control": "no-store"}
    return Response(body, media_type=media_type, headers=headers)


def care_of(asked: Asked) -> PersonCare:
    """Who exports and erases persons here.

    Raises:
        BadOption: Nobody does.
    """
    if asked.backing.care is None:
        raise BadOption("this console only shows; `sojourn export` and `sojourn erase` do it on the command line")
    return asked.backing.care


def _skip(asked: Asked) -> int:
    text = asked.field("skip", "0")
    if not text.isdigit() or len(text) > len(str(2**31)):
        raise BadOption(f"expected a number of events to skip, got {text[:40]!r}")
    return int(text)


def _session(session: TimelineSession) -> dict[str, Any]:
    """A session as it is drawn: what all its events share is told once."""
    events = session.timeline
    shared: dict[str, Any] = {}
    if len(events) >= _SHARED_FROM:
        first = events[0].properties
        shared = {
            name: value for name, value in first.items() if all(one.properties.get(name) == value for one in events)
        }
    return {"told": session, "shared": shared, "events": [_event(one, shared) for one in reversed(events)]}


def _event(event: TimelineEvent, shared: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "told": event,
        "by_hand": event.event == CONSENT_SET,
        "own": {name: value for name, value in event.properties.items() if name not in shared},
    }


VIEWS = (
    View("/persons/{id:path}", "Person", person),
    View("/persons/{id:path}", "Person", change_person, role="marketer", methods=("POST",)),
    View("/erase/{id:path}", "Erase a person", erasure, role="admin", filtered=False),
    View("/erase/{id:path}", "Erase a person", erase, role="admin", methods=("POST",), filtered=False),
)
