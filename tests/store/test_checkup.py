"""The doctor names what is broken, and what it says to do mends it."""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import sqlite3
import subprocess
import sys
import tarfile
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from sojourn.app.cli import app
from sojourn.app.keeper import KeeperOptions, keep_once
from sojourn.store.checkup import check_folder
from sojourn.store.delta_log import log_of
from sojourn.store.folder import open_folder
from sojourn.store.index import open_index, refresh_index
from sojourn.store.log import Log
from sojourn.store.state import WORKER, Changes, State
from tests.store.log_events import events
from tests.store.rows import Row, batch, store

if TYPE_CHECKING:
    from pathlib import Path

    from sojourn.store.checkup import Finding
    from sojourn.store.folder import Folder


@pytest.fixture
def shop(folder: Folder) -> Folder:
    """A folder that has imported, collected and answered."""
    store(folder, batch([Row(user=f"u{n}", second=n) for n in range(20)]))
    with folder.writing():
        refresh_index(folder)
    Log(folder).append(events(0, 5))
    return folder


def found(folder: Folder) -> list[Finding]:
    return check_folder(folder.path, free=lambda _path: 1 << 40)


def one(folder: Folder) -> Finding:
    [finding] = found(folder)
    return finding


def test_a_folder_in_order_has_no_findings(shop: Folder) -> None:
    assert found(shop) == []
    keep_once(shop, KeeperOptions())
    assert found(shop) == []


def test_a_torn_commit_is_named_and_set_aside_by_the_keeper(shop: Folder) -> None:
    (log_of(shop.events) / f"{99:020d}.json").write_text('{"add": {"pa')

    finding = one(shop)

    assert finding.check == "delta_log"
    assert "left by a crash: 00000000000000000099.json" in finding.found
    keep_once(shop, KeeperOptions())
    assert found(shop) == []


def test_a_table_that_cannot_be_read_is_named(shop: Folder) -> None:
    for commit in log_of(shop.events).glob("*.json"):
        commit.write_bytes(commit.read_bytes()[:50])

    assert "delta_log" in {finding.check for finding in found(shop)}


def test_a_missing_index_is_named_and_built_by_the_next_question(shop: Folder) -> None:
    shutil.rmtree(shop.index)

    assert one(shop).check == "index"
    open_index(shop)
    assert found(shop) == []


def test_a_cursor_ahead_of_the_log_is_named(shop: Folder) -> None:
    with State(shop):
        pass
    with contextlib.closing(sqlite3.connect(shop.path / "state.sqlite")) as state, state:
        state.execute("insert or replace into cursors (name, seq) values (?, 1000)", (WORKER,))

    assert one(shop).check == "cursor"
    assert one(shop).found.startswith("the worker's cursor 1000 is ahead of the log's last place 24")
    for file in shop.path.glob("state.sqlite*"):
        file.unlink()
    assert found(shop) == []


def test_events_that_wait_for_a_worker_that_does_not_run_are_named(shop: Folder) -> None:
    with State(shop) as state:
        state.write(Changes(), cursors={WORKER: Log(shop).last_seq() - 3})
    assert one(shop).found.startswith("no worker runs, and 3 events wait")

    with shop.alone("worker"):
        assert found(shop) == []


def test_a_log_older_than_the_table_is_named(shop: Folder, root: Path) -> None:
    """As after a restore that brought back the log alone; in a process that has not opened the other one."""
    keep_once(shop, KeeperOptions())
    other = shop.path.parent / "copy"
    shutil.copytree(shop.path, other, ignore=shutil.ignore_patterns("log", "durable.json"))
    Log(open_folder(other)).append(events(0, 3))
    shutil.copy(shop.events / "durable.json", other / "events")

    finding = one(open_folder(other))

    assert finding.check == "cursor"
    assert "past the log's last one, 2" in finding.found
    code = f"from pathlib import Path; from sojourn.store.checkup import check_folder; import sys; sys.exit(len(check_folder(Path({str(other)!r}), free=lambda p: 1 << 40)))"
    shutil.rmtree(other / "log")
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=root).returncode == 0


def test_a_full_disk_is_named(shop: Folder) -> None:
    [finding] = check_folder(shop.path, free=lambda _path: 5_000_000)

    assert (finding.check, finding.found) == ("disk", f"5 MB are free on the disk of {shop.path}")


@pytest.mark.parametrize("name", ["writer", pytest.param("keeper", marks=pytest.mark.long)])
def test_a_lock_of_a_stopped_process_is_named(shop: Folder, root: Path, name: str) -> None:
    held = "folder.writing()" if name == "writer" else f"folder.alone({name!r})"
    code = f"import sys, time; from sojourn.store.folder import open_folder; folder = open_folder(sys.argv[1])\nwith {held}: print(1, flush=True); time.sleep(60)"
    process = subprocess.Popen([sys.executable, "-c", code, shop.path], stdout=subprocess.PIPE, text=True, cwd=root)
    assert process.stdout is not None
    with contextlib.closing(process.stdout):
        assert process.stdout.readline() == "1\n"
        assert found(shop) == [], "it works"
        process.send_signal(signal.SIGSTOP)
        _wait_until_stopped(process.pid)

        assert one(shop).found == f"{name}.lock is held by process {process.pid}, which is stopped and does nothing"
        process.kill()
        process.wait()
    assert found(shop) == []


def _wait_until_stopped(pid: int) -> None:
    from pathlib import Path

    while Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "T":
        pass


def test_readers_that_were_killed_are_named_once(shop: Folder, root: Path) -> None:
    """While somebody has the log open: the last one out clears the table of readers."""
    log = Log(shop)
    code = "import os, sys; from sojourn.store.folder import open_folder; from sojourn.store.log import Log\nwith Log(open_folder(sys.argv[1])).ids.env.reading(): os.kill(os.getpid(), 9)"
    subprocess.run([sys.executable, "-c", code, shop.path], check=False, cwd=root)

    assert one(shop).found == "1 readers of the log were killed and held on to its pages"
    assert found(shop) == []
    assert log.last_seq() == 24


def test_an_older_format_is_named(root: Path, tmp_path: Path) -> None:
    with tarfile.open(root / "tests" / "store" / "folders" / "format-1.tar.gz") as packed:
        packed.extractall(tmp_path, filter="data")
    old = open_folder(tmp_path / "format1")

    assert {finding.check for finding in found(old)} == {"schema", "index"}
    keep_once(old, KeeperOptions())
    open_index(open_folder(old.path))
    assert found(open_folder(old.path)) == []


def test_the_command_says_it_and_ends_with_code_1(shop: Folder, tmp_path: Path) -> None:
    shutil.rmtree(shop.index)
    done = CliRunner().invoke(app, ["doctor", "--data", str(shop.path), "--json"])
    said = json.loads(done.stdout)

    assert done.exit_code == 1
    assert "index" in {finding["check"] for finding in said["findings"]}
    assert (
        "do: the next question builds it again" in CliRunner().invoke(app, ["doctor", "--data", str(shop.path)]).stdout
    )
    nothing = CliRunner().invoke(app, ["doctor", "--data", str(tmp_path / "none"), "--json"])
    assert json.loads(nothing.stdout)["findings"][0]["check"] == "folder"
