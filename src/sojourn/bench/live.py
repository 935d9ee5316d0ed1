"""`sojourn bench live`: how fast the worker takes the log, and how soon an accepted event is in its person's profile.

In: a number of simulated events. Out: events a second of catching up, beside only reading and decoding the same log in
the same run; and milliseconds from the log's acknowledgement until the state shows the event, with a worker in a process
of its own and 1,000 events a second coming, some of them logins that join a device to a person.
"""

from __future__ import annotations

import dataclasses
import json
import random
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sojourn.analyse.results import plain
from sojourn.app.live import worker_of
from sojourn.identify.actor import actor_id
from sojourn.records.event import Event
from sojourn.store.folder import TemporaryFolder, create_folder
from sojourn.store.log import Log
from sojourn.store.state import State

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.console import RenderableType

    from sojourn.store.folder import Folder

RATE = 1_000
BUDGET_EVENTS_S = 10_000.0
BUDGET_MS = 250.0
_SECONDS = 20
_GROUP = 20
_LOGIN_SHARE = 0.1
_WAIT_S = 30.0
_START_S = 60.0
_NAMES = (
    ("Page Viewed", 40), ("Product Viewed", 30), ("Products Searched", 8), ("Product Added", 10), ("Checkout Started", 5),
    ("Order Completed", 3), ("Product Added to Wishlist", 4),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class LiveBench:
    """The live path of one run.

    Attributes:
        events: Simulated events that were caught up.
        read_events_s: Events a second of only reading and decoding the log.
        catch_up_events_s: Events a second of catching up with the default catalogue, by the clock.
        catch_up_events_cpu_s: The same by processor time, which other programs on the machine do not change.
        ratio: `catch_up_events_s / read_events_s`.
        budget_events_s: What `catch_up_events_s` may not be below.
        rate: Events a second that came while visibility was measured.
        probes: Events whose visibility was measured; each tenth is a login.
        visible_p50_ms: Milliseconds from acknowledgement to the profile, median.
        visible_p99_ms: The 99th percentile.
        visible_max_ms: The longest.
        budget_ms: What `visible_p99_ms` may be.
    """

    events: int
    read_events_s: float
    catch_up_events_s: float
    catch_up_events_cpu_s: float
    ratio: float
    budget_events_s: float
    rate: int
    probes: int
    visible_p50_ms: float
    visible_p99_ms: float
    visible_max_ms: float
    budget_ms: float

    def to_dict(self) -> dict[str, Any]:
        """The same as a plain dictionary."""
        return {one.name: plain(getattr(self, one.name)) for one in dataclasses.fields(self)}

    def __rich__(self) -> RenderableType:
        """A table."""
        from sojourn.analyse.show.style import table  # noqa: PLC0415  (only for the terminal)

        made = table(
            "The live path",
            [("what", "left"), ("measured", "right"), ("budget", "right")],
            caption=f"{self.events:,} simulated events; visibility of {self.probes:,} at {self.rate:,} a second.",
        )
        made.add_row("reading the log alone", f"{self.read_events_s:,.0f} events/s", "")
        caught = f"{self.catch_up_events_s:,.0f} events/s"
        made.add_row("catching up", caught, f">= {self.budget_events_s:,.0f}")
        made.add_row("catching up, processor time", f"{self.catch_up_events_cpu_s:,.0f} events/s", "")
        made.add_row("catching up / reading alone", f"{self.ratio:.2f}", "")
        made.add_row("visible, median", f"{self.visible_p50_ms:.0f} ms", "")
        made.add_row("visible, p99", f"{self.visible_p99_ms:.0f} ms", f"< {self.budget_ms:.0f} ms")
        made.add_row("visible, longest", f"{self.visible_max_ms:.0f} ms", "")
        return made


def bench_live(events: int, *, rounds: int = 1, say: Callable[[str], None]) -> LiveBench:
    """Measure the worker.

    Args:
        events: Simulated events to catch up.
        rounds: Times that visibility is measured, 20 seconds each.
        say: Told what is being done.
    """
    dice = random.Random(1)  # noqa: S311 - simulated shoppers
    place = TemporaryFolder()
    folder = create_folder(place.path)
    log = Log(folder)
    say(f"writing {events:,} simulated events to the log")
    people = max(events // 20, 10)
    for first in range(0, events, 1_000):
        log.append([_event(dice, n, people) for n in range(first, min(first + 1_000, events))])
    say("reading it")
    began, at, read = time.perf_counter(), -1, 0
    while found := log.read(at, 1_000):
        at, read = found[-1][0], read + len(found)
    reading = read / (time.perf_counter() - began)
    say("catching up")
    with worker_of(folder) as worker:
        # The first batch loads compiled code.
        warm = worker.work()
        began, cpu = time.perf_counter(), time.process_time()
        taken = worker.catch_up()
        caught, caught_cpu = (taken / spent for spent in (time.perf_counter() - began, time.process_time() - cpu))
    assert warm + taken == read
    say(f"{RATE:,} events a second for {rounds * _SECONDS} s")
    waits = _visibility(folder, log, dice, rounds * _SECONDS, events, people)
    p50, p99 = np.percentile(waits, [50, 99])
    return LiveBench(
        events, reading, caught, caught_cpu, caught / reading, BUDGET_EVENTS_S, RATE, len(waits), float(p50), float(p99),
        max(waits), BUDGET_MS,
    )  # fmt: skip


def _event(dice: random.Random, n: int, people: int) -> Event:
    """What a simulated shopper does: mostly looks at things on a device of its own, some of them known by a user id."""
    who = dice.randrange(people)
    (name,) = dice.choices([name for name, _ in _NAMES], [weight for _, weight in _NAMES])
    product = dice.randrange(500)
    now = time.time_ns() // 1_000
    said: dict[str, Any] = {
        "product_id": f"p{product}",
        "price": 5 + product % 90,
        "cart_id": f"c{who}",
        "path": f"/p/{product}",
    }
    return Event(
        "bench", f"m{n}", "track", name, now, now,
        anonymous_id=f"d{who}",
        user_id=f"u{who}" if who % 3 == 0 else None,
        order_id=f"o{n}" if name == "Order Completed" else None,
        revenue=float(said["price"]) if name == "Order Completed" else None,
        properties=json.dumps(said),
        context='{"userAgent":"Mozilla/5.0","page":{"path":"/p"},"device":{"type":"mobile"}}',
    )  # fmt: skip


def _visibility(folder: Folder, log: Log, dice: random.Random, seconds: int, sent: int, people: int) -> Sequence[float]:
    """Milliseconds until each probe was in the state, one probe after another while events keep coming."""
    arguments = [sys.executable, "-m", "sojourn", "worker", "--data", str(folder.path)]
    worker = subprocess.Popen(arguments, stderr=subprocess.DEVNULL)  # noqa: S603 - this program
    waits: list[float] = []
    try:
        with State(folder) as state:
            n = _until_it_works(state, log, dice, sent, people)
            began = time.perf_counter()
            due = n
            while (now := time.perf_counter() - began) < seconds:
                while due < n + now * RATE:
                    # A probe goes with the others of its group.
                    group = [_event(dice, due + k, people) for k in range(_GROUP - 1)]
                    due += _GROUP
                    probe = _probe(due, login=dice.random() < _LOGIN_SHARE)
                    log.append([*group, probe])
                    waits.append(_wait(state, folder, probe))
        return waits
    finally:
        worker.terminate()
        worker.wait()


def _probe(n: int, *, login: bool) -> Event:
    now = time.time_ns() // 1_000
    user = f"probe{n}" if login else None
    return Event("bench", f"m{n - 1}", "track", "Product Viewed", now, now, anonymous_id=f"probe-d{n}", user_id=user)


def _until_it_works(state: State, log: Log, dice: random.Random, sent: int, people: int) -> int:
    """Wait for the worker's process to take something; returns the number of the next event."""
    appended = log.append([_event(dice, sent, people)]).seqs[-1]
    until = time.perf_counter() + _START_S
    while state.cursor() < appended:
        if time.perf_counter() > until:
            message = f"the worker took nothing within {_START_S:.0f} s"
            raise RuntimeError(message)
        time.sleep(0.01)
    return sent + 1


def _wait(state: State, folder: Folder, probe: Event) -> float:
    """Milliseconds until the state shows the probe, with its person."""
    began = time.perf_counter()
    device = actor_id(folder.secret, "anonymous", probe.anonymous_id or "")
    user = actor_id(folder.secret, "user", probe.user_id) if probe.user_id else None
    actor = device if user is None else user
    while time.perf_counter() - began < _WAIT_S:
        kept = state.actors([actor])
        if actor in kept and state.profiles([kept[actor].person]):
            return (time.perf_counter() - began) * 1_000
        time.sleep(0.002)
    return _WAIT_S * 1_000
