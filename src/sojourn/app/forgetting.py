"""Erased persons leave the live state, bytes included.

In: the suppression list of a data folder. Out: a state that holds nothing of whom it names from before the erasure. A running worker
does it by itself; without one, whoever erases does.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sojourn.app.effects import effects
from sojourn.records.errors import FolderBusy
from sojourn.store.durable import clear_errors
from sojourn.store.state import STATE_FILE, State
from sojourn.store.tail import suppressed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from sojourn.app.effects import FoldRules
    from sojourn.store.folder import Folder

WAIT_S = 60.0
_LOOK_S = 0.1


def forget_erased(state: State, rules: FoldRules, until: Mapping[int, int], *, again: Collection[int] = ()) -> None:
    """Take erased actors out of a state. For the holder of the folder's `worker` lock.

    Args:
        state: The state.
        rules: How to fold those again that were joined with them.
        until: Erased actors: until when their events are refused, microseconds.
        again: Further actors whose persons are to be found again.
    """
    erased = state.erased(until)
    if again or erased:
        now = time.time_ns() // 1_000
        state.write(effects((), state, rules, again=again, erased=erased, now_us=now), cursors={})
    state.overwrite_residue()


def forget_live(folder: Folder, rules: Callable[[], FoldRules], *, wait_s: float = WAIT_S) -> None:
    """Return when nothing of an erased person is in the live state: done here, or by the worker that is running.

    Args:
        folder: The data folder.
        rules: Gives what its events are read by; asked only when there is no worker.
        wait_s: How long to wait for a running worker, seconds.

    Raises:
        FolderBusy: A worker holds the state and has not done it in that time.
    """
    if not (folder.path / STATE_FILE).exists():
        return
    until, end = suppressed(folder), time.monotonic() + wait_s
    while True:
        try:
            with folder.alone("worker"), clear_errors(folder.path, "the live state is not rid of erased persons yet"):
                with State(folder) as state:
                    forget_erased(state, rules(), until)
                return
        except FolderBusy as error:
            if _is_forgotten(folder, until):
                return
            if time.monotonic() >= end:
                message = (
                    f"events, log and index are rid of the person, the live state is not after {wait_s:.0f} s: {error}. "
                    "The worker does it with its next look; the same command again says when it is done"
                )
                raise FolderBusy(message) from error
        time.sleep(_LOOK_S)


def _is_forgotten(folder: Folder, until: Mapping[int, int]) -> bool:
    with State(folder) as state:
        return not state.has_residue() and not state.erased(until)
