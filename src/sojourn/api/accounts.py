"""Users and their sessions as the console and the API manage them; every change leaves a line in the audit log.

In: what somebody asks for, and who it is. Out: sessions, users, one-time links, tokens. Never tells why a login failed.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sojourn.collect.addresses import hide_address
from sojourn.records.errors import BadLogin, BadOption
from sojourn.store import logins, users
from sojourn.store.audit import audit_log, count_audit, record

if TYPE_CHECKING:
    from collections.abc import Callable

    from sojourn.store.audit import AuditLine
    from sojourn.store.folder import Folder
    from sojourn.store.logins import Session
    from sojourn.store.users import LinkFor as LinkFor  # noqa: PLC0414  (pages name it, and know no store)
    from sojourn.store.users import UserRecord as UserRecord  # noqa: PLC0414  (as above)

PAGE = 50
"""Lines of the audit log on a page."""


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """A login that succeeded.

    Attributes:
        token: Of the session; the browser's cookie holds it, and nobody else.
        name: Of the user.
    """

    token: str
    name: str


class Accounts:
    """Users and sessions of one data folder; safe to share among threads."""

    def __init__(self, folder: Folder, *, clock: Callable[[], float] = time.time) -> None:
        """Read nothing yet.

        Args:
            folder: The data folder.
            clock: Seconds since 1970 UTC.
        """
        self.folder, self._clock = folder, clock
        self.cookie = logins.cookie_name(folder)

    def _now(self) -> int:
        return int(self._clock())

    def _done(self, who: str, what: str, **detail: object) -> None:
        record(self.folder, who=who, what=what, detail=detail)

    # Logging in

    def session(self, token: str) -> Session | None:
        """Whose session a token is of; None when it is none or has ended."""
        return logins.find_session(self.folder, token, now_s=self._now()) if token else None

    def form_token(self, cookie: str) -> str:
        """What the forms of a browser carry, by the cookie it has."""
        return logins.form_token(self.folder, cookie)

    def log_in(self, name: str, password: str, *, address: str, instead_of: str | None = None) -> LoggedIn:
        """Begin a session by a password.

        Args:
            name: Of the user.
            password: Of the user.
            address: Where the request came from.
            instead_of: Token of the browser's session of before.

        Raises:
            BadLogin: They do not fit.
            TooManyLogins: Too many were tried.
        """
        try:
            kept = logins.log_in(self.folder, name, password, address=address, now_s=self._now())
        except BadLogin:
            # Without the name: people type passwords into its field. Those that are too many are not told, and cannot fill the log.
            self._done("somebody", "failed to log in", network=hide_address(address))
            raise
        return self._begin(kept, instead_of)

    def log_out(self, token: str) -> None:
        """End a session."""
        logins.end_session(self.folder, token)

    def link(self, token: str) -> LinkFor | None:
        """What a one-time link is for; None when it works no more."""
        return users.find_link(self.folder, token, now_s=self._now())

    def use_link(
        self, token: str, *, name: str | None = None, password: str | None = None, instead_of: str | None = None
    ) -> LoggedIn | None:
        """Begin a session by a one-time link; None when it works no more.

        Args:
            token: Of the link.
            name: Of the first admin, when it is for that one.
            password: To be set; None keeps the one there is.
            instead_of: Token of the browser's session of before.

        Raises:
            BadOption: The name or the password cannot be taken; the link works again.
        """
        user = users.use_link(self.folder, token, now_s=self._now(), name=name, password=password)
        if user is None:
            return None
        self._done(user.name, "opened a one-time link", password="set" if password else "kept")
        return self._begin(user.name, instead_of)

    def _begin(self, name: str, instead_of: str | None) -> LoggedIn:
        token = logins.begin_session(self.folder, name, now_s=self._now(), instead_of=instead_of)
        self._done(name, "logged in")
        return LoggedIn(token, name)

    # Managing

    @property
    def is_new(self) -> bool:
        """Whether there is no user yet."""
        return not users.list_users(self.folder)

    def users(self) -> list[UserRecord]:
        """Users there are and were, by name."""
        return users.list_users(self.folder)

    def create(self, name: str, role: str, *, who: str) -> str:
        """Make a user; returns the token of the one-time link with which they set a password."""
        kept = users.add_user(self.folder, name, role=role)
        self._done(who, "made a user", user=kept, role=role)
        return users.make_link(self.folder, kept, now_s=self._now())

    def make_link(self, name: str | None, *, who: str) -> str:
        """Token of a one-time link for a user; for the first admin without a name."""
        token = users.make_link(self.folder, name, now_s=self._now())
        self._done(who, "made a one-time link", user=name or "first admin")
        return token

    def change_role(self, name: str, role: str, *, who: str) -> None:
        """Change what a user may do."""
        users.set_role(self.folder, name, role)
        self._done(who, "changed a role", user=name, role=role)

    def disable(self, name: str, *, who: str) -> None:
        """Log a user out, and let nobody log in as it."""
        if users.kept_name(name) == who:
            message = "nobody can disable themselves; another admin can"
            raise BadOption(message)
        users.disable_user(self.folder, name)
        self._done(who, "disabled a user", user=name)

    def enable(self, name: str, *, who: str) -> None:
        """Let a user log in again."""
        users.enable_user(self.folder, name)
        self._done(who, "enabled a user", user=name)

    def change_password(self, name: str, before: str, password: str, *, address: str, token: str) -> None:
        """Change one's own password; other browsers are logged out.

        Args:
            name: Of the user who asks.
            before: The password there is.
            password: The new one.
            address: Where the request came from; wrong ones count as failed logins.
            token: Of the session that stays.

        Raises:
            BadLogin: The password of before does not fit.
            BadOption: The new one cannot be taken.
        """
        logins.log_in(self.folder, name, before, address=address, now_s=self._now())
        users.set_password(self.folder, name, password, keep=token)
        self._done(name, "changed a password", user=name)

    def audit(self, page: int) -> tuple[list[AuditLine], int]:
        """A page of the audit log, newest first, and how many pages there are."""
        pages = max(1, -(-count_audit(self.folder) // PAGE))
        return audit_log(self.folder, most=PAGE, skip=(max(1, page) - 1) * PAGE), pages
