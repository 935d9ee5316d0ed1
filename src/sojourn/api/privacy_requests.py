"""Privacy requests as pages, the API and the command line use them.

In: a data folder, what is asked or decided, and who says so. Out: requests and how many wait, and a line in the audit log that names no person.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast, get_args

from sojourn.records.errors import BadOption
from sojourn.store import privacy_requests as kept
from sojourn.store.audit import record
from sojourn.store.privacy_requests import KINDS, Kind, Outcome, PrivacyRequest
from sojourn.store.privacy_requests import find_request as find_privacy_request

if TYPE_CHECKING:
    from sojourn.store.folder import Folder

__all__ = ["KINDS", "Kind", "Outcome", "PrivacyRequest", "find_privacy_request"]

Which = Literal["all", "open", "overdue", "done", "refused"]


@dataclass(frozen=True, slots=True)
class PrivacyRequests:
    """What persons asked about their data.

    Attributes:
        open: How many wait.
        overdue: Of these, for how many the day has passed on which they were due.
        done: How many were done.
        refused: How many were refused.
        requests: Those that were asked for: open ones by the day they are due, then the others, the last closed first.
    """

    open: int
    overdue: int
    done: int
    refused: int
    requests: tuple[PrivacyRequest, ...]


def which(state: str) -> Which:
    """Which requests a word means.

    Raises:
        BadOption: It means none.
    """
    for one in get_args(Which):
        if one == state:
            return cast("Which", one)
    raise BadOption(f"expected {', '.join(get_args(Which))}, got {state[:40]!r}")


def privacy_requests(folder: Folder, *, state: Which = "all", today: dt.date | None = None) -> PrivacyRequests:
    """Requests, and how many there are of each.

    Args:
        folder: The data folder.
        state: Only these.
        today: The day by which requests are overdue; None: of now, UTC.
    """
    day = dt.datetime.now(dt.UTC).date() if today is None else today
    every = kept.list_requests(folder)
    of = {name: [one for one in every if one.state == name] for name in ("open", "done", "refused")}
    of |= {"all": every, "overdue": [one for one in every if one.is_overdue(day)]}
    return PrivacyRequests(len(of["open"]), len(of["overdue"]), len(of["done"]), len(of["refused"]), tuple(of[state]))


def add_privacy_request(  # noqa: PLR0913  (the fields of a request, by name)
    folder: Folder, kind: str, person: str, *, received_on: str = "", due_on: str = "", note: str = "", who: str
) -> PrivacyRequest:
    """Note what somebody asked.

    Args:
        folder: The data folder.
        kind: access, erasure, objection or rectification.
        person: An identifier of the person.
        received_on: Day it came, such as 2026-01-31; empty for today.
        due_on: Day it is due; empty for a month later.
        note: How it came.
        who: Who notes it.

    Raises:
        BadOption: One of these is none.
    """
    received = _day(received_on) or dt.datetime.now(dt.UTC).date()
    made = kept.add_request(folder, kind, person, received=received, due=_day(due_on), note=note)
    record(
        folder, who=who, what="noted a privacy request", detail={"request": made.id, "kind": kind, "due": made.due_on}
    )
    return made


def close_privacy_request(
    folder: Folder, number: int, outcome: str, *, reason: str | None = None, who: str
) -> PrivacyRequest:
    """Say that a request was done, or why it is refused.

    Raises:
        UnknownRequest: There is none of that number.
        BadOption: It is closed already, or a refusal without a reason.
    """
    closed = kept.close_request(folder, number, outcome, reason=reason)
    record(
        folder,
        who=who,
        what="closed a privacy request",
        detail={"request": number, "kind": closed.kind, "outcome": outcome},
    )
    return closed


def _day(text: str) -> dt.date | None:
    if not text.strip():
        return None
    try:
        return dt.date.fromisoformat(text.strip())
    except ValueError as error:
        raise BadOption(f"expected a day such as 2026-01-31, got {text[:40]!r}") from error
