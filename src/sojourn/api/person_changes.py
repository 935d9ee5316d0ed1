"""What is done to one person by hand: links taken back or restored, consent set, everything exported or erased.

In: a data folder, what is decided and who decided it. Out: what became of it, and a line in the audit log that names no person. History
follows with the next question, a running worker within a second.
"""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from sojourn.records.consent import CONSENT_SET, PURPOSES
from sojourn.records.errors import BadField
from sojourn.records.event import Event
from sojourn.store.audit import record
from sojourn.store.index_build import current_identities
from sojourn.store.link_control import decide, find_links
from sojourn.store.log import Log
from sojourn.store.tail import read_version

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sojourn.store.erasure import Receipt
    from sojourn.store.folder import Folder

SOURCE = "console"
"""Source of events that are made by hand."""


class PersonCare(Protocol):
    """Who exports and erases persons; `app.person_care` does, because it needs the live state too."""

    def export(self, identifier: str, /) -> bytes:
        """Everything that is known of a person, as one JSON object."""

    def erase(self, identifier: str, /) -> Receipt:
        """Erase a person from every store."""


def export_person(folder: Folder, care: PersonCare, identifier: str, *, who: str) -> bytes:
    """Everything that is known of a person, as one JSON object (docs/export.md).

    Raises:
        UnknownPerson: No event carries the identifier.
    """
    found = care.export(identifier)
    record(folder, who=who, what="exported a person", detail={"bytes": len(found)})
    return found


def erase_person(folder: Folder, care: PersonCare, identifier: str, *, who: str) -> Receipt:
    """Erase a person from every store, for good.

    Raises:
        UnknownPerson: No event carries the identifier.
        FolderBusy: Somebody was writing to the folder all the time that this waited.
    """
    receipt = care.erase(identifier)
    record(folder, who=who, what="erased a person", detail={"identifiers": receipt.actors, "events": receipt.events})
    return receipt


def decide_links(folder: Folder, links: Sequence[str], *, revoked: bool, who: str) -> None:
    """Revoke links, or restore them.

    Args:
        folder: The data folder.
        links: Their names, as `sojourn links` shows them.
        revoked: Whether they are revoked from now on.
        who: Who decided.

    Raises:
        UnknownLink: There is none of that name.
    """
    every = current_identities(folder, read_version(folder)).all_links()
    decide(folder, find_links(folder, every, links), revoked=revoked, who=who)
    what = "took back a link between identifiers" if revoked else "restored a link between identifiers"
    record(folder, who=who, what=what, detail={"links": len(links)})


def set_consent(
    folder: Folder, identity: tuple[str, str], choices: Mapping[str, bool], *, who: str, now_us: int | None = None
) -> Event:
    """Keep what somebody decided on a person's behalf, as an event of the person.

    Args:
        folder: The data folder.
        identity: Kind (`user`, `anonymous`, `email`, ...) and value of one identifier of the person.
        choices: By purpose, whether it is granted; a purpose that is absent stays as it was.
        who: Who decided.
        now_us: When, microseconds UTC; None for now.

    Returns:
        The event, `Consent Set`, which is in the log when this returns.

    Raises:
        BadField: There is no such purpose, or none is given.
        StorageFull: The disk is full.
    """
    unknown = sorted(set(choices) - set(PURPOSES))
    if unknown or not choices:
        raise BadField("consent", f"expected some of {', '.join(PURPOSES)}; got {', '.join(unknown) or 'nothing'}")
    kind, value = identity
    at = time.time_ns() // 1_000 if now_us is None else now_us
    event = Event(
        SOURCE,
        uuid.uuid4().hex,
        "control",
        CONSENT_SET,
        at,
        at,
        properties=msgspec.json.encode({"by": who, **choices}).decode(),
        context=msgspec.json.encode({"consent": {"categoryPreferences": dict(choices)}}).decode(),
        **_named(kind, value),
    )
    Log(folder).append([event])
    record(folder, who=who, what="set a person's consent", detail=choices)
    return event


def _named(kind: str, value: str) -> dict[str, Any]:
    """The fields of an event that name an identifier."""
    if kind == "user":
        return {"user_id": value}
    if kind in ("anonymous", "daily"):
        return {"anonymous_id": value, "daily": kind == "daily"}
    return {"external_ids": ((kind, value),)}
