"""Logging in: attempts counted, sessions kept on our side by the hash of their token.

In: a name and a password, or a token of a session. Out: whose it is. A token is made at each login and never taken from a browser;
it ends when it is not used for a day, two weeks after the login at the latest, and with its user.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sojourn.records.errors import BadLogin, BadOption, TooManyLogins
from sojourn.store import passwords
from sojourn.store.sqlite import database, queries
from sojourn.store.users import kept_name, token_hash

if TYPE_CHECKING:
    import sqlite3

    from sojourn.store.folder import Folder

IDLE_S = 86_400
"""A session that is not used for so long has ended."""
ABSOLUTE_S = 14 * 86_400
"""So long after the login every session has ended."""
WINDOW_S = 900
"""Failed logins of this long count."""
BY_NAME, BY_ADDRESS = 10, 50
"""So many failed logins are taken of one name, and from one address; an office may have one address."""
_SEEN_S = 60
_TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class Session:
    """A browser that is logged in.

    Attributes:
        name: Of the user.
        role: Of the user, now.
    """

    name: str
    role: str


def log_in(folder: Folder, name: str, password: str, *, address: str, now_s: int) -> str:
    """Check a password.

    Args:
        folder: The data folder.
        name: Of the user.
        password: To be checked.
        address: From where.
        now_s: The time, seconds since 1970 UTC.

    Returns:
        The user's name as it is kept.

    Raises:
        BadLogin: Name and password do not fit. It says no more, and takes as long for a name that nobody has.
        TooManyLogins: Too many were tried.
    """
    try:
        kept = kept_name(name)
    except BadOption:
        kept = ""
    by_name, by_address = _subject(folder, f"name {kept}"), _subject(folder, f"address {address}")
    with database(folder.control, "users") as control:
        queries("users").lock(control)
        # Counted before the password is looked at: guesses that come at once count too.
        _count(control, by_name, BY_NAME, now_s)
        _count(control, by_address, BY_ADDRESS, now_s)
        queries("users").forget_old_attempts(control, after_s=now_s - WINDOW_S)
        user = queries("users").user_named(control, name=kept)
    hashed = None if user is None or user[5] else user[3]
    if not passwords.fits(hashed, password) or hashed is None:
        raise BadLogin
    again = passwords.hash_password(password) if passwords.is_weaker(hashed) else None
    with database(folder.control, "users") as control:
        queries("users").forget_attempts(control, subject=by_name)
        if again:
            queries("users").set_password(control, id=user[0], password=again)
    return kept


def _count(control: sqlite3.Connection, subject: bytes, most: int, now_s: int) -> None:
    tried, first_s = queries("users").attempts(control, subject=subject, after_s=now_s - WINDOW_S)
    if tried >= most:
        wait_min = max(1, -(-(first_s + WINDOW_S - now_s) // 60))
        message = f"too many logins were tried; wait {wait_min} min, or ask an admin for a one-time link"
        raise TooManyLogins(message)
    queries("users").add_attempt(control, subject=subject, at_s=now_s)


def begin_session(folder: Folder, name: str, *, now_s: int, instead_of: str | None = None) -> str:
    """A new session.

    Args:
        folder: The data folder.
        name: Of the user, as it is kept.
        now_s: The time, seconds since 1970 UTC.
        instead_of: Token of the browser's session of before, which ends.

    Returns:
        Its token.
    """
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    with database(folder.control, "users") as control:
        user = queries("users").user_named(control, name=name)
        queries("users").end_old_sessions(control, begun_s=now_s - ABSOLUTE_S, seen_s=now_s - IDLE_S)
        if instead_of:
            queries("users").end_session(control, hash=token_hash(folder, instead_of))
        queries("users").add_session(control, hash=token_hash(folder, token), user=user[0], now_s=now_s)
    return token


def find_session(folder: Folder, token: str, *, now_s: int) -> Session | None:
    """Whose session a token is of; None when there is none, when it has ended, or its user is disabled."""
    keyed = token_hash(folder, token)
    with database(folder.control, "users") as control:
        row = queries("users").session(control, hash=keyed)
        if row is None:
            return None
        begun_s, seen_s, _, name, role, disabled_at = row
        if disabled_at or now_s - begun_s > ABSOLUTE_S or now_s - seen_s > IDLE_S:
            return None
        if now_s - seen_s >= _SEEN_S:
            queries("users").see_session(control, hash=keyed, now_s=now_s)
    return Session(name, role)


def end_session(folder: Folder, token: str) -> None:
    """Log a browser out."""
    with database(folder.control, "users") as control:
        queries("users").end_session(control, hash=token_hash(folder, token))


def form_token(folder: Folder, cookie: str) -> str:
    """What the forms of a browser carry, so that no other site's form is taken for one of ours.

    It is made from the browser's cookie, and useless to make the cookie from.
    """
    return hashlib.blake2b(
        cookie.encode("utf-8", "replace"), key=folder.secret, person=b"sojourn form", digest_size=24
    ).hexdigest()


def cookie_name(folder: Folder) -> str:
    """Name of the session's cookie: browsers share cookies among the ports of a machine, and folders must not log each other out."""
    return f"sojourn_{hashlib.blake2b(b'cookie', key=folder.secret, digest_size=4).hexdigest()}"


def _subject(folder: Folder, text: str) -> bytes:
    """Who tried, without keeping names that people mistype (their passwords among them) or addresses."""
    return hashlib.blake2b(
        text.encode("utf-8", "replace"), key=folder.secret, person=b"sojourn login", digest_size=16
    ).digest()
