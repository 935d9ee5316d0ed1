"""`sojourn demo`: a simulated month, everything `sojourn up` starts, a shop to walk through, visitors who come while you look.

In: a folder and ports. Out: two addresses; running processes until told to end. Never touches a folder it did not make.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import structlog

from sojourn.app.asking import say
from sojourn.app.collecting import address_of, listen
from sojourn.app.demo_folder import (
    SEED,
    SOURCE,
    USER,
    find_demo,
    make_apart,
    remove_demo,
    since_began,
    with_consent,
)
from sojourn.app.demo_shop import READY, Errand
from sojourn.app.starting import run_up
from sojourn.app.supervisor import Child, how_ended
from sojourn.demo.counter import Door
from sojourn.records.errors import BadOption, UnknownUser
from sojourn.store.folder import open_folder
from sojourn.store.sources import user_secret
from sojourn.store.users import make_link

if TYPE_CHECKING:
    from pathlib import Path

    from sojourn.app.demo_folder import Consent, Demo

SHOP_PORT = 8002
"""Where the shop listens unless told otherwise."""
_ENDS_S = 5.0
_MINUTE_S = 60.0
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """How the demo runs.

    Attributes:
        days: Days to simulate, today among them.
        persons: People in them; None: as many as in the simulated shop.
        visitors_per_minute: Simulated visits that begin in a minute; 0: none.
        pace: How much shorter their pauses are than people's.
        consent: Whether the shop waits for consent.
        host: Address to listen on.
        console_port: None: 8000 or the next free one.
        collector_port: None: 8001 or the next free one.
        shop_port: None: 8002 or the next free one.
    """

    days: int
    persons: int | None
    visitors_per_minute: float
    pace: float
    consent: Consent
    host: str
    console_port: int | None
    collector_port: int | None
    shop_port: int | None


def run_demo(data: Path, options: DemoOptions, *, reset: bool) -> None:
    """Make the folder when it is not there, then run everything until told to end.

    Args:
        data: The demo's folder.
        options: How.
        reset: Delete it first and begin anew.

    Raises:
        BadOption: The folder is not a demo's, or a port is taken.
        FolderBusy: The demo runs already.
    """
    began = time.monotonic()
    if reset:
        remove_demo(data)
    demo = find_demo(data)
    if demo is not None and not demo.whole:
        say(f"The demo in {data} was interrupted while it was made; beginning anew.", err=True)
        remove_demo(data)
        demo = None
    if demo is None:
        demo = make_apart(data, days=options.days, persons=options.persons)
    with contextlib.ExitStack() as running:
        shops: list[_Shop] = []

        def ready(console: str, collector: str) -> None:
            shop = running.enter_context(contextlib.closing(_Shop(data, demo, options, console, collector)))
            shops.append(shop)
            _show(data, options, console, shop.address, seconds=time.monotonic() - began)

        def beside() -> None:
            for shop in shops:
                shop.look()

        run_up(
            data,
            host=options.host,
            console_port=options.console_port,
            collector_port=options.collector_port,
            when_ready=ready,
            beside=beside,
        )
    say(f"Ended. What was done stays in {data}.")


def _show(data: Path, options: DemoOptions, console: str, shop: str, *, seconds: float) -> None:
    since = since_began()
    took = _took(seconds) if since is None else f"{_took(since)} after `make demo` began"
    try:
        token = make_link(open_folder(data), USER, now_s=int(time.time()))
        link, note = f"{console}/link/{token}", f"logs you in once, as {USER}; another link: "
        note += f"sojourn users link {USER} --data {data}"
    except (BadOption, UnknownUser) as error:
        # Somebody manages the users by hand now.
        link, note = console, f"log in by your name; no link for {USER}: {error}"
    come = options.visitors_per_minute
    for line in (
        "",
        f"Ready: {took}.",
        "",
        f"  Console  {link}",
        f"           {note}",
        f"  Shop     {shop}",
        "           click around: your profile, signals, score and journey move in the console",
        f"  Data     {data}",
        *(["", f"About {come:g} simulated visitors a minute come to the shop (source `simulated`)."] if come else []),
        "",
        "Ctrl-C ends everything; the next start takes seconds and needs no network.",
    ):
        say(line)


def _took(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), int(_MINUTE_S))
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


class _Shop:
    """The shop's process; one that dies is started again, while its socket stays open here and visitors wait."""

    def __init__(self, data: Path, demo: Demo, options: DemoOptions, console: str, collector: str) -> None:
        """Start it, and wait until it answers.

        Raises:
            BadOption: Its port is taken, or it did not start.
        """
        keys = with_consent(data, demo, options.consent)
        secret = user_secret(open_folder(data), SOURCE)
        assert secret is not None, "the shop has a browser key"
        self._listening = listen(options.host, options.shop_port, usual=SHOP_PORT)
        self.address = address_of(self._listening)
        door = Door(collector, keys.browser, keys.server, secret, options.consent, console)
        come, pace, number = options.visitors_per_minute, options.pace, self._listening.fileno()
        self._errand = Errand(number, door, keys.simulated, come, pace, demo.persons, SEED)
        self._child = Child("shop")
        self._process: subprocess.Popen[bytes] | None = None
        told = self._start().stdout
        assert told is not None
        if told.readline() != READY:
            self.close()
            message = "the shop did not start; the lines above say why"
            raise BadOption(message)

    def _start(self) -> subprocess.Popen[bytes]:
        started = self._process = subprocess.Popen(
            [sys.executable, "-m", "sojourn.app.demo_shop"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=[self._errand.socket],
            # Ctrl-C at a terminal reaches the supervisor alone.
            process_group=0,
        )
        self._child.began = time.monotonic()
        assert started.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            started.stdin.write(msgspec.json.encode(self._errand) + b"\n")
            started.stdin.flush()
        return started

    def look(self) -> None:
        """Start it again when it died; later each time it dies soon."""
        if self._process is None:
            if self._child.due <= time.monotonic():
                self._start()
        elif (code := self._process.poll()) is not None:
            self._let_go(self._process)
            wait, how, times = self._child.died(), how_ended(code), self._child.failures
            _log.warning("died; starting it again", what="shop", how=how, wait_s=round(wait, 1), times=times)

    def _let_go(self, process: subprocess.Popen[bytes]) -> None:
        self._process = None
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    def close(self) -> None:
        """End it in order."""
        self._listening.close()
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_ENDS_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._let_go(self._process)
