"""The processes that `test_log_crash.py` kills: one collects events, one keeps the folder, one imports."""

from __future__ import annotations

import os
import random
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from sojourn.app import keeper
from sojourn.app.keeper import Keeper, KeeperOptions
from sojourn.records.errors import FolderBusy
from sojourn.store import compaction, flush, index, index_build, log, log_ids, log_import
from sojourn.store.events import EventsTable
from sojourn.store.folder import open_folder
from sojourn.store.log import Log
from tests.store.doomed import small
from tests.store.log_events import event
from tests.store.power import Journal, watched
from tests.store.rows import Row, batch, store

if TYPE_CHECKING:
    from pathlib import Path

    from sojourn.records.event import Event

START = 1_704_067_200.0
SHARE_AGAIN = 0.3
_PHASES: dict[str, tuple[Any, str]] = {
    "appending": (Log, "append"),
    "beginning a day": (Log, "_current"),
    "moving ids": (Log, "_move"),
    "dropping days": (Log, "drop_days"),
    "listing days": (log_ids.LogIds, "set_days"),
    "flushing": (flush, "stage_tail"),
    "committing": (EventsTable, "commit"),
    "settling": (EventsTable, "_settle"),
    "recovering": (EventsTable, "recover"),
    "claiming": (Log, "claim"),
    "joining": (log_import, "_claimed_before"),
    "compacting": (compaction, "_rewrite"),
    "indexing": (index_build._Builder, "build"),
    "merging": (index.Index, "merge_newer"),
}


@dataclass(frozen=True)
class Doom:
    """What to do until killed.

    Attributes:
        action: `collect`, `keep` or `import`.
        data: The data folder.
        journal: Where syncs are noted.
        acknowledged: File of the numbers that were acknowledged, one a line.
        first: Numbers of new events begin here.
        known: Events of numbers below this may be sent again.
        day: The log's clock, in days.
        seed: Decides everything.
    """

    action: str
    data: Path
    journal: Path
    acknowledged: Path
    first: int
    known: int
    day: float
    seed: int


def numbered(n: int) -> Event:
    """The event of a number: as often as it is sent, the same."""
    return event(f"m{n}", second=n, anonymous=f"device{n % 17}", user=_user(n))


def _user(n: int) -> str | None:
    return f"u{n % 5}" if n % 13 == 0 else None


def run(doom: Doom) -> None:
    """Work until killed."""
    journal = Journal(doom.journal)
    small()
    watched(journal, _PHASES)
    vars(log)["_MOST"] = 50
    vars(keeper)["FRESH_FILES"] = 3
    vars(os)["fsync"] = journal.record
    {"collect": _collect, "keep": _keep, "import": _import}[doom.action](doom)


def _acknowledge(doom: Doom, numbers: list[int]) -> None:
    descriptor = os.open(doom.acknowledged, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, "".join(f"{n}\n" for n in numbers).encode())
    os.close(descriptor)


def _numbers(doom: Doom, chance: random.Random, following: int) -> list[int]:
    """New numbers and old ones, some of them twice."""
    new = list(range(following, following + chance.randint(1, 12)))
    again = [chance.randrange(max(doom.known, 1)) for _ in range(len(new)) if chance.random() < SHARE_AGAIN]
    numbers = [*new, *again, *chance.choices(new, k=1)]
    chance.shuffle(numbers)
    return numbers


def _collect(doom: Doom) -> None:
    chance, following, began = random.Random(doom.seed), doom.first, time.monotonic()
    # A day is over every half second.
    collected = Log(open_folder(doom.data), now=lambda: START + 86_400 * (doom.day + 2 * (time.monotonic() - began)))
    while True:
        numbers = _numbers(doom, chance, following)
        collected.append([numbered(n) for n in numbers])
        _acknowledge(doom, numbers)
        following = max(following, *numbers) + 1


def _keep(doom: Doom) -> None:
    folder = open_folder(doom.data)
    with folder.alone("keeper"):
        # The log's clock is years behind: by the keeper's, every id would be old enough to be forgotten.
        keeping = Keeper(folder, KeeperOptions(every_s=0, rows=1, keep_days=0, ids_days=100_000))
        while True:
            try:
                keeping.flush()
                keeping.care()
            except FolderBusy:
                time.sleep(0.01)


def _import(doom: Doom) -> None:
    """Files of events that come live too: the same ids, times and persons, for what comes twice at once says the same."""
    chance, following = random.Random(doom.seed), doom.first
    while True:
        numbers = _numbers(doom, chance, following)
        rows = [
            Row(user=_user(n), anonymous=f"device{n % 17}", second=n, event="Page Viewed", message_id=f"m{n}")
            for n in numbers
        ]
        try:
            partial(store, source="web")(open_folder(doom.data), batch(rows))
        except FolderBusy:
            time.sleep(0.01)
            continue
        _acknowledge(doom, numbers)
        following = max(following, *numbers) + 1
