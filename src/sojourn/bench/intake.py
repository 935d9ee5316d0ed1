"""`sojourn bench intake`: durable, deduplicated intake beside the same server storing nothing.

In: a number of events and of rounds. Out: events a second of one collector, of two on one port, and of one whose log keeps nothing, in turns within one
run. The client is a process of its own that speaks HTTP over 64 connections, each sending its next request when the last is answered.
Privacy steps are on: the key is a browser's, so addresses are cut and consent is judged.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sojourn.analyse.results import plain
from sojourn.store.folder import TemporaryFolder, create_folder, open_folder
from sojourn.store.sources import create_key

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rich.console import RenderableType

CONNECTIONS = 64
EVENTS_A_REQUEST = 20
BUDGETS = {"one": 0.3, "two": 0.4}
"""Share of the ceiling, by processes."""
_WORKER = "sojourn.bench.one_intake"
_SETUPS = (("nothing", "nothing", 1), ("one", "log", 1), ("two", "log", 2))


@dataclass(frozen=True, slots=True)
class IntakeBench:
    """Rates of one run; medians of its rounds.

    Attributes:
        bytes_an_event: Size of one message.
        ceiling_events_s: Events a second of one process that stores nothing.
        one_events_s: Events a second, durable and deduplicated, of one process.
        two_events_s: The same of two processes on one port.
        one_share: `one_events_s` of the ceiling; the budget is 0.3.
        two_share: `two_events_s` of the ceiling; the budget is 0.4.
        one_p50_ms: Median time to an answer of one process, milliseconds.
        one_p99_ms: The 99th percentile.
        lost: Events that were answered 200 and are not in the log.
        refused: Answers that were not 200.
    """

    bytes_an_event: int
    ceiling_events_s: float
    one_events_s: float
    two_events_s: float
    one_share: float
    two_share: float
    one_p50_ms: float
    one_p99_ms: float
    lost: int
    refused: int

    def to_dict(self) -> dict[str, Any]:
        """The same as plain dictionaries and lists."""
        return {name: plain(getattr(self, name)) for name in self.__slots__}

    def __rich__(self) -> RenderableType:
        """A table of the setups."""
        from sojourn.analyse.show.style import table  # noqa: PLC0415  (only for the terminal)

        caption = (
            f"{EVENTS_A_REQUEST} events of {self.bytes_an_event} bytes a request, {CONNECTIONS} connections; "
            f"{self.lost:,} acknowledged events lost, {self.refused:,} requests refused."
        )
        columns = ("events a second", "of the ceiling", "budget")
        made = table("Intake", [("server", "left"), *((name, "right") for name in columns)], caption=caption)
        made.add_row("storing nothing", f"{self.ceiling_events_s:,.0f}", "1.00", "")
        made.add_row(
            "durable, one process", f"{self.one_events_s:,.0f}", f"{self.one_share:.2f}", f"{BUDGETS['one']:.2f}"
        )
        made.add_row(
            "durable, two processes", f"{self.two_events_s:,.0f}", f"{self.two_share:.2f}", f"{BUDGETS['two']:.2f}"
        )
        return made


def bench_intake(events: int, *, rounds: int = 3, say: Callable[[str], None]) -> IntakeBench:
    """Measure.

    Args:
        events: About how many events each setup takes in a round.
        rounds: Rounds in which the setups take turns.
        say: Told what is being done.
    """
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name, _, _ in _SETUPS}
    lost = 0
    for number in range(rounds):
        for name, store, processes in _SETUPS:
            say(f"round {number + 1} of {rounds}: {name}")
            place = TemporaryFolder()
            found = _measure(place.path / "data", store, processes, events, run=f"{number}{name[0]}")
            runs[name].append(found)
            if store == "log":
                lost += max(0, found["events"] - found["kept"])

    def median(name: str, field: str) -> float:
        return statistics.median(run[field] for run in runs[name])

    ceiling, one, two = (median(name, "rate") for name in ("nothing", "one", "two"))
    return IntakeBench(
        bytes_an_event=runs["one"][0]["bytes_an_event"],
        ceiling_events_s=ceiling,
        one_events_s=one,
        two_events_s=two,
        one_share=one / ceiling,
        two_share=two / ceiling,
        one_p50_ms=median("one", "p50_ms"),
        one_p99_ms=median("one", "p99_ms"),
        lost=lost,
        refused=sum(run["other"] for found in runs.values() for run in found),
    )


def _measure(data: Path, store: str, processes: int, events: int, *, run: str) -> dict[str, Any]:
    folder = create_folder(data)
    key, _ = create_key(folder, "bench", kind="browser", consent="assumed")
    # The first makes the log, the others join it.
    servers: list[subprocess.Popen[str]] = []
    port = 0
    try:
        for _ in range(processes):
            server = _started("serve", data, store, port)
            servers.append(server)
            assert server.stdout is not None
            port = int(server.stdout.readline())
        client = _started("send", port, key, CONNECTIONS, EVENTS_A_REQUEST, -(-events // EVENTS_A_REQUEST), run)
        out, _ = client.communicate()
        found: dict[str, Any] = json.loads(out.splitlines()[-1])
    finally:
        for server in servers:
            server.terminate()
        for server in servers:
            server.communicate()
    found["rate"] = found["events"] / found["seconds"]
    if store == "log":
        from sojourn.store.log import Log  # noqa: PLC0415  (only here)

        found["kept"] = Log(open_folder(data)).last_seq() + 1
    return found


def _started(*arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", _WORKER, *(str(one) for one in arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603  (our own module)
