"""Erasures done.

In: a data folder. Out: their receipts. Erases nobody; `api.person_changes` does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sojourn.store import decided

if TYPE_CHECKING:
    from sojourn.store.folder import Folder


def erasures(folder: Folder) -> list[tuple[int, str, int, int, int]]:
    """(number, when, identifiers, events, rejected rows) of each erasure, oldest first; none names the person."""
    return decided.erasures(folder)
