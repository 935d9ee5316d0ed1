"""The collector as a process: starts in a moment and light, says where it listens, ends in order, and loses nothing when it is killed."""

from __future__ import annotations

import http.client
import re
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest
from tests.clients.running import PROGRAM, collector, made_key, post, started

from sojourn.store.folder import open_folder
from sojourn.store.log import Log

pytestmark = pytest.mark.long


def message(number: int) -> dict[str, object]:
    return {"type": "track", "event": "Seen", "userId": "anna", "messageId": str(number)}


def test_a_port_that_is_named_and_taken_is_refused(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            [PROGRAM, "collector", "--data", tmp_path, "--port", str(port)], capture_output=True, text=True, check=False
        )

    assert done.returncode == 1
    assert done.stderr == (
        f"sojourn: port {port} of 127.0.0.1 is taken by another program; end that program, or give another port\n"
    )


def test_it_imports_nothing_that_reads_history(tmp_path: Path) -> None:
    with collector(tmp_path, "--port", "0") as port:
        key = made_key(tmp_path)
        assert post(port, key, {"batch": [message(1)]})[0] == 200
        running = subprocess.run(
            ["pgrep", "-f", f"collector --data {tmp_path}"], capture_output=True, text=True, check=True
        )
        maps = Path(f"/proc/{running.stdout.split()[0]}/maps").read_text()
    assert not re.findall(r"llvmlite|pyarrow|duckdb|deltalake|scipy|numba", maps)


def test_keys_are_made_listed_and_revoked_while_it_runs(tmp_path: Path) -> None:
    with collector(tmp_path, "--port", "0") as port:
        key = made_key(tmp_path, "shop", "--kind", "browser")
        assert post(port, key, {"batch": [message(1)]})[0] == 200
        listed = subprocess.run(
            [PROGRAM, "keys", "list", "--data", tmp_path], capture_output=True, text=True, check=True
        ).stdout
        assert "shop  browser, consent required" in listed
        assert key not in listed
        subprocess.run([PROGRAM, "keys", "revoke", "shop", "--data", tmp_path], check=True, capture_output=True)
        time.sleep(2)
        assert post(port, key, {"batch": [message(2)]})[0] == 401


def test_two_collectors_share_a_port_and_a_log(tmp_path: Path) -> None:
    key = made_key(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as free:
        shared = str(free.getsockname()[1])
    with (
        collector(tmp_path, "--port", shared, "--share-port") as port,
        collector(tmp_path, "--port", shared, "--share-port") as other,
    ):
        assert port == other
        for number in range(40):
            assert post(port, key, {"batch": [message(number % 30)]})[0] == 200
    assert sorted(int(event.message_id) for _, event in Log(open_folder(tmp_path)).read(-1)) == list(range(30))


def test_ended_in_order_it_writes_what_waits(tmp_path: Path) -> None:
    key = made_key(tmp_path)
    process, port, _ = started(tmp_path, "--port", "0")
    assert process.stderr is not None
    acknowledged: list[int] = []

    def send(begin: int) -> None:
        for number in range(begin, begin + 100_000):
            try:
                if post(port, key, {"batch": [message(number)]})[0] == 200:
                    acknowledged.append(number)
            except (OSError, ValueError, http.client.HTTPException):
                return

    threads = [threading.Thread(target=send, args=(n * 1_000_000,)) for n in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(2)
    process.terminate()
    for thread in threads:
        thread.join()
    process.stderr.close()

    assert process.wait(30) == 0
    kept = {int(event.message_id) for _, event in Log(open_folder(tmp_path)).read(-1, 1_000_000)}
    assert len(acknowledged) > 20
    assert set(acknowledged) <= kept


def test_killed_again_and_again_it_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    """Ten kills under load; what was not answered is sent again, and so is a part of what was."""
    key = made_key(tmp_path)
    acknowledged: set[int] = set()
    sent = 0
    for _ in range(10):
        process, port, _ = started(tmp_path, "--port", "0")
        assert process.stderr is not None
        end = time.monotonic() + 1.0
        killer = threading.Timer(0.8, process.kill)
        killer.start()
        while time.monotonic() < end:
            numbers = [*range(sent, sent + 10), *sorted(acknowledged)[-5:]]
            try:
                status, _ = post(port, key, {"batch": [message(number) for number in numbers]})
            except (OSError, ValueError, http.client.HTTPException):
                break
            if status == 200:
                acknowledged |= set(numbers)
                sent += 10
        killer.join()
        process.wait(10)
        process.stderr.close()

    ids = [int(event.message_id) for _, event in Log(open_folder(tmp_path)).read(-1, 1_000_000)]
    assert len(ids) == len(set(ids))
    assert acknowledged <= set(ids)
    assert len(acknowledged) > 100
