"""The audit log: who changed what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sojourn.api.endpoint import endpoint
from sojourn.store.audit import AuditLine, audit_log

if TYPE_CHECKING:
    from sojourn.api.call import Call


@dataclass(frozen=True, slots=True)
class AuditLines:
    """Changes.

    Attributes:
        lines: Newest first.
    """

    lines: tuple[AuditLine, ...]


def listing(call: Call, *, offset: int = 0, limit: int = 100) -> AuditLines:
    """Every change that was made through console, API or command line, newest first.

    Args:
        call: The request.
        offset: Leave out so many of the newest.
        limit: At most so many.
    """
    return AuditLines(tuple(audit_log(call.folder, most=max(limit, 0), skip=max(offset, 0))))


ENDPOINTS = (endpoint("GET", "/api/audit", listing, role="admin", group="audit"),)
