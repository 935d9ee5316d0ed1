"""`sojourn up`: starts the four processes of a data folder, watches them, ends them in order.

In: a folder and two listening sockets. Out: an exit code when all have ended. A process that dies is started again, later each time it dies
soon; its socket stays open here meanwhile, so that whoever connects waits instead of being refused. Does none of their work itself.
"""

from __future__ import annotations

import gc
import importlib
import os
import select
import signal
import subprocess
import sys
import time
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from sojourn.app.child import CANNOT, FAILED, run_child
from sojourn.records.errors import SojournError
from sojourn.store.running import PROCESSES, note_restart

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Mapping
    from types import FrameType

    from sojourn.store.folder import Folder

_FIRST_WAIT_S = 0.1
_LONGEST_WAIT_S = 30.0
_SOUND_S = 60.0
"""Who has run so long begins anew with short waits."""
_TRIES = 3
_SAME_S = 0.3
"""`timeout` and shells send a signal to a process and to its group: two so close are one."""
_LOOK_S = 1.0
_BOUNDS_S = {"collector": 15.0, "worker": 10.0, "keeper": 10.0, "console": 5.0}
"""How long each may take to end in order; killing it then loses nothing either."""
_HEAVY = ("sojourn.app.live", "sojourn.app.keeper", "sojourn.app.warming")
"""What worker, keeper and console need all three; pages and API are the console's own."""
_FORKS = sys.platform == "linux"
"""Elsewhere system libraries do not bear to be used in a copy of a process."""
_log = structlog.get_logger()


class NotStarted(SojournError):
    """One of the processes cannot do its work as things are; none of them runs now."""


@dataclass(slots=True)
class Child:
    """One of the processes.

    Attributes:
        process: Which.
        pid: Its number; None while it does not run.
        ready: The pipe it tells on that it does its work, or why it ends; None when it does not run.
        why: Why it ended, if it said so.
        works: Whether it has done its work since it was last started.
        proven: Whether it ever has.
        began: When it was last started.
        due: When it is to be started.
        failures: How often it has died soon, without a sound run between.
    """

    process: str
    pid: int | None = None
    ready: int | None = None
    why: str = ""
    works: bool = False
    proven: bool = False
    began: float = 0.0
    due: float = 0.0
    failures: int = 0

    def died(self) -> float:
        """Say when it is to be started again: later each time it dies soon; returns the pause, seconds."""
        now = time.monotonic()
        self.failures = 1 if now - self.began > _SOUND_S else self.failures + 1
        pause = min(_FIRST_WAIT_S * 2 ** (self.failures - 1), _LONGEST_WAIT_S)
        self.due = now + pause
        return pause


