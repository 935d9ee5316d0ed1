"""The keeper: events become facts when they are due, once, and what is no longer needed goes."""

from __future__ import annotations

import contextlib
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest
from tests.store.log_events import events

from sojourn.app import keeper as keepers
from sojourn.app.keeper import Keeper, KeeperOptions, keep_once
from sojourn.records.errors import FolderBusy
from sojourn.store.events import EventsTable
from sojourn.store.folder import Folder, create_folder
from sojourn.store.index import open_index
from sojourn.store.log import Log
from sojourn.store.state import WORKER, State

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DAY_S = 86_400


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return create_folder(tmp_path / "data")


def stored(folder: Folder) -> int:
    return EventsTable(folder.events).read().rows


def worker_at(folder: Folder, seq: int) -> None:
    """As if the worker had taken everything up to a place."""
    with State(folder):
        pass
    with contextlib.closing(sqlite3.connect(folder.path / "state.sqlite")) as state, state:
        state.execute("insert or replace into cursors (name, seq) values (?, ?)", (WORKER, seq))


def until(found: Callable[[], bool], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def test_events_are_flushed_when_they_are_many_or_have_waited(folder: Folder) -> None:
    log = Log(folder)
    keeper = Keeper(folder, KeeperOptions(every_s=0.3, rows=10))
    log.append(events(0, 5))

    keeper.look_after()
    assert stored(folder) == 0
    log.append(events(5, 12))
    keeper.look_after()
    assert stored(folder) == 12, "ten wait: now"
    log.append(events(12, 13))
    keeper.look_after()
    assert stored(folder) == 12
    time.sleep(0.35)
    keeper.look_after()
    assert stored(folder) == 13, "one has waited for 0.3 s"
    assert open_index(folder).manifest.rows == 13


def test_it_works_until_it_is_told_to_stop_and_waits_for_an_import(folder: Folder) -> None:
    log, stop = Log(folder), threading.Event()
    keeper = Keeper(folder, KeeperOptions(every_s=0, rows=10))
    thread = threading.Thread(target=keeper.run, args=(stop,))
    with folder.writing():
        thread.start()
        log.append(events(0, 5))
        time.sleep(0.5)
        assert stored(folder) == 0
    until(lambda: stored(folder) == 5)
    stop.set()
    thread.join(10)
    assert not thread.is_alive()


def test_days_of_the_log_go_when_table_and_state_have_passed_them_and_their_time_is_over(folder: Folder) -> None:
    clock = [time.time() - 10 * DAY_S]
    log = Log(folder, now=lambda: clock[0])
    log.append(events(0, 5))
    clock[0] += DAY_S
    log.append(events(5, 8))
    clock[0] += 9 * DAY_S
    log.append(events(8, 9))
    options = KeeperOptions(keep_days=7)
    worker_at(folder, 4)

    keep_once(folder, options)
    assert log.first_seq() == 5, "the worker has not passed the second day"
    worker_at(folder, 8)
    keep_once(folder, options)
    assert log.first_seq() == 8
    assert sum(log.append(events(0, 9)).fresh) == 0, "a replay after the log's retention adds nothing"
    assert open_index(folder).manifest.rows == 9
    keep_once(folder, KeeperOptions(keep_days=7, ids_days=8))
    assert sum(log.append(events(0, 9)).fresh) == 8, "ids of more than eight days ago are forgotten"


def test_old_files_are_compacted(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keepers, "FRESH_FILES", 3)
    log, keeper = Log(folder), Keeper(folder, KeeperOptions(every_s=0))
    for n in range(5):
        log.append(events(n, n + 1))
        keeper.flush()

    assert len(EventsTable(folder.events).read().files) < 5
    assert open_index(folder).manifest.rows == 5


def test_a_second_keeper_of_a_folder_is_refused(folder: Folder) -> None:
    with folder.alone("keeper"), pytest.raises(FolderBusy, match="the keeper of"):
        keep_once(folder, KeeperOptions())


@pytest.mark.long
def test_the_command_keeps_a_folder_and_ends_cleanly(folder: Folder) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "sojourn", "keeper", "--data", folder.path, "--every-s", "0"], stderr=subprocess.PIPE
    )
    log = Log(folder)
    log.append(events(0, 20))
    until(lambda: stored(folder) == 20)

    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=30)

    assert process.returncode == 0, said
    assert b'"event": "flushed"' in said
