"""Rows that were rejected, kept with their reason.

In: rejected rows. Out: the same, kept once however often their file is imported.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from sojourn.records.rejected import RAW_LIMIT, Rejected
from sojourn.store.sqlite import database, queries

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sojourn.store.folder import Folder


def keep_rejected(folder: Folder, source: str, rejected: Sequence[Rejected]) -> None:
    """Put the rejected rows of one import into quarantine.

    A row is known by its source, reason, bytes and how often it came before in the same import.
    """
    if not rejected:
        return
    now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    times: Counter[bytes] = Counter()
    # By key, as the table is sorted: a fifth of the time of rows that jump about in it.
    rows = sorted((_row(row, source, times, now) for row in rejected), key=itemgetter("key"))
    with database(folder.quarantine, "quarantine") as quarantine:
        queries("quarantine").add_rejected(quarantine, rows)


def rejected_rows(folder: Folder, *, most: int) -> list[tuple[Any, ...]]:
    """(source, file, line, reason, detail, raw, rejected_at) of the newest rows."""
    with database(folder.quarantine, "quarantine") as quarantine:
        return list(queries("quarantine").rejected_rows(quarantine, most=most))


def count_rejected(folder: Folder) -> dict[str, int]:
    """Rows in quarantine by reason, most frequent first."""
    with database(folder.quarantine, "quarantine") as quarantine:
        return dict(queries("quarantine").rejected_by_reason(quarantine))


def _row(row: Rejected, source: str, times: Counter[bytes], now: str) -> dict[str, Any]:
    content = b"\0".join((source.encode(), row.reason.encode(), row.raw))
    digest = hashlib.blake2b(content, digest_size=16).digest()
    times[digest] += 1
    return {
        "key": digest + times[digest].to_bytes(4, "big"),
        "source": source,
        "file": row.file,
        "line": row.line,
        "reason": row.reason.value,
        "detail": row.detail,
        "raw": row.raw[:RAW_LIMIT],
        "rejected_at": now,
    }
