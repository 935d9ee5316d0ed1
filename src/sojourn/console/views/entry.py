"""The way in and out: login by password, by a one-time link, logout."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse

from sojourn.console.guard import SEE_OTHER, form_cookie, keep, with_form_cookie
from sojourn.console.page import View, render
from sojourn.records.errors import BadLogin, SojournError, TooManyLogins

if TYPE_CHECKING:
    from starlette.responses import Response

    from sojourn.api.accounts import LinkFor, LoggedIn
    from sojourn.console.asked import Asked

_GONE = 410


async def login(asked: Asked) -> Response:
    """Name and password."""
    if asked.request.method == "POST":
        return await _log_in(asked)
    if asked.user.name:
        return RedirectResponse(_next(asked.field("next")), SEE_OTHER)
    return await _login_page(asked)


async def _login_page(asked: Asked, error: str = "", status: int = 200, name: str = "") -> Response:
    asked, made = with_form_cookie(asked)
    is_new = await run_in_threadpool(lambda: asked.accounts.is_new)
    response = render(
        asked,
        "login.html",
        title="Log in",
        status=status,
        error=error,
        name=name,
        next=_next(asked.field("next")),
        is_new=is_new,
    )
    if made:
        keep(response, asked, form_cookie(asked.accounts), made)
    return response


async def _log_in(asked: Asked) -> Response:
    form = await asked.request.form()
    name, password = str(form.get("name", "")), str(form.get("password", ""))
    client = asked.request.client
    try:
        done = await run_in_threadpool(
            lambda: asked.accounts.log_in(
                name, password, address=client.host if client else "", instead_of=asked.token or None
            )
        )
    except BadLogin as error:
        return await _login_page(asked, str(error), 403, name)
    except TooManyLogins as error:
        return await _login_page(asked, str(error), 429, name)
    return _in(asked, done, _next(str(form.get("next", ""))))


async def link(asked: Asked) -> Response:
    """A one-time link: it is used up by the form on its page, not by whoever looks at the address."""
    token = asked.request.path_params["token"]
    about = await run_in_threadpool(asked.accounts.link, token)
    if about is None:
        return render(asked, "link_gone.html", title="This link works no more", status=_GONE)
    if asked.request.method == "GET":
        return _link_page(asked, about)
    form = await asked.request.form()
    name, password = str(form.get("name", "")), str(form.get("password", ""))
    try:
        done = await run_in_threadpool(
            lambda: asked.accounts.use_link(
                token, name=name or None, password=password or None, instead_of=asked.token or None
            )
        )
    except SojournError as error:
        return _link_page(asked, about, str(error), 400, name)
    if done is None:
        return render(asked, "link_gone.html", title="This link works no more", status=_GONE)
    return _in(asked, done, "/")


def _link_page(asked: Asked, about: LinkFor, error: str = "", status: int = 200, name: str = "") -> Response:
    asked, made = with_form_cookie(asked)
    title = "Welcome" if about.name is None else f"Welcome, {about.name}"
    response = render(asked, "link.html", title=title, status=status, about=about, error=error, name=name)
    if made:
        keep(response, asked, form_cookie(asked.accounts), made)
    return response


async def logout(asked: Asked) -> Response:
    """End the session."""
    await run_in_threadpool(asked.accounts.log_out, asked.token)
    response = RedirectResponse("/login", SEE_OTHER)
    response.delete_cookie(asked.accounts.cookie, path="/")
    return response


def _in(asked: Asked, done: LoggedIn, to: str) -> Response:
    response = RedirectResponse(to, SEE_OTHER)
    keep(response, asked, asked.accounts.cookie, done.token)
    response.delete_cookie(form_cookie(asked.accounts), path="/")
    return response


def _next(address: str) -> str:
    """Where to go after the login: a page of ours, whatever the address says."""
    parts = urlsplit(address.replace("\\", "/"))
    ours = (
        not parts.scheme
        and not parts.netloc
        and address.startswith("/")
        and not address.startswith("//")
        and address.isprintable()
    )
    return address if ours and not parts.path.startswith(("/login", "/logout", "/link")) else "/"


VIEWS = (
    View("/login", "Log in", login, role=None, methods=("GET", "POST"), filtered=False),
    View("/link/{token}", "Welcome", link, role=None, methods=("GET", "POST"), filtered=False),
    View("/logout", "Log out", logout, methods=("POST",), filtered=False),
)
