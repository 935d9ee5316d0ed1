"""Who is at the browser, whether they may, and whether a form is one of ours: decided here for every page.

In: a request and the view it is for. Out: an `Asked`, or the answer that refuses. Never draws a page of its own but refusals.
"""

from __future__ import annotations

import hmac
import secrets
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse

from sojourn.api.roles import allows
from sojourn.api.scope import Scope, read_scope
from sojourn.console.asked import Asked, User
from sojourn.console.page import render

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from sojourn.api.accounts import Accounts
    from sojourn.console.asked import Backing
    from sojourn.console.page import View

SEE_OTHER, FORBIDDEN = 303, 403
TOKEN_FIELD, TOKEN_HEADER = "csrf", "x-csrf-token"
_NOBODY = User("", "")
_STALE = (
    "This form was made before you logged in, or by another site. Go back, load the page again, and send it once more."
)


async def let_in(request: Request, view: View, backing: Backing, accounts: Accounts) -> Asked | Response:
    """The request with who asks; a response instead when they may not, or must log in first."""
    token = request.cookies.get(accounts.cookie, "")
    session = await run_in_threadpool(accounts.session, token)
    if session is None and view.role is not None:
        return _to_login(request)
    user = _NOBODY if session is None else User(session.name, session.role)
    held = token if session is not None else request.cookies.get(form_cookie(accounts), "")
    zone = backing.history.settings.now().time_zone
    asked = Asked(
        request, user, read_scope(request.query_params, time_zone=zone) if view.filtered else Scope(time_zone=zone), backing, accounts,
        accounts.form_token(held) if held else "", token if session else "",
    )  # fmt: skip
    if not allows(user.role, view.role):
        error = f"It needs the role {view.role}, and {user.name} is {user.role}. An admin can change that in Settings."
        return render(
            asked, "refused.html", title=view.title, status=FORBIDDEN, error=error, headline="This page is not for you."
        )
    if request.method == "POST" and not view.streams and not await _is_ours(request, asked.csrf):
        return render(
            asked, "refused.html", title=view.title, status=FORBIDDEN, error=_STALE, headline="Nothing was changed."
        )
    return asked


async def _is_ours(request: Request, expected: str) -> bool:
    given = request.headers.get(TOKEN_HEADER)
    if given is None:
        field = (await request.form()).get(TOKEN_FIELD)
        given = field if isinstance(field, str) else ""
    return bool(expected) and hmac.compare_digest(given.encode(), expected.encode())


def _to_login(request: Request) -> Response:
    """To the login page, and back afterwards; what was to be changed has to be sent again."""
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    back = f"?next={quote(here, safe='/')}" if request.method == "GET" and here != "/" else ""
    return RedirectResponse(f"/login{back}", SEE_OTHER)


def form_cookie(accounts: Accounts) -> str:
    """Name of the cookie of a browser that is not logged in yet: the login form's token is made from it."""
    return f"{accounts.cookie}_form"


def with_form_cookie(asked: Asked) -> tuple[Asked, str | None]:
    """A request whose forms can be sent, and the cookie that has to be set for it; None when the browser has one."""
    if asked.csrf:
        return asked, None
    made = secrets.token_urlsafe(24)
    token = asked.accounts.form_token(made)
    return Asked(asked.request, asked.user, asked.scope, asked.backing, asked.accounts, token), made


def keep(response: Response, asked: Asked, name: str, value: str) -> None:
    """Give the browser a cookie that no script reads and no other site sends along; over https alone where the page came by it."""
    response.set_cookie(
        name, value, path="/", secure=asked.request.url.scheme == "https", httponly=True, samesite="lax"
    )
