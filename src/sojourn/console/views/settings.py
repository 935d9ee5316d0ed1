"""Settings: what holds for everybody, who may log in, tokens for scripts, and who changed what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import available_timezones

from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse

from sojourn.api.erasures import what_would_expire
from sojourn.api.roles import MEANING, ROLES
from sojourn.api.settings import NAMES, change_settings
from sojourn.api.source_keys import end_key, make_key, sources
from sojourn.console.guard import SEE_OTHER
from sojourn.console.page import View, render
from sojourn.records.errors import BadLogin, BadOption, SojournError, TooManyLogins

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import Response

    from sojourn.console.asked import Asked

Tab = Literal["general", "users", "tokens", "audit"]
_TABS: tuple[tuple[str, str, Tab], ...] = (
    ("General", "/settings", "general"),
    ("Users and roles", "/settings/users", "users"),
    ("Tokens", "/settings/tokens", "tokens"),
    ("Audit log", "/settings/audit", "audit"),
)
_SAVED = "?saved=yes"
_DAYS = ("rejected_days", "events_days")


def _page(asked: Asked, tab: Tab, *, status: int = 200, **context: Any) -> Response:
    tabs = [(title, path, tab == one) for title, path, one in _TABS]
    return render(
        asked, f"settings_{tab}.html", title="Settings", status=status, tabs_=tabs, **{"error": "", **context}
    )


async def _form(asked: Asked) -> dict[str, str]:
    return {name: value.strip() for name, value in (await asked.request.form()).items() if isinstance(value, str)}


async def general(asked: Asked) -> Response:
    """Time zone, session gap, currency, goal, how long rejected events are kept."""
    history = asked.backing.history
    if asked.request.method == "POST":
        form = await _form(asked)
        try:
            changes = _changes(form)
            days = changes["events_days"]
            if isinstance(days, int) and form.get("sure") != str(days) and days != asked.settings.events_days:
                told = await run_in_threadpool(what_would_expire, history.folder, days)
                if told:
                    return await _general(asked, _plain(form), "", sure=told)
            await run_in_threadpool(change_settings, history.folder, changes, who=asked.user.name)
        except BadOption as error:
            return await _general(asked, _plain(form), str(error))
        history.expire()
        return RedirectResponse(f"/settings{_SAVED}", SEE_OTHER)
    now = asked.settings
    shown = {
        "time_zone": now.time_zone, "session_gap": now.session_gap, "currency": now.currency or "", "goal": now.goal or "",
        **{name: "" if (days := getattr(now, name)) is None else str(days) for name in _DAYS},
    }  # fmt: skip
    return await _general(asked, shown, "")


def _plain(form: Mapping[str, str]) -> dict[str, str]:
    return dict.fromkeys(NAMES, "") | dict(form)


async def _general(asked: Asked, values: Mapping[str, str], error: str, *, sure: str = "") -> Response:
    try:
        events = sorted((await asked.journeys()).events)
    except SojournError:
        # A folder without events has settings too.
        events = []
    return _page(
        asked, "general", status=400 if error else 200, values=values, error=error, zones=sorted(available_timezones()),
        events=events, sure=sure, saved=asked.field("saved") == "yes",
    )  # fmt: skip


def _changes(form: Mapping[str, str]) -> dict[str, object]:
    days = {name: form.get(name, "") for name in _DAYS}
    for text in days.values():
        if text and not (text.isdecimal() and len(text) < 9):  # noqa: PLR2004  (as many digits as a number of days has)
            message = f"expected a number of days, got {text[:40]!r}"
            raise BadOption(message)
    return {
        "time_zone": form.get("time_zone") or "UTC",
        "session_gap": form.get("session_gap") or "30m",
        "currency": form.get("currency", "").upper() or None,
        "goal": form.get("goal") or None,
        **{name: int(text) if text else None for name, text in days.items()},
    }


async def users(asked: Asked) -> Response:
    """Who may log in."""
    accounts, who = asked.accounts, asked.user.name
    error, link, whose = "", "", ""
    if asked.request.method == "POST":
        form = await _form(asked)
        name = form.get("name", "")
        try:
            match form.get("do"):
                case "create":
                    link, whose = await run_in_threadpool(accounts.create, name, form.get("role", ""), who=who), name
                case "link":
                    link, whose = await run_in_threadpool(accounts.make_link, name, who=who), name
                case "role":
                    await run_in_threadpool(accounts.change_role, name, form.get("role", ""), who=who)
                case "disable":
                    await run_in_threadpool(accounts.disable, name, who=who)
                case "enable":
                    await run_in_threadpool(accounts.enable, name, who=who)
                case _:
                    error = "Nothing was chosen."
        except SojournError as wrong:
            error = str(wrong)
        if not error and not link:
            return RedirectResponse(f"/settings/users{_SAVED}", SEE_OTHER)
    found = await run_in_threadpool(accounts.users)
    return _page(
        asked, "users", status=400 if error else 200, users=found, roles=ROLES, meaning=MEANING, error=error, whose=whose,
        link=f"{asked.request.base_url}link/{link}" if link else "", saved=asked.field("saved") == "yes",
    )  # fmt: skip


async def tokens(asked: Asked) -> Response:
    """Server keys with a role: what scripts ask the API with."""
    folder, who = asked.backing.history.folder, asked.user.name
    error, token = "", ""
    if asked.request.method == "POST":
        form = await _form(asked)
        try:
            if form.get("do") == "end":
                number = form.get("number", "")
                await run_in_threadpool(end_key, folder, int(number) if number.isdecimal() else -1, who=who)
                return RedirectResponse(f"/settings/tokens{_SAVED}", SEE_OTHER)
            role = form.get("role") or "viewer"
            token = await run_in_threadpool(
                lambda: make_key(folder, form.get("name", ""), kind="server", role=role, who=who)
            )
        except SojournError as wrong:
            error = str(wrong)
    found = [key for source in await run_in_threadpool(sources, folder) for key in source.keys if key.role is not None]
    return _page(
        asked, "tokens", status=400 if error else 200, keys=sorted(found, key=lambda key: (key.revoked_at is not None, -key.id)),
        roles=ROLES, meaning=MEANING, token=token, error=error, base=str(asked.request.base_url).rstrip("/"),
        saved=asked.field("saved") == "yes",
    )  # fmt: skip


async def audit(asked: Asked) -> Response:
    """Who changed what, newest first."""
    page = int(text) if (text := asked.field("page")).isdecimal() and len(text) < 9 else 1  # noqa: PLR2004  (as many digits as a page has)
    lines, pages = await run_in_threadpool(asked.accounts.audit, page)
    return _page(asked, "audit", lines=lines, page=min(max(page, 1), pages), pages=pages)


async def account(asked: Asked) -> Response:
    """One's own name, role and password."""
    error = ""
    if asked.request.method == "POST":
        form = await asked.request.form()
        client = asked.request.client
        before, new = str(form.get("before", "")), str(form.get("password", ""))
        try:
            await run_in_threadpool(
                lambda: asked.accounts.change_password(
                    asked.user.name, before, new, address=client.host if client else "", token=asked.token
                )
            )
        except BadLogin:
            error = "The password you have now is another one."
        except (BadOption, TooManyLogins) as wrong:
            error = str(wrong)
        else:
            return RedirectResponse(f"/account{_SAVED}", SEE_OTHER)
    return render(
        asked, "account.html", title="Your account", status=400 if error else 200, error=error, meaning=MEANING,
        saved=asked.field("saved") == "yes",
    )  # fmt: skip


_BOTH = ("GET", "POST")
VIEWS = (
    View("/settings", "Settings", general, group="Setup", role="admin", methods=_BOTH, filtered=False),
    View("/settings/users", "Users and roles", users, role="admin", methods=_BOTH, filtered=False),
    View("/settings/tokens", "Tokens", tokens, role="admin", methods=_BOTH, filtered=False),
    View("/settings/audit", "Audit log", audit, role="admin", filtered=False),
    View("/account", "Your account", account, methods=_BOTH, filtered=False),
)
