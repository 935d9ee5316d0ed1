"""`sojourn bench up`: how soon `sojourn up` does its work, and how much memory it takes when nothing happens.

In: about how many simulated events the data folder holds. Out: seconds from the command to the printed addresses, and the memory of all
processes together as the kernel divides it among those that share it (PSS), at rest and after questions. Only on Linux, which counts so.
"""

from __future__ import annotations

import dataclasses
import os
import signal
import statistics
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sojourn.analyse.results import plain
from sojourn.records.errors import BadOption
from sojourn.store.folder import TemporaryFolder, open_folder
from sojourn.store.running import PROCESSES, running
from sojourn.store.sources import create_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import RenderableType

    from sojourn.store.folder import Folder

BUDGET_S = 5.0
BUDGET_MB = 700.0
_EVENTS_A_PERSON = 13.8
_REST_S = 5.0
_UTIME = 11
"""Place of the processor time among the fields of /proc/PID/stat behind the name."""
_KB_A_MB = 1_000 / 1.024
_ASKED = ("sessions", "events", "funnel?steps=Product+Viewed&steps=Order+Completed", "retention")


@dataclass(frozen=True, slots=True)
class UpBench:
    """`sojourn up` of one run.

    Attributes:
        events: Simulated events of the data folder, about.
        rounds: Times it was started.
        start_s: Seconds from the command until its addresses are printed, median.
        start_max_s: The longest.
        start_cpu_s: Seconds of processor time of all processes together until then, median; other programs do not change it.
        budget_s: What `start_s` may be.
        idle_mb: Megabytes of all its processes at rest, after the last start; shared memory is divided among those who share it.
        idle_mb_by_process: The same, by process.
        asked_mb: The same after some questions were asked of the console.
        budget_mb: What `idle_mb` may be.
        end_s: Seconds from Ctrl-C until all have ended.
    """

    events: int
    rounds: int
    start_s: float
    start_max_s: float
    start_cpu_s: float
    budget_s: float
    idle_mb: float
    idle_mb_by_process: dict[str, float]
    asked_mb: float
    budget_mb: float
    end_s: float

    def to_dict(self) -> dict[str, Any]:
        """The same as a plain dictionary."""
        return {one.name: plain(getattr(self, one.name)) for one in dataclasses.fields(self)}

    def __rich__(self) -> RenderableType:
        """A table."""
        from sojourn.analyse.show.style import table  # noqa: PLC0415  (only for the terminal)

        made = table(
            "sojourn up",
            [("what", "left"), ("measured", "right"), ("budget", "right")],
            caption=f"A folder of about {self.events:,} simulated events; {self.rounds} starts.",
        )
        made.add_row("until all do their work, median", f"{self.start_s:.1f} s", f"< {self.budget_s:.0f} s")
        made.add_row("until all do their work, longest", f"{self.start_max_s:.1f} s", "")
        made.add_row("the same, processor time", f"{self.start_cpu_s:.1f} s", "")
        made.add_row("memory at rest, all processes", f"{self.idle_mb:,.0f} MB", f"< {self.budget_mb:,.0f} MB")
        for process, size in self.idle_mb_by_process.items():
            made.add_row(f"  {process}", f"{size:,.0f} MB", "")
        made.add_row("memory after questions", f"{self.asked_mb:,.0f} MB", "")
        made.add_row("until all have ended", f"{self.end_s:.1f} s", "")
        return made


def bench_up(events: int, *, rounds: int = 3, say: Callable[[str], None]) -> UpBench:
    """Measure `sojourn up`.

    Args:
        events: Simulated events of the data folder, about.
        rounds: Times it is started.
        say: Told what is being done.

    Raises:
        BadOption: The system does not say how memory is shared.
    """
    if not Path("/proc/self/smaps_rollup").exists():
        raise BadOption("`sojourn bench up` reads /proc/PID/smaps_rollup, which only Linux has")
    place = TemporaryFolder()
    data = place.path / "data"
    say(f"simulating about {events:,} events, and importing them")
    fill(data, events)
    folder = open_folder(data)
    token, _ = create_key(folder, "bench", role="viewer")
    starts, worked, idle, asked, end = list[float](), list[float](), dict[str, float](), 0.0, 0.0
    for number in range(rounds):
        say(f"start {number + 1} of {rounds}")
        up, console, seconds = start_up(data)
        starts.append(seconds)
        worked.append(sum(map(processor_s, _pids(folder, up.pid).values())))
        try:
            if number == rounds - 1:
                time.sleep(_REST_S)
                idle = _memory(folder, up.pid)
                _ask(console, token)
                asked = sum(_memory(folder, up.pid).values())
        finally:
            end = end_up(up)
    median, longest, processor = statistics.median(starts), max(starts), statistics.median(worked)
    return UpBench(
        events, rounds, median, longest, processor, BUDGET_S, sum(idle.values()), idle, asked, BUDGET_MB, end
    )  # fmt: skip


def fill(data: Path, events: int) -> None:
    """Put about so many events of a simulated shop into a data folder."""
    shop = data.parent / "shop"
    persons = str(max(int(events / _EVENTS_A_PERSON), 1))
    _sojourn("simulate", "shop", "--out", str(shop), "--persons", persons)
    _sojourn("import", str(shop / "events.jsonl.gz"), "--data", str(data))
    # What was imported has taken effect before anything is measured.
    _sojourn("worker", "--once", "--data", str(data))


def _sojourn(*arguments: str) -> None:
    command = [sys.executable, "-m", "sojourn", *arguments]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603  (this program)


def start_up(data: Path) -> tuple[subprocess.Popen[str], str, float]:
    """A started `sojourn up`, the console's address, and how long it took to print that."""
    began = time.perf_counter()
    arguments = ["up", "--data", str(data), "--console-port", "0", "--collector-port", "0"]
    command = [sys.executable, "-m", "sojourn", *arguments]
    up = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)  # noqa: S603  (this program)
    assert up.stdout is not None
    said = up.stdout.readline().split()
    seconds = time.perf_counter() - began
    if not said:
        raise BadOption(f"`sojourn up` ended with code {up.wait()}; start it by hand on a folder to see why")
    return up, said[-1], seconds


def end_up(up: subprocess.Popen[str]) -> float:
    """End a started `sojourn up` as Ctrl-C does; seconds until all have ended."""
    began = time.perf_counter()
    up.send_signal(signal.SIGINT)
    up.communicate()
    return time.perf_counter() - began


def _memory(folder: Folder, supervisor: int) -> dict[str, float]:
    """Megabytes by process."""
    return {process: _pss_mb(pid) for process, pid in _pids(folder, supervisor).items()}


def _pids(folder: Folder, supervisor: int) -> dict[str, int]:
    pids = {"up": supervisor}
    for process in PROCESSES:
        found = running(folder, process)
        if found is not None:
            pids[process] = found.pid
    return pids


def processor_s(pid: int) -> float:
    """Seconds of processor time a process has taken."""
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(after_name[_UTIME]) + int(after_name[_UTIME + 1])) / os.sysconf("SC_CLK_TCK")


def _pss_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == "Pss":
            return int(value.split()[0]) / _KB_A_MB
    return 0.0


def _ask(console: str, token: str) -> None:
    for question in _ASKED:
        request = urllib.request.Request(f"{console}/api/{question}", headers={"authorization": f"Bearer {token}"})  # noqa: S310  (this machine)
        with urllib.request.urlopen(request) as answer:  # noqa: S310  (the same)
            answer.read()
