"""`sojourn up` as a whole: under load, killed in every part, ended, backed up and restored.

One started stack for the module; what it says and does is looked at from outside, as an operator does.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from base64 import b64encode
from collections import Counter
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sojourn.app.backup import restore
from sojourn.app.live import fold_rules, worker_of
from sojourn.app.live_profile import ProfileReader
from sojourn.store.events import EventsTable
from sojourn.store.folder import create_folder, open_folder
from sojourn.store.log import Log
from sojourn.store.running import PROCESSES, restarts, running
from sojourn.store.sources import create_key
from sojourn.store.state import State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sojourn.store.folder import Folder

pytestmark = pytest.mark.long

USERS = 40
BATCH = 20
AT_US = 4_000_000_000_000_000
SOJOURN = (sys.executable, "-m", "sojourn")


class Up:
    """A running `sojourn up`."""

    def __init__(self, folder: Folder, *options: str) -> None:
        self.folder, self.said = folder, folder.path.parent / f"said-{time.monotonic_ns()}"
        with self.said.open("wb") as errors:
            command = [
                *SOJOURN,
                "up",
                "--data",
                str(folder.path),
                "--collector-port",
                "0",
                "--console-port",
                "0",
                *options,
            ]
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)
        assert self.process.stdout is not None
        out = self.process.stdout
        self.addresses = dict(line.split() for line in (out.readline(), out.readline()))
        self.pids = {name: self.pid(name) for name in PROCESSES}

    @property
    def port(self) -> int:
        return int(self.addresses["collector"].rsplit(":", 1)[1])

    def pid(self, process: str) -> int:
        found = running(self.folder, process)
        assert found is not None, f"no {process}: {self.said.read_text()}"
        return found.pid

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.said.read_text().splitlines()]

    def end(self, number: int = signal.SIGINT) -> int:
        self.process.send_signal(number)
        code = self.process.wait(60)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code


class Load:
    """Sends batches, one after the other, and each again until it is acknowledged."""

    def __init__(self, key: str, port: int) -> None:
        self.port, self.acknowledged, self.refused = port, list[str](), Counter[int]()
        self._auth = f"Basic {b64encode(f'{key}:'.encode()).decode()}"
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(60)

    def _run(self) -> None:
        number = 0
        while not self._stop.is_set():
            ids = [f"m{n}" for n in range(number, number + BATCH)]
            if self._sent(ids):
                number += BATCH
                self.acknowledged += ids
            else:
                time.sleep(0.05)

    def _sent(self, ids: list[str]) -> bool:
        names = ("Product Viewed", "Product Added", "Order Completed")
        batch = [
            {
                "type": "track",
                "event": names[n % 3],
                "messageId": one,
                "userId": f"user{int(one[1:]) * 7 % USERS}",
            }
            for n, one in enumerate(ids)
        ]
        with (
            suppress(OSError, http.client.HTTPException),
            closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)) as connection,
        ):
            connection.request("POST", "/v1/batch", json.dumps({"batch": batch}), {"authorization": self._auth})
            status = connection.getresponse().status
            self.refused[status] += status != 200
            return status == 200
        return False


def until(said: Callable[[], Any], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not said():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.02)


def more(load: Load, batches: int) -> None:
    """Wait until so many more batches were acknowledged."""
    sent = len(load.acknowledged)
    until(lambda: len(load.acknowledged) > sent + batches * BATCH)


def kill_and_wait(up: Up, process: str) -> None:
    """Kill one of the processes, and wait until another one runs."""
    before = up.pid(process)
    os.kill(before, signal.SIGKILL)
    until(lambda: (found := running(up.folder, process)) and found.pid != before)


def is_there(pid: int) -> bool:
    """Whether a process runs; one that ended and was not waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def ids_in(folder: Folder) -> Counter[str]:
    """Message ids of all events, those of the table and those of the log behind it."""
    table = EventsTable(folder.events)
    version = table.read()
    ids = [one for rows in table.scan(version, ["message_id"]) for one in rows["message_id"].to_pylist()]
    log, after = Log(folder), version.seq
    while found := log.read(after):
        ids += [event.message_id for _, event in found]
        after = found[-1][0]
    return Counter(ids)


def profiles(folder: Folder) -> list[dict[str, Any]]:
    with worker_of(folder) as worker:
        worker.catch_up()
    with State(folder) as state:
        reader = ProfileReader(state, fold_rules(folder))
        return [reader.profile(f"user{n}", at_us=AT_US, behind=0).to_dict() for n in range(USERS)]


def run(*arguments: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*SOJOURN, *arguments], capture_output=True, text=True, timeout=timeout, check=False)


@contextmanager
def loaded(place: Path) -> Iterator[tuple[Up, Load, str]]:
    folder = create_folder(place / "data")
    key, _ = create_key(folder, "shop")
    up = Up(folder)
    load = Load(key, up.port)
    try:
        yield up, load, key
    finally:
        load.stop()
        for pid in [up.process.pid, *up.pids.values()]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        up.process.wait()
        assert up.process.stdout is not None
        up.process.stdout.close()


