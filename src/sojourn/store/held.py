"""What a restored folder would send, and holding it until somebody has seen that.

In: a data folder. Out: what waits for each receiver; nothing is sent while the folder is held. What was sent after the backup was made is
told by nobody here: the receivers know it by its ids.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import msgspec

from sojourn.records.errors import SendsHeld
from sojourn.records.periods import from_us
from sojourn.store import audit
from sojourn.store.durable import replace_file, sync_folder
from sojourn.store.state import STATE_FILE, Changes, State

if TYPE_CHECKING:
    from pathlib import Path

    from sojourn.store.folder import Folder
    from sojourn.store.state import Move

FILE = "held.json"
WEBHOOK = "webhook "
"""What the cursor of a receiver is called, before its address."""


class Held(msgspec.Struct, frozen=True):
    """Since when, and of which moment the folder is.

    Attributes:
        restored_at: ISO 8601 UTC.
        taken_at: When the backup was made.
    """

    restored_at: str
    taken_at: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """What one receiver would be told.

    Attributes:
        receiver: Its address.
        moves: Entries into segments and exits that it has not taken.
        first: The first of them, in words; empty when there are none.
        last: The last of them.
    """

    receiver: str
    moves: int
    first: str
    last: str


def hold(place: Path, held: Held) -> None:
    """Hold whatever would be sent from a folder."""
    replace_file(place / FILE, msgspec.json.encode(held))


def held(folder: Folder) -> Held | None:
    """Since when sends are held; None when they are not."""
    try:
        return msgspec.json.decode((folder.path / FILE).read_bytes(), type=Held)
    except FileNotFoundError:
        return None


def check_not_held(folder: Folder) -> None:
    """For whoever is about to send.

    Raises:
        SendsHeld: The folder was restored, and nobody has released it.
    """
    found = held(folder)
    if found is not None:
        message = (
            f"{folder.path} was restored from a backup of {found.taken_at}, and nothing is sent from it until you have seen what: "
            f"`sojourn restore --release --data {folder.path}`"
        )
        raise SendsHeld(message)


def waiting(folder: Folder) -> list[Waiting]:
    """What each receiver would be told now, by address."""
    if not (folder.path / STATE_FILE).exists():
        return []
    with State(folder) as state:
        return [_of(state, name) for name in state.cursor_names() if name.startswith(WEBHOOK)]


def _of(state: State, cursor: str) -> Waiting:
    place, count = max(state.cursor(cursor), 0), 0
    ends: list[Move] = []
    while moves := state.moves(place):
        count += len(moves)
        ends = [*ends[:1], *(move for _, move in (moves[0], moves[-1]))]
        place = moves[-1][0]
    first, last = (_told(ends[0]), _told(ends[-1])) if ends else ("", "")
    return Waiting(cursor.removeprefix(WEBHOOK), count, first, last)


def _told(move: Move) -> str:
    return (
        f"{move.label} {'entered' if move.entered else 'left'} {move.segment} at {from_us(move.at):%Y-%m-%d %H:%M:%S}"
    )


def release(folder: Folder, what: Literal["send", "drop"], *, who: str) -> None:
    """Let sends go on; nothing changes where none are held.

    Args:
        folder: The data folder.
        what: `send`: what waits is sent, receivers know what they have by its id; `drop`: it is passed over.
        who: Let them, for the audit log.
    """
    found = held(folder)
    if found is None:
        return
    told = {one.receiver: one.moves for one in waiting(folder)}
    if what == "drop" and (folder.path / STATE_FILE).exists():
        with State(folder) as state:
            end = state.last_move()
            cursors = {name: end for name in state.cursor_names() if name.startswith(WEBHOOK)}
            state.write(Changes(), cursors=cursors)
    (folder.path / FILE).unlink(missing_ok=True)
    sync_folder(folder.path)
    detail = {"backup of": found.taken_at, "what waited": "sent" if what == "send" else "passed over", "moves": told}
    audit.record(folder, who=who, what="released the sends of a restored folder", detail=detail)
