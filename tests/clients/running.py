"""`sojourn collector` as a process of its own."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAM = Path(sys.executable).with_name("sojourn")


def made_key(data: Path, name: str = "web", *options: str) -> str:
    """A key, as the command line makes it."""
    command: list[str | Path] = [PROGRAM, "keys", "create", name, "--data", data, "--json", *options]
    said = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    assert said.keys() == {"key", "source"}
    return str(said["key"])


def started(data: Path, *options: str) -> tuple[subprocess.Popen[str], int, list[str]]:
    """A collector, its port, and what it said until it listened."""
    command: list[str | Path] = [PROGRAM, "collector", "--data", data, *options]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    lines: list[str] = []
    while True:
        line = process.stderr.readline()
        assert line, f"the collector ended: {lines}"
        lines.append(line)
        found = re.search(r"collecting into .* on http://127\.0\.0\.1:(\d+)", line)
        if found:
            return process, int(found[1]), lines


@contextlib.contextmanager
def collector(data: Path, *options: str) -> Iterator[int]:
    """The port of a collector that ends in order behind the block."""
    process, port, _ = started(data, *options)
    assert process.stderr is not None
    try:
        yield port
    finally:
        process.terminate()
        # What it says is read to the end, else a full pipe would stop it.
        process.stderr.read()
        process.stderr.close()
        assert process.wait(30) == 0


def post(port: int, key: str, body: Any, path: str = "/v1/batch") -> tuple[int, dict[str, Any]]:
    """Status and answer of one request."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    with contextlib.closing(connection):
        connection.request("POST", path, json.dumps(body), {"Authorization": f"Bearer {key}"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())


def get(port: int, path: str) -> int:
    """Status of one request."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    with contextlib.closing(connection):
        connection.request("GET", path)
        return connection.getresponse().status
