"""Erasing persons, and the receipts of erasures done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from sojourn.api.endpoint import endpoint
from sojourn.api.person_changes import erase_person

if TYPE_CHECKING:
    from sojourn.api.call import Call
    from sojourn.store.erasure import Receipt


class ErasureRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Whom to erase.

    Attributes:
        person: Any identifier of the person, as it was sent.
    """

    person: str


@dataclass(frozen=True, slots=True)
class Erased:
    """An erasure done.

    Attributes:
        id: Its number, from 1.
        erased_at: When, ISO 8601 UTC.
        actors: Identifiers of the person.
        events: Events removed from the table and the index.
        quarantined: Rows removed from quarantine.
    """

    id: int
    erased_at: str
    actors: int
    events: int
    quarantined: int


@dataclass(frozen=True, slots=True)
class Receipts:
    """Erasures done.

    Attributes:
        receipts: Oldest first.
    """

    receipts: tuple[Erased, ...]


def receipts(call: Call) -> Receipts:
    """Erasures done; none names the person."""
    from sojourn.store.decided import erasures  # noqa: PLC0415  (heavy)

    return Receipts(tuple(Erased(*row) for row in erasures(call.folder)))


def erase(call: Call, *, body: ErasureRequest) -> Receipt:
    """Erase a person from every store, for good; it cannot be undone."""
    return erase_person(call.folder, call.backing.care, body.person, who=call.who)


ENDPOINTS = (
    endpoint("GET", "/api/erasures", receipts, role="admin", group="erasures"),
    endpoint("POST", "/api/erasures", erase, role="admin", group="erasures"),
)