class Supervisor:
    """The one supervisor of a data folder; for the holder of `Folder.alone("up")`."""

    def __init__(
        self,
        folder: Folder,
        sockets: Mapping[str, socket.socket],
        *,
        when_ready: Callable[[], None],
        beside: Callable[[], None] | None = None,
        forks: bool = _FORKS,
    ) -> None:
        """Start nothing yet.

        Args:
            folder: The data folder.
            sockets: Listening sockets of the collector and the console.
            when_ready: Called once, when all of them do their work.
            beside: Called each time a process may have ended, and at least every second: for who has one more to look after.
            forks: Whether processes are copies of this one, which start fast and share memory; else they are new ones.
        """
        self._folder, self._sockets, self._forks = folder, sockets, forks
        self._when_ready: Callable[[], None] | None = when_ready
        self._beside = beside or (lambda: None)
        self._children = {process: Child(process) for process in PROCESSES}
        self._asked, self._asked_at = False, 0.0
        self._alive = os.pipe()
        self._wakeup = os.pipe()

    def run(self, prepare: Callable[[], None]) -> None:
        """Run all until told to end (SIGTERM, SIGHUP, Ctrl-C); a second time ends them at once.

        Args:
            prepare: What is to be done before all but the collector start.

        Raises:
            NotStarted: One of them cannot start.
        """
        self._listen_to_signals()
        try:
            self._start(self._children["collector"])
            self._prepare(prepare)
            while not self._asked:
                self._start_due()
                self._wait()
                self._look()
        finally:
            self._stop_all()

    def _listen_to_signals(self) -> None:
        for end in self._wakeup:
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self._wakeup[1], warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._told_to_end)

    def _told_to_end(self, number: int, _frame: FrameType | None) -> None:
        now = time.monotonic()
        if not self._asked:
            self._asked, self._asked_at = True, now
            _log.info("ending", signal=signal.Signals(number).name)
        if now - self._asked_at < _SAME_S:
            return
        for child in self._children.values():
            if child.pid is not None:
                os.kill(child.pid, signal.SIGKILL)
        os._exit(128 + number)

    def _prepare(self, prepare: Callable[[], None]) -> None:
        """Do what comes first; and load here what three of them need: their memory is shared, and each starts in a moment."""
        try:
            prepare()
        except Exception as error:
            if not self._asked:
                raise
            # Ctrl-C ends what was being prepared, too, wherever it stands: that it failed is how it ended.
            _log.info("broken off", what="preparing", error=f"{type(error).__name__}: {error}")
        if not self._forks or self._asked:
            return
        for name in _HEAVY:
            importlib.import_module(name)
        gc.collect()
        # What is never looked at by the collector of garbage stays shared.
        gc.freeze()

    def _start_due(self) -> None:
        now = time.monotonic()
        for child in self._children.values():
            if child.pid is None and child.due <= now and not self._asked:
                self._start(child)

    def _start(self, child: Child) -> None:
        ready, told = os.pipe()
        child.pid = self._copy(child.process, told) if self._forks else self._new(child.process, told)
        os.close(told)
        child.ready, child.why, child.works, child.began = ready, "", False, time.monotonic()
        _log.info("started", what=child.process, pid=child.pid)

    def _copy(self, process: str, told: int) -> int:
        """Have a copy of this process do one's work; returns its number."""
        sys.stdout.flush()
        sys.stderr.flush()
        # A signal for the copy is not to find our handlers there.
        before = signal.pthread_sigmask(signal.SIG_SETMASK, signal.valid_signals())
        with warnings.catch_warnings():
            # The only threads here are of a memory allocator that knows what a fork is.
            warnings.simplefilter("ignore", DeprecationWarning)
            pid = os.fork()
        if pid:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            return pid
        code = FAILED
        try:
            self._let_go(process)
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            listening = self._sockets.get(process)
            code = run_child(process, self._folder.path, listening, ready=told, alive=self._alive[0])
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            # Nothing of ours is to be ended by a copy.
            os._exit(code)

    def _let_go(self, process: str) -> None:
        """In a copy: forget what is the supervisor's."""
        # Ctrl-C at a terminal reaches the supervisor alone, which ends all in order.
        os.setpgid(0, 0)
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        for descriptor in (self._alive[1], *self._wakeup):
            os.close(descriptor)
        for child in self._children.values():
            if child.ready is not None:
                os.close(child.ready)
        for name, listening in self._sockets.items():
            if name != process:
                listening.close()

    def _new(self, process: str, told: int) -> int:
        """Have a new process do one's work; returns its number."""
        command = [
            sys.executable,
            "-m",
            "sojourn.app.child",
            process,
            str(self._folder.path),
            str(told),
            str(self._alive[0]),
        ]
        passed = [told, self._alive[0]]
        if process in self._sockets:
            passed.append(self._sockets[process].fileno())
            command.append(str(passed[-1]))
        made = subprocess.Popen(command, pass_fds=passed, process_group=0)  # noqa: S603  (our own module, no shell)
        # It is waited for by number, as the copies are.
        made.returncode = 0
        return made.pid

    def _wait(self) -> None:
        now = time.monotonic()
        dues = [child.due - now for child in self._children.values() if child.pid is None]
        pipes = [child.ready for child in self._children.values() if child.ready is not None]
        ready, _, _ = select.select([self._wakeup[0], *pipes], [], [], max(0.0, min([_LOOK_S, *dues])))
        if self._wakeup[0] in ready:
            os.read(self._wakeup[0], 4096)

    def _look(self) -> None:
        """What became of each."""
        for child in self._children.values():
            self._hear(child)
            if child.pid is None:
                continue
            pid, status = os.waitpid(child.pid, os.WNOHANG)
            if pid:
                self._died(child, os.waitstatus_to_exitcode(status))
        if self._when_ready is not None and all(child.works for child in self._children.values()):
            self._when_ready()
            self._when_ready = None
        self._beside()

    def _hear(self, child: Child) -> None:
        """Take what it has told, which may be a while before it ends."""
        if child.ready is None or not select.select([child.ready], [], [], 0)[0]:
            return
        text = os.read(child.ready, 4096).decode(errors="replace")
        if not text:
            os.close(child.ready)
            child.ready = None
        if text.startswith("1"):
            child.works = child.proven = True
        child.why = text.partition("!")[2] or child.why

    def _died(self, child: Child, code: int) -> None:
        # It may have said why after it was last asked.
        self._hear(child)
        if child.ready is not None:
            os.close(child.ready)
        child.pid, child.ready, child.works = None, None, False
        wait, how = child.died(), how_ended(code)
        if not child.proven and (code == CANNOT or child.failures >= _TRIES):
            message = child.why or f"it {how} {child.failures} times before it did its work; the lines above say more"
            raise NotStarted(f"the {child.process} cannot start: {message}")
        note_restart(self._folder, child.process, f"{how}: {child.why}" if child.why else how)
        _log.warning(
            "died; starting it again", what=child.process, how=how, wait_s=round(wait, 1), times=child.failures
        )

    def _stop_all(self) -> None:
        for process in PROCESSES:
            child = self._children[process]
            if process in self._sockets:
                # Nobody is to wait for an answer that does not come.
                self._sockets[process].close()
            if child.pid is not None:
                self._stop(child, child.pid)
        signal.set_wakeup_fd(-1)
        gc.unfreeze()

    def _stop(self, child: Child, pid: int) -> None:
        began = time.monotonic()
        os.kill(pid, signal.SIGTERM)
        killed = False
        while not (ended := os.waitpid(pid, os.WNOHANG))[0]:
            if not killed and time.monotonic() - began > _BOUNDS_S[child.process]:
                _log.warning("took too long to end; killed", what=child.process)
                os.kill(pid, signal.SIGKILL)
                killed = True
            select.select([self._wakeup[0]], [], [], 0.05)
        child.pid = None
        code = os.waitstatus_to_exitcode(ended[1])
        how = "in order" if code == 0 else how_ended(code)
        _log.info("ended", what=child.process, how=how, seconds=round(time.monotonic() - began, 2))


def how_ended(code: int) -> str:
    """How a process ended, in words, by its exit code; below 0: by that signal."""
    if code < 0:
        return f"was killed by {signal.Signals(-code).name}"
    return "ended by itself" if code == 0 else f"ended with code {code}"
