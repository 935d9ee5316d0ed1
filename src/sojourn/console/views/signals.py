"""Signals and scores: how they are spread, the catalogue's editor, what a change would have done, the versions there were."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse

from sojourn.api.roles import allows
from sojourn.api.signals_file import (
    check_signals,
    default_text,
    save_signals,
    signal_tries,
    signals_file,
    signals_version,
    try_signals,
)
from sojourn.console.answers import answered, values_of
from sojourn.console.page import View, render
from sojourn.records.errors import BadOption, NotADataFolder
from sojourn.signals.default_catalogues import BRANCHES

if TYPE_CHECKING:
    from starlette.responses import Response

    from sojourn.api.signals_file import SignalsFile
    from sojourn.console.answers import Answered
    from sojourn.console.asked import Asked

TITLE = "Signals and scores"
_SAVED = "Saved. Live profiles follow as the worker reads the log anew; until then persons are shown from history."
_CONTEXT_LINES = 2


async def signals(asked: Asked) -> Response:
    """How every signal and every score is spread."""
    found = await answered(asked, "signals", values_of(asked, "signals"), title=TITLE)
    if found.result is None:
        return render(asked, "signals_none.html", title=TITLE, why="; ".join(found.wrong.values()), tab="spread")
    scored = await answered(asked, "scores", {"top": ["3"]}, title=TITLE)
    seen = [one for one in found.result.signals if one.hits]
    return render(
        asked,
        "signals.html",
        title=TITLE,
        tab="spread",
        found=found,
        scored=scored,
        seen=seen,
        unseen=[one for one in found.result.signals if not one.hits],
        done=_SAVED if asked.field("done") == "saved" else None,
    )


async def editor(asked: Asked) -> Response:
    """The catalogue's text: that in force, a kept version, or one that comes with the program."""
    file = await run_in_threadpool(signals_file, asked.backing.history)
    text = file.text
    if number := asked.field("version"):
        text = (await run_in_threadpool(signals_version, asked.backing.history.folder, _number(number))).text
    for branch in BRANCHES:
        if asked.field("branch") == branch:
            text = default_text(branch)
    return await _editor(asked, file, text, note=asked.field("note"))


async def change_catalogue(asked: Asked) -> Response:
    """Check a text; keep it as a draft to be tried, or put it in force."""
    form = await asked.request.form()
    # Browsers send line ends as CR LF.
    text = str(form.get("text", "")).replace("\r\n", "\n")
    note = str(form.get("note", "")).strip()[:200]
    history, who = asked.backing.history, asked.user.name
    file = await run_in_threadpool(signals_file, history)
    if (await run_in_threadpool(check_signals, text)).problems:
        return await _editor(asked, file, text, note=note, status=400)
    if form.get("action") == "save":
        await run_in_threadpool(save_signals, history.folder, text, who=who, note=note)
        history.expire()
        return RedirectResponse("/signals?done=saved", 303)
    number = await run_in_threadpool(try_signals, history.folder, text, who=who, note=note)
    return RedirectResponse(f"/signals/versions/{number}?try=yes", 303)


async def _editor(asked: Asked, file: SignalsFile, text: str, *, note: str, status: int = 200) -> Response:
    checked = await run_in_threadpool(check_signals, text)
    lines = text.split("\n")
    problems = [(one, lines[one.line - 1].strip()[:120] if one.line <= len(lines) else "") for one in checked.problems]
    return render(
        asked,
        "signals_editor.html",
        title=TITLE,
        status=status,
        tab="catalogue",
        file=file,
        text=text,
        note=note,
        problems=problems,
        branches=BRANCHES,
        may_change=allows(asked.user.role, "marketer"),
    )


async def versions(asked: Asked) -> Response:
    """Every catalogue that was in force or tried."""
    history = asked.backing.history
    found = await run_in_threadpool(signal_tries, history.folder)
    file = await run_in_threadpool(signals_file, history)
    return render(asked, "signals_versions.html", title=TITLE, tab="versions", versions=found, file=file)


async def version(asked: Asked) -> Response:
    """One version: what differs from the catalogue in force, and what it would have done."""
    history = asked.backing.history
    number = _number(asked.request.path_params["number"])
    one = await run_in_threadpool(signals_version, history.folder, number)
    file = await run_in_threadpool(signals_file, history)
    given = {"catalogue": [f"version:{number}"]}
    given |= {name: [text] for name in ("goal", "within", "every") if (text := asked.field(name))}
    tried = await answered(asked, "backtest", given, title=f"Version {number}") if asked.field("try") else None
    return render(
        asked,
        "signals_version.html",
        title=f"Version {number}",
        tab="versions",
        one=one,
        file=file,
        diff=_diff(file.text, one.text),
        tried=tried,
        behind=lambda standing, now=None: _behind(tried, standing, now),
        events=await _events(asked),
        may_change=allows(asked.user.role, "marketer"),
    )


def _behind(tried: Answered | None, standing: str, now: str | None) -> list[str]:
    """Addresses of the persons behind a column of a backtest, in the order of its segments."""
    segments = tried.result.segments if tried is not None and tried.result is not None else ()
    return [tried.behind(segment=one.name, standing=standing, now=now) for one in segments] if tried is not None else []


async def restore(asked: Asked) -> Response:
    """Put a version in force."""
    history = asked.backing.history
    one = await run_in_threadpool(signals_version, history.folder, _number(asked.request.path_params["number"]))
    note = one.note if not one.in_force else f"version {one.id} again"
    await run_in_threadpool(save_signals, history.folder, one.text, who=asked.user.name, note=note)
    history.expire()
    return RedirectResponse("/signals?done=saved", 303)


async def _events(asked: Asked) -> list[str]:
    """Names of events a goal may be; none in a folder without events."""
    try:
        return sorted((await asked.journeys()).events)
    except NotADataFolder:
        return []


def _diff(before: str, after: str) -> list[tuple[str, str]]:
    """Lines that differ, with some around them: kind (`+`, `-`, `@` or blank) and text."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=_CONTEXT_LINES)
    return [(line[:1], line[1:]) for line in lines if not line.startswith(("---", "+++"))]


def _number(text: str) -> int:
    if not text.isdecimal() or len(text) > len("999999999"):
        raise BadOption(f"expected the number of a version, got {text[:40]!r}")
    return int(text)


VIEWS = (
    View("/signals", TITLE, signals, group="People"),
    View("/signals/catalogue", "Catalogue", editor, filtered=False),
    View("/signals/catalogue", "Catalogue", change_catalogue, role="marketer", methods=("POST",), filtered=False),
    View("/signals/versions", "Versions", versions, filtered=False),
    View("/signals/versions/{number}", "Version", version),
    View("/signals/versions/{number}", "Version", restore, role="marketer", methods=("POST",)),
)
