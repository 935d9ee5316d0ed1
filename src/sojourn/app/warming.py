"""Compiling the kernels once, so that no question pays for it.

In: nothing. Out: compiled code in the cache (`NUMBA_CACHE_DIR`, else beside the package, else the user's cache).
Runs every question on a small made-up log; done again only when the package, numba or the processor changes.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import multiprocessing
import os
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING

import llvmlite.binding
import numba

import sojourn
from sojourn.app.questions import ASKED, ask
from sojourn.app.reading import open_journeys, read_journeys

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sojourn.analyse.journeys import Journeys

_ROWS = 240
_PROCESSES = 2


def is_warm() -> bool:
    """Whether the kernels of this version are compiled for this machine."""
    return _marker().exists()


def warm(say: Callable[[str], None]) -> float:
    """Compile what is not compiled yet.

    Args:
        say: Told what is being compiled, a line at a time.

    Returns:
        Seconds it took.
    """
    began = time.monotonic()
    with _alone(say), tempfile.TemporaryDirectory(prefix="sojourn-warm-") as place:
        if is_warm():
            return time.monotonic() - began
        log, lines = Path(place) / "log.csv", Path(place) / "log.jsonl"
        log.write_text(_log())
        lines.write_text(_messages())
        data = Path(place) / "data"
        # One question a process at a time: the compiler does not let threads work side by side.
        with ProcessPoolExecutor(_PROCESSES, multiprocessing.get_context("spawn")) as pool:
            say("compiling the reader")
            # Questions need what is read here; the live path does not.
            beside = pool.submit(_beside, lines, Path(place) / "live")
            read_journeys([log], data=data)
            for name in pool.map(_ask, repeat(data), range(len(ASKED))):
                say(f"compiled {name}")
            beside.result()
    _marker().touch()
    return time.monotonic() - began


@contextlib.contextmanager
def _alone(say: Callable[[str], None]) -> Iterator[None]:
    """Be the one process that compiles; a second one would compile the same beside it, and both take twice as long."""
    marker = _marker()
    marker.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(marker.with_name(f"{marker.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another process compiles; waiting for it")
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _ask(data: Path, number: int) -> str:
    return ask(_opened(data), number)


@cache
def _opened(data: Path) -> Journeys:
    return open_journeys(data)


def _beside(lines: Path, live: Path) -> None:
    _live(live)
    read_journeys([lines])


def _live(place: Path) -> None:
    """A login and what came before it, through log, worker and profile."""
    from sojourn.app.live import live_profile, worker_of  # noqa: PLC0415  (every command asks whether it is warm)
    from sojourn.records.event import Event  # noqa: PLC0415  (the same)
    from sojourn.store.folder import create_folder  # noqa: PLC0415  (the same)
    from sojourn.store.log import Log  # noqa: PLC0415  (the same)

    folder = create_folder(place)
    events = [
        Event("warm", f"m{n}", "track", "Product Viewed", n, n, anonymous_id="device", user_id=user)
        for n, user in enumerate((None, "anna", "anna"), 1)
    ]
    Log(folder).append(events)
    with worker_of(folder) as worker:
        worker.catch_up()
    live_profile(folder, "anna")


def _marker() -> Path:
    """An empty file named after what the compiled code depends on; numba itself notices a changed source file."""
    package = Path(sojourn.__file__).parent
    known = [sojourn.__version__, numba.__version__, sys.version, llvmlite.binding.get_host_cpu_name(), str(package)]
    digest = hashlib.blake2b("\n".join(known).encode(), digest_size=12).hexdigest()
    return _cache(package) / f"sojourn-warm-{digest}"


def _cache(package: Path) -> Path:
    """Where numba puts compiled code; the marker goes with it when the code does."""
    if told := os.environ.get("NUMBA_CACHE_DIR"):
        return Path(told)
    if os.access(package, os.W_OK):
        return package / "__pycache__"
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "sojourn"


def _log() -> str:
    """A made-up log with every kind of column."""
    head = "user_id,event,time,channel,price,page,scroll_depth\n"
    names = ("view", "cart", "purchase", "Page Viewed", "Video Playback Started")
    rows = (
        f"u{n % 17},{names[n % 5 if n % 3 else 0]},2024-01-{1 + n % 28:02d} {n % 24:02d}:{n % 60:02d}:00,"
        f"{'ads' if n % 2 else 'mail'},{n / 7:.2f},/p{n % 5},{n % 101}\n"
        for n in range(_ROWS)
    )
    return head + "".join(rows)


def _messages() -> str:
    """A made-up log of Segment messages."""
    return "".join(
        f'{{"type":"track","event":"Order Completed","messageId":"m{n}","anonymousId":"a{n % 7}","userId":"u{n % 5}",'
        f'"timestamp":"2024-01-01T00:{n % 60:02d}:00Z","receivedAt":"2024-01-01T00:{n % 60:02d}:01Z",'
        f'"context":{{"userAgent":"Mozilla/5.0"}},"traits":{{"plan":"free"}},"properties":{{"revenue":{n}.5,"k":"v"}}}}\n'
        for n in range(_ROWS)
    )
