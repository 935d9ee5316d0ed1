from __future__ import annotations

import re
from typing import TYPE_CHECKING

import argon2
import pytest
from tests.console.visitors import token_in, user, visitor

from sojourn.store import passwords
from sojourn.store.audit import audit_log
from sojourn.store.settings import Settings, read_settings
from sojourn.store.sources import find_source
from sojourn.store.users import list_users

if TYPE_CHECKING:
    from httpx2 import Response
    from starlette.testclient import TestClient

    from sojourn.console.asked import Backing


NEW = "another password"


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords that cost next to nothing to hash."""
    monkeypatch.setattr(passwords, "_HASHER", argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    passwords._nobody.cache_clear()


def send(browser: TestClient, path: str, **fields: str) -> Response:
    """Send a form of a page."""
    return browser.post(path, data={"csrf": token_in(browser.get(path).text), **fields})


def test_settings_are_saved_and_answer_from_then_on(console: TestClient, backing: Backing) -> None:
    """Ben's view at two o'clock UTC is a second session of nobody; a gap of three hours does not join persons."""
    folder = backing.history.folder
    sent = send(console, "/settings", time_zone="Europe/Berlin", session_gap="10s", currency="eur", rejected_days="30")

    assert sent.headers["location"] == "/settings?saved=yes"
    assert read_settings(folder) == Settings("Europe/Berlin", "10s", "EUR", None, 30)
    assert [line.what for line in audit_log(folder)] == ["changed settings"]
    # Anna's two events are a minute apart: with a gap of 10 s they are two sessions, ben's makes three.
    while (page := console.get("/", params={"from": "9999d"})).status_code == 202:
        pass
    assert re.search(r'Sessions</span>\s*<a class="value[^>]*>3<', page.text)


def test_a_setting_that_cannot_be_is_told_and_the_form_keeps_what_was_typed(
    console: TestClient, backing: Backing
) -> None:
    page = send(console, "/settings", time_zone="UTC", session_gap="soon")

    assert page.status_code == 400
    assert 'value="soon"' in page.text
    assert read_settings(backing.history.folder) == Settings()


def test_an_admin_lets_somebody_in_who_sets_a_password(console: TestClient, backing: Backing) -> None:
    page = send(console, "/settings/users", do="create", name="Ben", role="analyst").text
    link = re.search(r"http://testserver(/link/[\w-]+)", page)
    assert link

    browser = visitor(backing)
    token = token_in(browser.get(link[1]).text)
    browser.post(link[1], data={"csrf": token, "password": "correct horse battery"})

    assert browser.get("/account").status_code == 200
    assert browser.get("/settings").status_code == 403
    assert {one.name: one.role for one in list_users(backing.history.folder)} == {"admin": "admin", "ben": "analyst"}


def test_roles_change_and_users_are_disabled_but_never_oneself(console: TestClient, backing: Backing) -> None:
    send(console, "/settings/users", do="create", name="ben", role="viewer")
    ben = user(backing, role="marketer")
    send(console, "/settings/users", do="role", name="marketer", role="viewer")
    assert ">viewer</span>" in ben.get("/account").text

    send(console, "/settings/users", do="disable", name="marketer")
    assert ben.get("/account").headers["location"].startswith("/login")
    refused = send(console, "/settings/users", do="disable", name="admin")
    assert refused.status_code == 400
    assert "nobody can disable themselves" in refused.text


def test_a_token_is_shown_once_and_ends(console: TestClient, backing: Backing) -> None:
    folder = backing.history.folder
    page = send(console, "/settings/tokens", do="make", name="report", role="analyst").text
    token = re.search(r"sjs_[0-9a-f]{40}", page)
    assert token

    source = find_source(folder, token[0])
    assert source is not None
    assert source.role == "analyst"
    assert token[0] not in console.get("/settings/tokens").text
    send(console, "/settings/tokens", do="end", number="1")
    assert find_source(folder, token[0]) is None
    assert all(token[0] not in str(line) for line in audit_log(folder))


def test_a_password_is_changed_by_who_knows_the_old_one(backing: Backing) -> None:
    console = user(backing)
    wrong = send(console, "/account", before="no", password=NEW)

    assert wrong.status_code == 400
    assert "another one" in wrong.text


def test_what_was_changed_is_listed_and_text_of_others_is_text(console: TestClient) -> None:
    send(console, "/settings/tokens", do="make", name="<script>alert(1)</script>", role="viewer")
    page = console.get("/settings/audit").text

    assert "&lt;script&gt;" in page
    assert "<script>alert" not in page
    assert "made a key" in page


def test_days_that_would_take_events_away_are_asked_about_first(console: TestClient, backing: Backing) -> None:
    """The log is of 2024: with a hundred days nothing of it would stay."""
    folder = backing.history.folder
    fields = {"time_zone": "UTC", "session_gap": "30m", "events_days": "100"}

    asked = send(console, "/settings", **fields)
    assert "3 events of 2024-01-01 and later happened before" in asked.text
    assert read_settings(folder).events_days is None
    assert send(console, "/settings", **fields | {"sure": "99"}).status_code == 200, (
        "another number is asked about again"
    )
    assert read_settings(folder).events_days is None

    assert send(console, "/settings", **fields | {"sure": "100"}).status_code == 303
    assert read_settings(folder).events_days == 100
    assert send(console, "/settings", **fields | {"session_gap": "20m"}).status_code == 303, "it is not asked twice"
    assert send(console, "/settings", **fields | {"events_days": "3651"}).status_code == 400
