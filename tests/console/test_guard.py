from __future__ import annotations

from typing import TYPE_CHECKING

import argon2
import pytest
from starlette.testclient import TestClient
from tests.console.visitors import session, token_in, user, visitor

from sojourn.api.accounts import Accounts
from sojourn.api.roles import ROLES, allows
from sojourn.console.app import console_app
from sojourn.console.views import VIEWS
from sojourn.store import passwords
from sojourn.store.audit import audit_log
from sojourn.store.logins import BY_NAME, cookie_name, find_session
from sojourn.store.users import add_user, list_users

if TYPE_CHECKING:
    from sojourn.console.asked import Backing
    from sojourn.console.page import View

GOOD = "correct horse battery"
ANOTHERS = "of another browser"
CLOSED = [view for view in VIEWS if view.role is not None]


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords that cost next to nothing to hash."""
    monkeypatch.setattr(passwords, "_HASHER", argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    passwords._nobody.cache_clear()


def log_in(browser: TestClient, name: str = "anna", password: str = GOOD, **fields: str) -> str:
    """Send the login form; returns where it leads, empty when it is refused."""
    token = token_in(browser.get("/login").text)
    answer = browser.post("/login", data={"csrf": token, "name": name, "password": password, **fields})
    return answer.headers.get("location", "")


@pytest.mark.parametrize("view", CLOSED, ids=lambda view: view.path)
def test_who_is_not_logged_in_sees_no_page_and_changes_nothing(empty: Backing, view: View) -> None:
    browser = visitor(empty)
    for method in view.methods:
        answer = browser.request(method, view.path.replace("{", "").replace("}", ""))

        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/login")


def test_each_role_sees_the_pages_it_may_and_no_other(empty: Backing) -> None:
    """Every view with every role: the guard alone decides, before the view is asked."""
    app = console_app(empty)
    for role in ROLES:
        browser = user(empty, role=role, app=app)
        for view in CLOSED:
            path = view.path.replace("{", "").replace("}", "").replace(":path", "")
            if "POST" in view.methods:
                # Without a form's token: who may is told so, who may not that they may not.
                page = browser.post(path)
                # A view that takes a file as it comes looks for the token itself.
                assert page.status_code == 403 or view.streams, (role, view.path)
                assert ("not for you" in page.text) == (not allows(role, view.role)), (role, view.path)
            elif not allows(role, view.role):
                assert browser.get(path).status_code == 403, (role, view.path)


def test_the_navigation_lists_what_the_role_may_see(empty: Backing) -> None:
    for role in ROLES:
        text = user(empty, role=role).get("/login", follow_redirects=True).text
        for view in VIEWS:
            if view.group:
                assert (f">{view.title}</a></li>" in text) == allows(role, view.role), (role, view.path)


def test_the_first_admin_comes_in_by_the_link_and_out_again(empty: Backing) -> None:
    accounts, browser = Accounts(empty.history.folder), visitor(empty)
    address = f"/link/{accounts.make_link(None, who='command line')}"
    token = token_in(browser.get(address).text)

    answer = browser.post(address, data={"csrf": token, "name": "Anna", "password": GOOD})

    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert browser.get(address).status_code == 410
    page = browser.get("/privacy-of-nothing")
    assert page.status_code == 404
    left = browser.post("/logout", data={"csrf": token_in(browser.get("/login", follow_redirects=True).text)})
    assert left.headers["location"] == "/login"
    assert browser.get("/").headers["location"] == "/login"
    assert log_in(browser) == "/"


def test_looking_at_a_link_does_not_use_it(empty: Backing) -> None:
    """Chats and mail programs look at addresses to show what they are."""
    address = f"/link/{Accounts(empty.history.folder).make_link(None, who='command line')}"
    for _ in range(3):
        assert visitor(empty).get(address).status_code == 200


def test_the_cookie_of_a_session_is_read_by_no_script_and_sent_by_no_other_site(empty: Backing) -> None:
    add_user(empty.history.folder, "anna", role="viewer", password=GOOD)
    app = console_app(empty)
    plain, safe = TestClient(app, follow_redirects=False), TestClient(app, "https://testserver", follow_redirects=False)
    for browser, secure in ((plain, False), (safe, True)):
        token = token_in(browser.get("/login").text)
        answer = browser.post("/login", data={"csrf": token, "name": "anna", "password": GOOD})
        cookie = next(
            text
            for text in answer.headers.get_list("set-cookie")
            if text.startswith(f"{cookie_name(empty.history.folder)}=")
        )

        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        assert ("Secure" in cookie) == secure


@pytest.mark.parametrize("token", [None, "", "0" * 48, ANOTHERS])
def test_a_form_without_the_browsers_token_changes_nothing(empty: Backing, token: str | None) -> None:
    folder = empty.history.folder
    browser, other = user(empty), visitor(empty)
    add_user(folder, "anna", role="viewer", password=GOOD)
    given = token_in(other.get("/login").text) if token == ANOTHERS else token

    for path in ("/logout", "/login"):
        fields = {"name": "anna", "password": GOOD} | ({} if given is None else {"csrf": given})
        page = browser.post(path, data=fields)

        assert page.status_code == 403
        assert "Nothing was changed" in page.text
    assert browser.get("/login").headers["location"] == "/"


def test_a_planted_session_is_worth_nothing_after_the_login(empty: Backing) -> None:
    folder = empty.history.folder
    add_user(folder, "anna", role="viewer", password=GOOD)
    planted = session(folder)
    browser = visitor(empty)
    browser.cookies.set(cookie_name(folder), planted, domain="testserver.local", path="/")
    home = browser.get("/login", follow_redirects=True).text
    answer = browser.post("/login", data={"csrf": token_in(home), "name": "anna", "password": GOOD})

    assert answer.status_code == 303
    assert planted not in answer.headers["set-cookie"]
    assert find_session(folder, planted, now_s=0) is None


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "/logout",
        "/\n//evil.example",
        "\\\\evil",
    ],
)
def test_a_login_leads_to_a_page_of_ours(empty: Backing, address: str) -> None:
    add_user(empty.history.folder, "anna", role="viewer", password=GOOD)

    assert log_in(visitor(empty), next=address) == "/"


def test_a_login_leads_back_to_the_page_that_was_asked_for(empty: Backing) -> None:
    add_user(empty.history.folder, "anna", role="viewer", password=GOOD)
    browser = visitor(empty)
    address = browser.get("/?from=28d&where=channel+%3D+%27email%27").headers["location"]
    page = browser.get(address).text

    assert address == "/login?next=/%3Ffrom%3D28d%26where%3Dchannel%2B%253D%2B%2527email%2527"
    assert 'name="next" value="/?from=28d&amp;where=channel+%3D+%27email%27"' in page


def test_too_many_failed_logins_are_told_when_to_try_again(empty: Backing) -> None:
    browser = visitor(empty)
    token = token_in(browser.get("/login").text)
    answers = [
        browser.post("/login", data={"csrf": token, "name": "anna", "password": f"guess number {number}"})
        for number in range(BY_NAME + 1)
    ]

    assert [answer.status_code for answer in answers] == [403] * BY_NAME + [429]
    assert "wait 15 min" in answers[-1].text
    lines = audit_log(empty.history.folder)
    assert {line.what for line in lines} == {"failed to log in"}
    assert len(lines) == BY_NAME
    assert not list_users(empty.history.folder)
