"""Who may log in to the console, in `control.sqlite`: users, their roles and passwords, their one-time links.

In: a data folder. Out: users. Passwords are kept by argon2, tokens of links by a keyed hash; neither can be read back. Logins and sessions
are in `store.logins`.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sojourn.records.errors import BadOption, UnknownUser
from sojourn.store.passwords import hash_password
from sojourn.store.sources import Role
from sojourn.store.sqlite import database, queries

if TYPE_CHECKING:
    import sqlite3

    from sojourn.store.folder import Folder

LINK_S = 3_600
"""How long a one-time link works, seconds."""
_LONGEST_NAME = 100
_TOKEN_BYTES = 24


@dataclass(frozen=True, slots=True)
class UserRecord:
    """One user, as it can be listed.

    Attributes:
        id: Number of the user.
        name: As the user logs in.
        role: viewer, analyst, marketer or admin.
        has_password: Whether one was set; without one only a one-time link logs in.
        created_at: When it was made, ISO 8601 UTC.
        disabled_at: Since when it cannot log in; None while it can.
        seen_at: When a session of the user was used last, to a minute; None when it has none.
    """

    id: int
    name: str
    role: str
    has_password: bool
    created_at: str
    disabled_at: str | None
    seen_at: str | None


@dataclass(frozen=True, slots=True)
class LinkFor:
    """What a one-time link is for.

    Attributes:
        name: Whom it logs in; None: it makes the first admin.
        has_password: Whether the user has a password already.
    """

    name: str | None
    has_password: bool


def list_users(folder: Folder) -> list[UserRecord]:
    """Users there are and were, by name."""
    with database(folder.control, "users") as control:
        rows = list(queries("users").all_users(control))
    return [
        UserRecord(row[0], row[1], row[2], row[3] is not None, row[4], row[5], None if row[6] is None else _iso(row[6]))
        for row in rows
    ]


def add_user(folder: Folder, name: str, *, role: str, password: str | None = None) -> str:
    """Make a user.

    Args:
        folder: The data folder.
        name: As the user logs in; capitals make no difference.
        role: viewer, analyst, marketer or admin.
        password: None: the user sets one with a one-time link.

    Returns:
        The name as it is kept.

    Raises:
        BadOption: The name is none or taken, the role is none, or the password too short.
    """
    kept = kept_name(name)
    _check_role(role)
    hashed = None if password is None else hash_password(password)
    with database(folder.control, "users") as control:
        _insert(control, kept, role, hashed)
    return kept


def set_role(folder: Folder, name: str, role: str) -> None:
    """Change what a user may do, from the next request on.

    Raises:
        BadOption: The role is none, or nobody would be left to manage users.
        UnknownUser: There is no such user.
    """
    _check_role(role)
    with database(folder.control, "users") as control:
        user = user_of(control, name)
        queries("users").set_role(control, name=user[1], role=role)
        _check_admins(control)


def disable_user(folder: Folder, name: str) -> None:
    """Log a user out everywhere, and let nobody log in as it any more.

    Raises:
        BadOption: Nobody would be left to manage users.
        UnknownUser: There is no such user.
    """
    with database(folder.control, "users") as control:
        user = user_of(control, name)
        queries("users").disable_user(control, name=user[1], disabled_at=_iso(None))
        queries("users").end_sessions_of(control, user=user[0], but=b"")
        queries("users").end_links_of(control, user=user[0])
        _check_admins(control)


def enable_user(folder: Folder, name: str) -> None:
    """Let a disabled user log in again.

    Raises:
        UnknownUser: There is no such user.
    """
    with database(folder.control, "users") as control:
        queries("users").enable_user(control, name=user_of(control, name)[1])


def set_password(folder: Folder, name: str, password: str, *, keep: str | None = None) -> None:
    """Change a password, and log the user out everywhere else.

    Args:
        folder: The data folder.
        name: Of the user.
        password: The new one.
        keep: Token of the session that stays.

    Raises:
        BadOption: It is too short or too long.
        UnknownUser: There is no such user.
    """
    hashed = hash_password(password)
    with database(folder.control, "users") as control:
        user = user_of(control, name)
        queries("users").set_password(control, id=user[0], password=hashed)
        but = b"" if keep is None else token_hash(folder, keep)
        queries("users").end_sessions_of(control, user=user[0], but=but)
        queries("users").end_links_of(control, user=user[0])


def make_link(folder: Folder, name: str | None, *, now_s: int) -> str:
    """A token that logs in once, within an hour; one made before for the same works no more.

    Args:
        folder: The data folder.
        name: Of the user; None: whoever opens it becomes the first admin.
        now_s: The time, seconds since 1970 UTC.

    Raises:
        BadOption: The user is disabled, or a first admin is wanted where there are users.
        UnknownUser: There is no such user.
    """
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    with database(folder.control, "users") as control:
        user = None if name is None else user_of(control, name)
        if user is None and queries("users").count_users(control):
            message = "there are users already; make a link for one of them, `sojourn users list` names them"
            raise BadOption(message)
        if user is not None and user[5]:
            message = f"{user[1]} is disabled; an admin can enable the user in Settings"
            raise BadOption(message)
        number = None if user is None else user[0]
        queries("users").end_old_links(control, now_s=now_s)
        queries("users").end_links_of(control, user=number)
        queries("users").add_link(control, hash=token_hash(folder, token), user=number, until_s=now_s + LINK_S)
    return token


def find_link(folder: Folder, token: str, *, now_s: int) -> LinkFor | None:
    """What a link is for, without using it; None when it works no more."""
    with database(folder.control, "users") as control:
        found = queries("users").link(control, hash=token_hash(folder, token), now_s=now_s)
        return None if found is None or found[3] else LinkFor(found[1], bool(found[2]))


def use_link(
    folder: Folder, token: str, *, now_s: int, name: str | None = None, password: str | None = None
) -> UserRecord | None:
    """Use a link up.

    Args:
        folder: The data folder.
        token: Of the link.
        now_s: The time, seconds since 1970 UTC.
        name: Of the first admin, when it is for that one.
        password: To be set; None keeps the one there is.

    Returns:
        The user who is logged in by it; None when it works no more.

    Raises:
        BadOption: The name is none, the password is too short, or none was given and there is none; the link works again.
    """
    hashed = None if password is None else hash_password(password)
    with database(folder.control, "users") as control:
        keyed = token_hash(folder, token)
        found = queries("users").link(control, hash=keyed, now_s=now_s)
        # Whoever deletes it has it: of two at once, one.
        if found is None or found[3] or not queries("users").use_link(control, hash=keyed, now_s=now_s):
            return None
        if hashed is None and not found[2]:
            message = "choose a password; the link works only once"
            raise BadOption(message)
        if found[0] is None:
            if queries("users").count_users(control):
                return None
            known = kept_name(name or "")
            _insert(control, known, "admin", hashed)
        else:
            known = found[1]
            if hashed is not None:
                queries("users").set_password(control, id=found[0], password=hashed)
                queries("users").end_sessions_of(control, user=found[0], but=b"")
    return next(user for user in list_users(folder) if user.name == known)


def kept_name(name: str) -> str:
    """A name as it is kept and compared: capitals, blanks around it and ways to write an accent make no difference.

    Raises:
        BadOption: It is none.
    """
    kept = unicodedata.normalize("NFKC", name).strip().casefold()
    if not kept or len(kept) > _LONGEST_NAME or not kept.isprintable():
        message = f"expected a name of 1 to {_LONGEST_NAME} printable characters, got {name[:40]!r}"
        raise BadOption(message)
    return kept


def token_hash(folder: Folder, token: str) -> bytes:
    """What is kept of a token: it is random, so one keyed hash is enough, and a look-up by it tells nothing by its time."""
    return hashlib.blake2b(
        token.encode("utf-8", "replace"), key=folder.secret, person=b"sojourn session", digest_size=32
    ).digest()


def user_of(control: sqlite3.Connection, name: str) -> tuple[Any, ...]:
    """The row of a user.

    Raises:
        UnknownUser: There is no such user.
    """
    found: tuple[Any, ...] | None = queries("users").user_named(control, name=kept_name(name))
    if found is None:
        message = f"there is no user {name[:40]!r}; `sojourn users list` names them"
        raise UnknownUser(message)
    return found


def _insert(control: sqlite3.Connection, name: str, role: str, hashed: str | None) -> None:
    if queries("users").user_named(control, name=name) is not None:
        message = f"there is a user {name!r} already"
        raise BadOption(message)
    queries("users").add_user(control, name=name, role=role, password=hashed, created_at=_iso(None))


def _check_role(role: str) -> None:
    if role not in Role:
        message = f"expected a role among {', '.join(Role)}, got {role!r}"
        raise BadOption(message)


def _check_admins(control: sqlite3.Connection) -> None:
    """Undo, by an error, what would leave nobody to manage users."""
    if not queries("users").count_admins(control):
        message = "this is the last admin; make another user admin first"
        raise BadOption(message)


def _iso(seconds: int | None) -> str:
    moment = dt.datetime.now(dt.UTC) if seconds is None else dt.datetime.fromtimestamp(seconds, dt.UTC)
    return moment.isoformat(timespec="seconds")
