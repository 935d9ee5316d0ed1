"""Persons: found by a piece of text, and where one of them stands this moment."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from sojourn.api.asking import ListedPersons, listed
from sojourn.api.endpoint import Endpoint, endpoint
from sojourn.api.record_schema import record_schema

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sojourn.api.call import Call
    from sojourn.api.options import Values


def search(call: Call, *, q: str, offset: int = 0, limit: int = 50) -> ListedPersons:
    """Find persons by a piece of any identifier or trait.

    Args:
        call: The request.
        q: At most 200 characters of an id, e-mail address or trait, upper and lower case alike; `NAME=VALUE` looks at one trait.
        offset: Leave out so many persons at the beginning; the count is of all.
        limit: List at most so many.
    """
    from sojourn.store.person_search import search_persons  # noqa: PLC0415  (heavy)

    journeys = call.journeys()
    return listed(journeys.persons_of([search_persons(journeys.index, q)]), offset=offset, limit=limit)


def endpoints(profile: type[Any]) -> tuple[Endpoint, ...]:
    """The paths.

    Args:
        profile: The record of a live profile.
    """
    found = endpoint("GET", "/api/persons", search, role="viewer", group="persons", table=True)
    return found, dataclasses.replace(_live(), tells=lambda components: record_schema(profile, components))


def _live() -> Endpoint:
    def answers(call: Call, _values: Values, places: Mapping[str, str], _body: object) -> object:
        return call.backing.live.person(places["id"])

    return Endpoint(
        method="GET", path="/api/persons/{id}", name="persons_live", role="viewer", options=(), body=None, status=200, group="persons",
        about="One person as the worker knows it this moment: identities, traits, consent, session, signals, scores, segments.",
        places={"id": "A user id, else an anonymous id, an e-mail address, ...; as it was sent."},
        answers=answers, tells=lambda _components: {},
    )  # fmt: skip
