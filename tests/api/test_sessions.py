from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from sojourn.api.accounts import Accounts
from sojourn.api.sessions import WHO, WithSessions
from sojourn.store.folder import create_folder
from sojourn.store.logins import begin_session, cookie_name, form_token
from sojourn.store.users import add_user, disable_user

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request

    from sojourn.store.folder import Folder


async def who(request: Request) -> PlainTextResponse:
    source = request.scope.get(WHO)
    return PlainTextResponse("nobody" if source is None else f"{source.name} {source.role}")


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = create_folder(tmp_path)
    add_user(made, "anna", role="analyst")
    add_user(made, "root", role="admin")
    return made


@pytest.fixture
def browser(folder: Folder) -> TestClient:
    """Anna's, logged in."""
    app = Starlette(routes=[Route("/", who, methods=["GET", "POST"])])
    client = TestClient(WithSessions(app, Accounts(folder)))
    client.cookies.set(cookie_name(folder), begin_session(folder, "anna", now_s=int(time.time())))
    return client


def test_a_session_stands_for_a_token_of_the_users_role(browser: TestClient, folder: Folder) -> None:
    assert browser.get("/").text == "anna analyst"
    disable_user(folder, "anna")
    assert browser.get("/").text == "nobody"


def test_a_token_that_is_sent_counts_and_not_the_session(browser: TestClient) -> None:
    assert browser.get("/", headers={"authorization": "Bearer sjs_0"}).text == "nobody"


def test_another_site_cannot_have_anything_changed(browser: TestClient, folder: Folder) -> None:
    cookie = browser.cookies[cookie_name(folder)]

    assert browser.post("/").text == "nobody"
    assert browser.post("/", headers={"x-csrf-token": "0" * 48}).text == "nobody"
    assert browser.post("/", headers={"x-csrf-token": form_token(folder, cookie)}).text == "anna analyst"
