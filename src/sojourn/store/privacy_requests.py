"""What persons asked about their data, in `control.sqlite`: until it is done or refused, and after.

In: a kind, an identifier, a day. Out: requests, each with the day it is due. Acts on none: exports, erasures and decisions do. After an
erasure a request of that person names nobody: the number of the identifier stays, a keyed hash as on the suppression list.
"""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from sojourn.identify.actor import actor_id
from sojourn.records.errors import BadOption, UnknownRequest
from sojourn.store.sqlite import database, overwrite_residue, queries
from sojourn.store.timeline import readings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet

    from sojourn.store.folder import Folder

Kind = Literal["access", "erasure", "objection", "rectification"]
KINDS: tuple[Kind, ...] = get_args(Kind)
Outcome = Literal["done", "refused"]
OPEN = "open"
_LONGEST = 1_000
_WORD = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class PrivacyRequest:
    """What somebody asked.

    Attributes:
        id: Its number, from 1.
        kind: access (what is known, a copy of it), erasure, objection (consent withdrawn among it), or rectification.
        person: The identifier it came with; None once the person was erased.
        hash: The identifier's keyed hash: tells whether two requests came with the same, and nothing else.
        note: How it came, what was agreed; empty once the person was erased.
        received_on: Day it came, ISO 8601.
        due_on: Day by which it has to be answered.
        state: open, done or refused.
        closed_at: When it was done or refused, ISO 8601 UTC; None while it is open.
        reason: Why it was refused, or what was done; None where nobody said, and once the person was erased.
        receipt: Number of the erasure that did it; None of any other.
    """

    id: int
    kind: str
    person: str | None
    hash: str
    note: str
    received_on: str
    due_on: str
    state: str
    closed_at: str | None
    reason: str | None
    receipt: int | None

    def is_overdue(self, today: dt.date) -> bool:
        """Whether it is open after the day it was due."""
        return self.state == OPEN and self.due_on < today.isoformat()


def due_of(received: dt.date) -> dt.date:
    """One month later (GDPR, article 12(3)): the same day of the next month, or that month's last."""
    year, month = received.year + received.month // 12, received.month % 12 + 1
    return dt.date(year, month, min(received.day, calendar.monthrange(year, month)[1]))


def add_request(
    folder: Folder, kind: str, person: str, *, received: dt.date, due: dt.date | None = None, note: str = ""
) -> PrivacyRequest:
    """Note what somebody asked.

    Args:
        folder: The data folder.
        kind: One of `KINDS`.
        person: An identifier of the person, as it was sent; nobody needs to be known by it.
        received: Day it came.
        due: Day by which it has to be answered; None: in a month.
        note: How it came, in words.

    Raises:
        BadOption: One of these is none, or too long.
    """
    named, note = person.strip(), _sayable(note)
    if kind not in KINDS:
        raise BadOption(f"expected a kind of request among {', '.join(KINDS)}, got {kind[:40]!r}")
    for what, text, least in (("an identifier", named, 1), ("a note", note, 0)):
        if not least <= len(text) <= _LONGEST:
            raise BadOption(f"expected {what} of {least} to {_LONGEST:,} characters, got {len(text):,}")
    if not named.isprintable():
        raise BadOption(f"expected an identifier as it was sent, of printable characters; got {named[:40]!r}")
    if received.year >= dt.MAXYEAR:
        raise BadOption(f"expected a day before the year {dt.MAXYEAR}, got {received}")
    until = due or due_of(received)
    if until < received:
        raise BadOption(f"expected a day due on or after {received}, when the request came; got {until}")
    with database(folder.control, "requests") as control:
        number = queries("requests").add_request(
            control, kind=kind, person=named, actor=_numbers(folder, named)[0], note=note,
            received_on=received.isoformat(), due_on=until.isoformat(),
        )  # fmt: skip
    return find_request(folder, number)


