"""Events that are older than the settings say leave every store: what the keeper and `sojourn retain` do.

In: a data folder. Out: what went, in words and in the audit log, and a live state that follows. Decides nothing: the settings, or who asks, do.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sojourn.records.errors import BadOption
from sojourn.store.audit import record
from sojourn.store.expiry import before_of, expire, is_due
from sojourn.store.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from sojourn.store.expiry import Expiry
    from sojourn.store.folder import Folder

    Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Retained:
    """What `sojourn retain` did.

    Attributes:
        receipt: Of the run; None when nothing of before was there.
        live: Whether the live state has followed; if not, a worker is at it, or does it when it runs.
    """

    receipt: Expiry | None
    live: bool

    def sentence(self) -> str:
        """The same in a line."""
        live = "" if self.live else "; the live state follows with the worker"
        if self.receipt is None:
            return f"nothing has expired since the last run{live}"
        kept = f", {self.receipt.choices:,} events stay for the no they hold" if self.receipt.choices else ""
        return f"{_told(self.receipt)} have expired and are gone{kept}{live}; backups and your own copies of imported files still hold them"


def limit_now(folder: Folder, days: int | None = None) -> int | None:
    """The time before which events expire, microseconds UTC: by a number of days, else by the settings; None when they are kept for ever."""
    days = read_settings(folder).events_days if days is None else days
    return None if days is None else before_of(days, now=dt.datetime.now(dt.UTC))


def expire_due(
    folder: Folder, *, who: str, before_us: int | None = None, progress: Progress | None = None
) -> Expiry | None:
    """Have expire what is due, in table, index and log.

    Args:
        folder: The data folder.
        who: Who does, for the audit log.
        before_us: Events of before this time; None: as the settings say.
        progress: Called with what is done.

    Raises:
        FolderBusy: Somebody is writing to the folder.
    """
    before = limit_now(folder) if before_us is None else before_us
    if before is None or not is_due(folder, before):
        return None
    with folder.writing():
        receipt = expire(folder, before, progress=progress)
    if receipt is not None and (receipt.events or receipt.logged):
        detail = {"receipt": receipt.id, "before": receipt.before, "events": receipt.events, "first": receipt.first, "last": receipt.last}  # fmt: skip
        record(folder, who=who, what="removed expired events", detail=detail)
    return receipt


def retain(folder: Folder, before_us: int, *, progress: Progress | None = None) -> Retained:
    """Have events expire at once, and wait until the live state has followed.

    Raises:
        FolderBusy: Somebody is writing to the folder.
    """
    from sojourn.app.live import fold_rules  # noqa: PLC0415  (heavy, and nothing for the keeper)
    from sojourn.app.renewing import renew_live  # noqa: PLC0415  (the same)

    receipt = expire_due(folder, who="command line", before_us=before_us, progress=progress)
    return Retained(receipt, renew_live(folder, lambda: fold_rules(folder)))


def needed_limit(folder: Folder, days: int | None) -> int:
    """`limit_now`, where there has to be one.

    Raises:
        BadOption: No days are given and none are set.
    """
    before = limit_now(folder, days)
    if before is None:
        message = "events are kept for ever here; say --days, or set for how many days in the console (Settings, events are kept for)"
        raise BadOption(message)
    return before


def _told(receipt: Expiry) -> str:
    if receipt.first is None or receipt.last is None:
        return f"{receipt.events:,} events of before {receipt.before[:10]}"
    return f"{receipt.events:,} events of {receipt.first[:10]} to {receipt.last[:10]}"
