"""The ids that an events table holds, for a log that begins after it.

Run as `python -m sojourn.store.log_seed FOLDER SECONDS` by `store.log_start`, or called where tables are read anyway. In: a data folder. Out: `log/ids`, which knows
every message id that came with an event of the table. Ids made of a row's fields are left out: no live event has one.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np

from sojourn.store.events import EventsTable
from sojourn.store.folder import open_folder
from sojourn.store.log_start import begin

if TYPE_CHECKING:
    from sojourn.store.folder import Folder

_DAY_S = 86_400
_COLUMNS = ("seq", "message_id", "id_high", "id_low")


def main() -> None:
    """What the command does."""
    seed(open_folder(sys.argv[1]), float(sys.argv[2]))


def seed(folder: Folder, now: float) -> None:
    """Read the table, newest version, and remember its ids, seen at a time in seconds since 1970 UTC."""
    table = EventsTable(folder.events)
    version = table.read()
    ids = begin(folder.path / "log", version.seq + 1, now)
    for rows in table.scan(version, _COLUMNS):
        given = rows.filter(rows["message_id"].is_valid())
        halves = [given[name].to_numpy() for name in ("id_high", "id_low")]
        keys = np.column_stack(halves).tobytes()
        ids.put(
            [keys[at : at + 16] for at in range(0, len(keys), 16)], given["seq"].to_pylist(), day=int(now // _DAY_S)
        )


if __name__ == "__main__":
    main()