def list_requests(folder: Folder) -> list[PrivacyRequest]:
    """All requests: open ones by the day they are due, then the others, the last closed first."""
    found = _all(folder)
    waiting = sorted((one for one in found if one.state == OPEN), key=lambda one: (one.due_on, one.id))
    closed = sorted((one for one in found if one.state != OPEN), key=lambda one: (one.closed_at or "", one.id))
    return [*waiting, *reversed(closed)]


def find_request(folder: Folder, number: int) -> PrivacyRequest:
    """A request by its number.

    Raises:
        UnknownRequest: There is none of that number.
    """
    for one in _all(folder):
        if one.id == number:
            return one
    raise UnknownRequest(f"there is no request {number}; `sojourn requests list` shows those there are")


def close_request(
    folder: Folder, number: int, outcome: str, *, reason: str | None = None, receipt: int | None = None
) -> PrivacyRequest:
    """Note that a request was done, or refused. One for an erasure names nobody once it is done.

    Args:
        folder: The data folder.
        number: Of the request.
        outcome: `done` or `refused`.
        reason: Why, in words; a refusal needs one (GDPR, article 12(4)).
        receipt: Number of the erasure that did it.

    Raises:
        UnknownRequest: There is none of that number.
        BadOption: It is closed already, or a refusal without a reason.
    """
    one, why = find_request(folder, number), _sayable(reason or "")
    if outcome not in get_args(Outcome):
        raise BadOption(f"expected done or refused, got {outcome[:40]!r}")
    if one.state != OPEN:
        raise BadOption(f"request {number} is {one.state} since {one.closed_at}")
    if outcome == "refused" and not why:
        raise BadOption("a refusal needs a reason: the person has to be told why")
    if len(why) > _LONGEST:
        raise BadOption(f"expected a reason of at most {_LONGEST:,} characters, got {len(why):,}")
    if one.kind == "erasure" and outcome == "done" and one.person is not None:
        _unname(folder, {number: _numbers(folder, one.person)[0]})
    at = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    with database(folder.control, "requests") as control:
        queries("requests").close_request(
            control, id=number, state=outcome, closed_at=at, reason=why or None, receipt=receipt
        )
    return find_request(folder, number)


def unname_requests(folder: Folder, actors: AbstractSet[int]) -> None:
    """Requests of a person that is being erased name nobody any more.

    Args:
        folder: The data folder.
        actors: Numbers of all identifiers of the person.
    """
    named = {one.id: _numbers(folder, one.person) for one in _all(folder) if one.person is not None}
    _unname(folder, {id_: next(iter(theirs)) for id_, meant in named.items() if (theirs := actors & set(meant))})


def close_erased(folder: Folder, actors: AbstractSet[int], *, receipt: int) -> None:
    """Requests that a person be erased are done, when the person was; for `unname_requests` has been.

    Args:
        folder: The data folder.
        actors: Numbers of all identifiers of the person.
        receipt: Number of the erasure.
    """
    hashes = {_hash(actor) for actor in actors}
    for one in _all(folder):
        if one.state == OPEN and one.kind == "erasure" and one.person is None and one.hash in hashes:
            close_request(folder, one.id, "done", receipt=receipt)


def _unname(folder: Folder, requests: Mapping[int, int]) -> None:
    if not requests:
        return
    with database(folder.control, "requests") as control:
        rows = [{"id": id_, "actor": actor} for id_, actor in requests.items()]
        queries("requests").forget_requester(control, rows)
    overwrite_residue(folder.control)


def _all(folder: Folder) -> list[PrivacyRequest]:
    if not folder.control.exists():
        return []
    with database(folder.control, "requests") as control:
        rows = list(queries("requests").requests(control))
    return [PrivacyRequest(number, kind, person, _hash(actor), *rest) for number, kind, person, actor, *rest in rows]


def _hash(actor: int) -> str:
    return f"{actor & _WORD:016x}"


def _sayable(text: str) -> str:
    """Text that a database takes: half of a pair of code units is none."""
    return text.strip().encode("utf-8", "replace").decode()


def _numbers(folder: Folder, person: str) -> list[int]:
    """Numbers of the identifiers that a text may mean."""
    return [actor_id(folder.secret, kind, value) for kind, value in readings(person)]
