"""What has left a data folder: persons that were erased, events that have expired.

In: a data folder. Out: receipts. Takes nothing away; `api.person_changes` and the keeper do.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from sojourn.store import decided
from sojourn.store.expiry import Expiry, before_of, expiries, iso_of, waiting
from sojourn.store.settings import MOST_DAYS
from sojourn.store.tail import read_version

if TYPE_CHECKING:
    from sojourn.store.folder import Folder


__all__ = ["Expiry", "erasures", "expiries", "told_before", "what_would_expire"]


def erasures(folder: Folder) -> list[tuple[int, str, int, int, int]]:
    """(number, when, identifiers, events, rejected rows) of each erasure, oldest first; none names the person."""
    return decided.erasures(folder)


def told_before(folder: Folder, before_us: int) -> str:
    """What would leave every store if events of before a time expired, in words; empty for nothing."""
    found = waiting(folder, read_version(folder), before_us)
    if found.first_us is None:
        return ""
    count = "1 event" if found.events == 1 else f"{found.events:,} events"
    return f"{count} of {iso_of(found.first_us)[:10]} and later happened before {iso_of(before_us)[:10]}, and would go"


def what_would_expire(folder: Folder, days: int) -> str:
    """The same of a setting of so many days, as of now."""
    return told_before(folder, before_of(min(days, MOST_DAYS), now=dt.datetime.now(dt.UTC)))
