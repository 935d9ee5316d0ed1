"""Export and erasure of one person, for whoever asks over HTTP.

In: a data folder and an identifier. Out: all that is known of the person as JSON, or the receipt of the erasure. Writes no audit line: who
asked is known where the request came in.
"""

from __future__ import annotations

import io
import time
from typing import TYPE_CHECKING

from sojourn.app.forgetting import forget_live
from sojourn.app.live import fold_rules
from sojourn.app.person_export import export_person
from sojourn.records.errors import FolderBusy
from sojourn.store.erasure import Receipt, erase

if TYPE_CHECKING:
    from sojourn.api.history import History

_WAIT_S = 60.0
_PAUSE_S = 0.1


class FolderCare:
    """What is done for a person of a data folder on request; `api.person_changes.PersonCare`."""

    def __init__(self, history: History) -> None:
        """Of the folder of these journeys."""
        self._history = history

    def export(self, identifier: str) -> bytes:
        """Everything that is known of a person, as one JSON object (docs/export.md).

        Raises:
            UnknownPerson: No event carries the identifier.
        """
        from sojourn.api.scope import Scope  # noqa: PLC0415  (only here)

        out = io.BytesIO()
        journeys = self._history.journeys(Scope(bots=True))
        export_person(journeys, identifier, out, progress=lambda _what, _done, _of: None)
        return out.getvalue()

    def erase(self, identifier: str) -> Receipt:
        """Erase a person from every store; returns when nothing is left, the live state included.

        Raises:
            UnknownPerson: No event carries the identifier.
            FolderBusy: Somebody has been writing to the folder for a minute, or the worker did not forget in time.
            StorageFull: The disk is full; do it again when there is space.
        """
        folder = self._history.folder
        end = time.monotonic() + _WAIT_S
        try:
            while True:
                try:
                    with folder.writing():
                        return erase(folder, identifier)
                except FolderBusy:
                    if time.monotonic() >= end:
                        raise
                time.sleep(_PAUSE_S)
        finally:
            # Also when there is no such person any more: an erasure that was killed may have left this to be done.
            forget_live(folder, lambda: fold_rules(folder))
