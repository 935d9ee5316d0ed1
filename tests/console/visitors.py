"""Browsers at a console, logged in without the tenth of a second that a password takes."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from starlette.testclient import TestClient

from sojourn.console.app import console_app
from sojourn.store.logins import begin_session, cookie_name
from sojourn.store.users import add_user, list_users

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from sojourn.console.asked import Backing
    from sojourn.store.folder import Folder


def visitor(backing: Backing) -> TestClient:
    """Somebody who is not logged in."""
    return TestClient(console_app(backing), follow_redirects=False)


def user(
    backing: Backing, *, role: str = "admin", app: Starlette | None = None, server_errors: bool = True
) -> TestClient:
    """A user of a role, logged in; the name is that of the role. With `server_errors` a view's fault is the test's."""
    folder = backing.history.folder
    client = TestClient(app or console_app(backing), follow_redirects=False, raise_server_exceptions=server_errors)
    client.cookies.set(cookie_name(folder), session(folder, role))
    return client


def session(folder: Folder, role: str = "admin") -> str:
    """Token of a new session of the user of a role."""
    if role not in {one.name for one in list_users(folder)}:
        add_user(folder, role, role=role)
    return begin_session(folder, role, now_s=int(time.time()))


def token_in(page: str) -> str:
    """What the forms of a page carry."""
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', page)
    assert found, page[:500]
    return found[1]
