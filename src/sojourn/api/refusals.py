"""What an error is over HTTP: its status, its code, its words.

In: an error that a caller can do something about. Out: a `Refusal`. Its code is the name of the error's class.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from sojourn.records.errors import (
    BadField,
    BodyTooLarge,
    FolderBusy,
    NotADataFolder,
    SojournError,
    StorageFull,
    UnknownLink,
    UnknownPerson,
    UnknownRequest,
    UnknownUser,
)


class NoToken(SojournError):
    """Send `Authorization: Bearer TOKEN`; `sojourn keys create NAME --role viewer` makes one."""


class Forbidden(SojournError):
    """The token's role may not do this."""


class NotThere(SojournError):
    """There is no such thing."""


_STATUS: dict[type[SojournError], int] = {
    NoToken: 401,
    Forbidden: 403,
    NotThere: 404,
    UnknownPerson: 404,
    UnknownUser: 404,
    UnknownLink: 404,
    UnknownRequest: 404,
    NotADataFolder: 409,
    FolderBusy: 409,
    BodyTooLarge: 413,
    StorageFull: 507,
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error as it is answered.

    Attributes:
        status: Of HTTP.
        code: Which, for programs.
        message: What to do, for people.
        field: The parameter to blame; None when it is none alone.
    """

    status: int
    code: str
    message: str
    field: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """`{"code", "message"}`, and `field` where there is one."""
        told = {"code": self.code, "message": self.message}
        return told if self.field is None else {**told, "field": self.field}


def refusal_of(error: SojournError) -> Refusal:
    """What an error is answered with."""
    status = next((status for kind, status in _STATUS.items() if isinstance(error, kind)), 400)
    code = re.sub(r"(?<!^)(?=[A-Z])", "_", type(error).__name__).lower()
    return Refusal(status, code, str(error), error.field if isinstance(error, BadField) else None)
