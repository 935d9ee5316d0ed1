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
from sojourn.store.sqlite import database, overwrite_residue, queries

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


def rejected_page(
    folder: Folder, *, reason: str | None = None, source: str | None = None, most: int = 50, skip: int = 0
) -> list[tuple[Any, ...]]:
    """(key, source, file, line, reason, detail, raw, rejected_at) of rows, newest first.

    Args:
        folder: The data folder.
        reason: Only rows of this one; None: of any.
        source: Only rows of this one; None: of any.
        most: At most so many.
        skip: Leave out so many of the newest.
    """
    with database(folder.quarantine, "quarantine") as quarantine:
        asked = {"reason": reason, "source": source, "most": most, "skip": skip}
        return list(queries("quarantine").rejected_page(quarantine, **asked))


def rejected_row(folder: Folder, key: bytes) -> tuple[Any, ...] | None:
    """One row, as `rejected_page` gives it; None when it is not there."""
    with database(folder.quarantine, "quarantine") as quarantine:
        found = queries("quarantine").rejected_of_key(quarantine, key=key)
        return None if found is None else tuple(found)


def count_by_source(folder: Folder) -> dict[tuple[str, str], int]:
    """Rows in quarantine by reason and source, most frequent first."""
    with database(folder.quarantine, "quarantine") as quarantine:
        return {(reason, source): rows for reason, source, rows in queries("quarantine").rejected_by_both(quarantine)}


def take_out(folder: Folder, keys: Sequence[bytes]) -> None:
    """Remove rows: they were accepted after all, or somebody threw them away."""
    with database(folder.quarantine, "quarantine") as quarantine:
        queries("quarantine").erase(quarantine, [{"key": key} for key in keys])


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


def forget_rejected(folder: Folder, *, before: str) -> int:
    """Delete what was rejected before a moment (ISO 8601 UTC), bytes included; returns how many rows."""
    if not folder.quarantine.exists():
        return 0
    with database(folder.quarantine, "quarantine") as quarantine:
        gone = int(queries("quarantine").forget_rejected(quarantine, before=before))
    if gone:
        overwrite_residue(folder.quarantine)
    return gone
