"""Who runs on a folder is told by locks, which a killed process does not hold."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from sojourn.records.errors import FolderBusy
from sojourn.store.folder import Folder, create_folder
from sojourn.store.running import forget_restarts, is_held, note_restart, restarts, running

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return create_folder(tmp_path / "data")


def test_what_runs_is_told_with_its_number_and_where_it_listens(folder: Folder) -> None:
    assert running(folder, "worker") is None

    with folder.alone("worker"), folder.present("collector", "http://127.0.0.1:8001"):
        worker, collector = running(folder, "worker"), running(folder, "collector")
    assert worker is not None
    assert collector is not None
    assert (worker.pid, worker.address) == (os.getpid(), None)
    assert (collector.pid, collector.address) == (os.getpid(), "http://127.0.0.1:8001")
    assert abs(collector.since - time.time()) < 60
    assert running(folder, "worker") is running(folder, "collector") is None


def test_of_some_processes_there_may_be_several_of_others_one(folder: Folder) -> None:
    with folder.present("collector", "a"):
        with folder.present("collector", "b"):
            pass
        assert running(folder, "collector") is not None
    with folder.alone("worker"), pytest.raises(FolderBusy, match=rf"process {os.getpid()} is the worker of"):
        folder.alone("worker").__enter__()


def test_a_killed_process_runs_no_more(folder: Folder) -> None:
    code = "import sys, time; from sojourn.store.folder import open_folder as f; c = f(sys.argv[1]).alone('keeper'); c.__enter__(); print(flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", code, str(folder.path)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        found = running(folder, "keeper")
        process.kill()
    assert found is not None
    assert found.pid == process.pid
    assert running(folder, "keeper") is None


def test_who_looks_keeps_nobody_from_taking_a_lock(folder: Folder) -> None:
    stop = threading.Event()

    def look() -> None:
        while not stop.is_set():
            is_held(folder.path / "worker.lock")

    looking = threading.Thread(target=look)
    looking.start()
    try:
        for _ in range(200):
            with folder.alone("worker"):
                pass
    finally:
        stop.set()
        looking.join()


def test_restarts_are_counted_until_all_is_started_anew(folder: Folder) -> None:
    assert restarts(folder) == {}

    note_restart(folder, "worker", "was killed by SIGKILL")
    note_restart(folder, "worker", "ended with code 70")
    note_restart(folder, "keeper", "ended by itself")

    assert {name: (one.times, one.how) for name, one in restarts(folder).items()} == {
        "worker": (2, "ended with code 70"),
        "keeper": (1, "ended by itself"),
    }
    forget_restarts(folder)
    assert restarts(folder) == {}
