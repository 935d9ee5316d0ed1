"""What has left a data folder: persons that were erased, events that have expired.

In: a data folder. Out: receipts. Takes nothing away; `api.person_changes` and the keeper do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sojourn.store import decided
from sojourn.store.expiry import Expiry, expiries

if TYPE_CHECKING:
    from sojourn.store.folder import Folder


__all__ = ["Expiry", "erasures", "expiries"]


def erasures(folder: Folder) -> list[tuple[int, str, int, int, int]]:
    """(number, when, identifiers, events, rejected rows) of each erasure, oldest first; none names the person."""
    return decided.erasures(folder)
