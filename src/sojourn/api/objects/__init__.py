"""The things of a data folder over HTTP, one module a kind: each path is made from the function behind it.

In: calls by somebody who was let in. Out: records. Every change leaves a line in the audit log.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sojourn.api.objects import (
    audit,
    catalogue,
    consent,
    erasures,
    events,
    expiries,
    health,
    imports,
    keys,
    links,
    persons,
    rejected,
    requests,
    settings,
    tables,
    users,
)

if TYPE_CHECKING:
    from sojourn.api.endpoint import Endpoint


def endpoints(profile: type[Any]) -> tuple[Endpoint, ...]:
    """Every path of things.

    Args:
        profile: The record of a live profile.
    """
    return (
        *persons.endpoints(profile),
        *links.ENDPOINTS,
        *consent.ENDPOINTS,
        *erasures.ENDPOINTS,
        *expiries.ENDPOINTS,
        *requests.ENDPOINTS,
        *events.ENDPOINTS,
        *rejected.ENDPOINTS,
        *imports.ENDPOINTS,
        *catalogue.ENDPOINTS,
        *keys.ENDPOINTS,
        *users.ENDPOINTS,
        *settings.ENDPOINTS,
        *tables.ENDPOINTS,
        *audit.ENDPOINTS,
        *health.ENDPOINTS,
    )