def test_nothing_is_lost_or_doubled_when_any_of_them_is_killed_and_a_backup_is_whole(tmp_path: Path) -> None:
    with loaded(tmp_path) as (up, load, key):
        folder = up.folder
        second = run("up", "--data", str(folder.path))
        assert (second.returncode, second.stdout) == (1, "")
        assert f"already, as process {up.process.pid}" in second.stderr

        for process in ("worker", "keeper", "collector", "console", "collector", "worker"):
            kill_and_wait(up, process)
            more(load, 5)
        assert {name: one.times for name, one in restarts(folder).items()} == {
            "worker": 2, "keeper": 1, "collector": 2, "console": 1,
        }  # fmt: skip
        died = [line for line in up.lines() if line["event"].startswith("died")]
        assert [line["how"] for line in died] == ["was killed by SIGKILL"] * 6
        assert {line["process"] for line in up.lines()} == {"up", *PROCESSES}

        known = list(load.acknowledged)
        backup = tmp_path / "backup.tar.zst"
        done = run("backup", str(backup), "--data", str(folder.path))
        assert done.returncode == 0, done.stderr

        # The supervisor itself: its processes end with it, and another one takes over.
        pids = [up.pid(process) for process in PROCESSES]
        up.process.kill()
        until(lambda: not any(map(is_there, pids)), 20)
        again = Up(folder)
        load.port = again.port
        more(load, 10)
        load.stop()
        pids = [again.pid(process) for process in PROCESSES]
        began = time.monotonic()
        assert again.end() == 0
        assert time.monotonic() - began < 20
        assert not any(map(is_there, pids))
        assert [line["what"] for line in again.lines() if line["event"] == "ended"] == list(PROCESSES)
        assert key

    found = ids_in(folder)
    assert set(load.acknowledged) <= found.keys()
    assert max(found.values()) == 1
    assert load.refused.total() == 0

    restore(backup, tmp_path / "new", erased_in=None, progress=lambda *_: None)
    new = open_folder(tmp_path / "new")
    assert set(known) <= ids_in(new).keys()
    assert max(ids_in(new).values()) == 1
    live = profiles(new)
    # The same, folded from table and log alone.
    (new.path / "state.sqlite").unlink()
    assert profiles(new) == live
    assert sum(profile["events"] for profile in live) == len(ids_in(new))


def test_a_killed_backup_leaves_no_file_and_is_in_nobodys_way_and_a_second_ctrl_c_ends_all_at_once(
    tmp_path: Path,
) -> None:
    with loaded(tmp_path) as (up, load, _):
        until(lambda: len(load.acknowledged) > 50 * BATCH)
        for wait_s in (0.6, 0.9, 1.2, 1.5):
            killed = subprocess.Popen(
                [*SOJOURN, "backup", str(tmp_path / "b"), "--data", str(up.folder.path)], stderr=subprocess.DEVNULL
            )
            with suppress(subprocess.TimeoutExpired):
                killed.wait(wait_s)
            killed.kill()
            killed.wait()
            assert not (tmp_path / "b").exists() or killed.returncode == 0
            (tmp_path / "b").unlink(missing_ok=True)
        done = run("backup", str(tmp_path / "b"), "--data", str(up.folder.path), "--json")
        assert done.returncode == 0, done.stderr
        assert not list(up.folder.path.glob(".backup-*"))
        assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith("b")) == ["b"]
        # One that does nothing any more is waited for, ten seconds; a second Ctrl-C waits for nobody.
        os.kill(up.pid("worker"), signal.SIGSTOP)
        up.process.send_signal(signal.SIGTERM)
        # To a process and to its group, as `timeout` sends it: that is one.
        up.process.send_signal(signal.SIGINT)
        until(lambda: running(up.folder, "collector") is None)
        time.sleep(0.5)
        assert is_there(up.process.pid)
        began = time.monotonic()
        assert up.end(signal.SIGINT) == 130
        assert time.monotonic() - began < 3
        assert not any(map(is_there, up.pids.values()))


def test_what_cannot_start_ends_with_a_reason(tmp_path: Path) -> None:
    folder = create_folder(tmp_path / "data")
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = str(taken.getsockname()[1])
        for option in ("--collector-port", "--console-port"):
            refused = run("up", "--data", str(folder.path), option, port)
            assert refused.returncode == 1
            assert f"port {port} of 127.0.0.1 is taken" in refused.stderr

    (folder.path / "signals.yaml").write_text("signals: [")
    refused = run("up", "--data", str(folder.path), "--collector-port", "0", "--console-port", "0")
    assert refused.returncode == 1
    assert re.search(r"sojourn: the (worker|console) cannot start: .*signals\.yaml:1", refused.stderr)
    assert not any(running(folder, process) for process in PROCESSES)


_NEW_PROCESSES = """
import sys
from sojourn.app.collecting import listen
from sojourn.app.logs import configure_logs
from sojourn.app.supervisor import Supervisor
from sojourn.store.folder import create_folder

folder = create_folder(sys.argv[1])
configure_logs("up")
sockets = {name: listen("127.0.0.1", 0, usual=0) for name in ("collector", "console")}
Supervisor(folder, sockets, when_ready=lambda: print("ready", flush=True), forks=False).run(lambda: None)
"""


def test_where_processes_cannot_be_copied_they_are_new_ones(tmp_path: Path) -> None:
    folder = create_folder(tmp_path / "data")
    started = subprocess.Popen(
        [sys.executable, "-c", _NEW_PROCESSES, str(folder.path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert started.stdout is not None
    assert started.stdout.readline() == "ready\n"
    found = {process: running(folder, process) for process in PROCESSES}
    pids = [one.pid for one in found.values() if one is not None]
    assert len(pids) == 4
    started.kill()
    started.communicate()
    until(lambda: not any(map(is_there, pids)), 20)
