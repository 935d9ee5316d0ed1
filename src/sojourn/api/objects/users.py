"""Users of the console: who may log in, and as what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import msgspec

from sojourn.api.accounts import Accounts
from sojourn.api.endpoint import endpoint
from sojourn.records.errors import BadField, UnknownUser
from sojourn.store.users import kept_name

if TYPE_CHECKING:
    from sojourn.api.call import Call
    from sojourn.store.users import UserRecord


class NewUser(msgspec.Struct, forbid_unknown_fields=True):
    """A user to make.

    Attributes:
        name: As the user logs in.
        role: What the user may do.
    """

    name: str
    role: Literal["viewer", "analyst", "marketer", "admin"]


class UserChange(msgspec.Struct, forbid_unknown_fields=True):
    """What changes about a user.

    Attributes:
        role: What the user may do from now on.
        disabled: Whether nobody may log in as the user from now on.
    """

    role: Literal["viewer", "analyst", "marketer", "admin"] | None = None
    disabled: bool | None = None


@dataclass(frozen=True, slots=True)
class Users:
    """All users.

    Attributes:
        users: By name, the disabled ones too.
    """

    users: tuple[UserRecord, ...]


@dataclass(frozen=True, slots=True)
class MadeUser:
    """A user that was made, or is let in anew.

    Attributes:
        name: As the user logs in.
        link: Path of the console that lets them in once, within an hour, to set a password.
    """

    name: str
    link: str


def listing(call: Call) -> Users:
    """All users; no password can be read back."""
    return Users(tuple(Accounts(call.folder).users()))


def make(call: Call, *, body: NewUser) -> MadeUser:
    """Make a user; the link lets them in once."""
    token = Accounts(call.folder).create(body.name, body.role, who=call.who)
    return MadeUser(kept_name(body.name), f"/link/{token}")


def change(call: Call, *, name: str, body: UserChange) -> UserRecord:
    """Change what a user may do, or whether anybody may log in as it.

    Args:
        call: The request.
        name: Of the user.
        body: What changes.
    """
    if body.role is None and body.disabled is None:
        raise BadField("body", "expected `role`, `disabled` or both")
    accounts = Accounts(call.folder)
    found = _user(accounts, name)
    if body.role is not None:
        accounts.change_role(found.name, body.role, who=call.who)
    if body.disabled is not None:
        (accounts.disable if body.disabled else accounts.enable)(found.name, who=call.who)
    return _user(accounts, found.name)


def invite(call: Call, *, name: str) -> MadeUser:
    """Make a link that lets a user in once; one that was made before works no more.

    Args:
        call: The request.
        name: Of the user.
    """
    accounts = Accounts(call.folder)
    found = _user(accounts, name)
    return MadeUser(found.name, f"/link/{accounts.make_link(found.name, who=call.who)}")


def _user(accounts: Accounts, name: str) -> UserRecord:
    for one in accounts.users():
        if one.name == kept_name(name):
            return one
    raise UnknownUser(f"there is no user {name[:80]!r}; GET /api/users lists them")


ENDPOINTS = (
    endpoint("GET", "/api/users", listing, role="admin", group="users"),
    endpoint("POST", "/api/users", make, role="admin", group="users", status=201),
    endpoint("PUT", "/api/users/{name}", change, role="admin", group="users"),
    endpoint("POST", "/api/invitations/{name}", invite, role="admin", group="users", status=201),
)
