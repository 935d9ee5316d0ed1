"""`sojourn bench pages`: how soon the console answers each of its pages, asked again and asked anew.

In: about how many simulated events the data folder holds. Out: milliseconds from the request to the last byte of the page, for each page, from
the console of a `sojourn up`: of the same address again, and of a new period and a new filter each time, so that no number is known yet.
Beside each stands the budget alone: no other program has these pages. What the browser does with a page is not in it.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import http.client
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

import numpy as np

from sojourn.analyse.journeys import Journeys
from sojourn.analyse.results import plain
from sojourn.bench.up import end_up, fill, processor_s, start_up
from sojourn.console.views import VIEWS
from sojourn.records.errors import BadOption
from sojourn.records.periods import from_us
from sojourn.store.folder import TemporaryFolder, open_folder
from sojourn.store.index import open_index
from sojourn.store.logins import begin_session, cookie_name
from sojourn.store.running import running
from sojourn.store.users import add_user

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from rich.console import RenderableType

    from sojourn.store.folder import Folder

BUDGET_MS = 300.0
_STEPS = {"steps": ["Product Viewed", "Product Added", "Checkout Started", "Order Completed"]}
_ASKED: Mapping[str, Mapping[str, Any]] = {
    "/funnels": _STEPS,
    "/funnels/why": {**_STEPS, "at": 3},
    "/behind/funnel": {**_STEPS, "of_step": 1},
    "/table/funnel": _STEPS,
    "/definitions/funnel": {},
    "/privacy/persons": {"purpose": "analytics", "state": "granted"},
}
"""What is asked of pages that are asked something; all others are opened as the navigation opens them."""
_NO_PAGES = {"/live/stream", "/start/waiting"}
"""What a page asks for while it is open."""
_WAITS_S = 60.0
_WORKING = 202


@dataclass(frozen=True, slots=True)
class PageTimes:
    """One page, milliseconds from the request to its last byte.

    Attributes:
        page: Its path.
        again_p50_ms: Asked again, median.
        again_p95_ms: The 95th percentile (nearest rank).
        again_max_ms: The longest.
        anew_p50_ms: Asked of a new period and filter each time, median. Pages without them are asked again.
        anew_p95_ms: The 95th percentile.
        anew_max_ms: The longest.
        anew_cpu_ms: Processor time of the console for one of these, mean; other programs do not change it.
        budget_ms: What either 95th percentile may be.
    """

    page: str
    again_p50_ms: float
    again_p95_ms: float
    again_max_ms: float
    anew_p50_ms: float
    anew_p95_ms: float
    anew_max_ms: float
    anew_cpu_ms: float
    budget_ms: float = BUDGET_MS


@dataclass(frozen=True, slots=True)
class PagesBench:
    """The pages of one run.

    Attributes:
        events: Events of the data folder.
        persons: Persons in it.
        rounds: Times each page was asked again, and asked anew.
        pages: One a page.
    """

    events: int
    persons: int
    rounds: int
    pages: tuple[PageTimes, ...]

    def to_dict(self) -> dict[str, Any]:
        """The same as plain dictionaries and lists."""
        return {one.name: plain(getattr(self, one.name)) for one in dataclasses.fields(self)}

    def __rich__(self) -> RenderableType:
        """A table of the pages."""
        from sojourn.analyse.show.style import table  # noqa: PLC0415  (only for the terminal)

        numbers = ("again p50", "p95", "max", "anew p50", "p95", "max", "processor", "budget p95")
        made = table(
            "Pages of the console, ms",
            [("page", "left"), *((name, "right") for name in numbers)],
            caption=f"{self.events:,} simulated events of {self.persons:,} persons; {self.rounds} times each. Anew: another period and filter each time.",
        )
        for one in self.pages:
            _, *times, budget = dataclasses.astuple(one)
            made.add_row(one.page, *(f"{ms:,.0f}" for ms in times), f"< {budget:,.0f}")
        return made


def bench_pages(events: int, *, rounds: int = 20, say: Callable[[str], None]) -> PagesBench:
    """Measure every page of the console.

    Args:
        events: Simulated events of the data folder, about; 193k are the demo's month.
        rounds: Times each page is asked again, and asked anew.
        say: Told what is being done.
    """
    place = TemporaryFolder()
    data = place.path / "data"
    say(f"simulating about {events:,} events, and importing them")
    fill(data, events)
    return pages_of(open_folder(data), rounds=rounds, say=say)


def pages_of(folder: Folder, *, rounds: int, say: Callable[[str], None]) -> PagesBench:
    """Measure every page of the console of a data folder with events, as `bench_pages` does."""
    index = open_index(folder)
    paths = _paths(quote(_busiest(Journeys(index)), safe=""))
    add_user(folder, "bench", role="admin")
    cookie = f"{cookie_name(folder)}={begin_session(folder, 'bench', now_s=int(time.time()))}"
    up, console, _ = start_up(folder.path)
    try:
        reader = _Reader(folder, console, cookie)
        span = index.manifest.first_us, index.manifest.last_us
        pages = tuple(_times(reader, path, list(_new_scopes(*span, rounds)), say) for path in paths)
    finally:
        end_up(up)
    return PagesBench(index.manifest.rows, index.manifest.persons, rounds, pages)


def _paths(person: str) -> list[str]:
    """Every page that can be opened, in the order of the navigation; those of one person are of this one."""
    given = {"{id:path}": person, "{question}": "funnel", "{name}": "funnel"}
    found = []
    for view in VIEWS:
        path = view.path
        for name, value in given.items():
            path = path.replace(name, value)
        opens = "GET" in view.methods and view.role is not None and not path.endswith(".csv")
        if opens and "{" not in path and path not in _NO_PAGES:
            found.append(path)
    return found


def _busiest(journeys: Journeys) -> str:
    """The person with most events."""
    part = max(journeys.parts(), key=lambda part: int((part.stop - part.start).max(initial=0)))
    return journeys.persons_of([part.person[[np.argmax(part.stop - part.start)]]]).ids[0]


def _new_scopes(first_us: int, last_us: int, rounds: int) -> Iterator[dict[str, str]]:
    """Periods that begin later and later and end with the log, each with a filter of its own."""
    for place in range(1, rounds + 1):
        start = from_us(first_us + (last_us - first_us) * place // (rounds + 1)).astimezone(dt.UTC)
        yield {"from": f"{start:%Y-%m-%dT%H:%M}", "where": f"path is null or path not like '/asked-{place}%'"}


def _times(reader: _Reader, path: str, scopes: Sequence[Mapping[str, str]], say: Callable[[str], None]) -> PageTimes:
    """Ask a page again, then anew, each as many times as there are scopes."""
    say(path)
    asked = _ASKED.get(path, {})
    # The first opening after an import reads columns.
    reader.ms(path, asked)
    again = [reader.ms(path, asked) for _ in scopes]
    worked = reader.processor_s()
    anew = [reader.ms(path, {**asked, **scope}) for scope in scopes]
    worked = reader.processor_s() - worked
    return PageTimes(path, *_spread(again), *_spread(anew), 1_000 * worked / len(scopes))


def _spread(times: Sequence[float]) -> tuple[float, float, float]:
    """Median, 95th percentile and longest."""
    p50, p95 = np.percentile(times, [50, 95], method="inverted_cdf")
    return float(p50), float(p95), max(times)


class _Reader:
    """Somebody logged in, who opens one page after another."""

    def __init__(self, folder: Folder, console: str, cookie: str) -> None:
        found = running(folder, "console")
        assert found is not None
        self._pid, self._cookie = found.pid, cookie
        self._connection = http.client.HTTPConnection(urlsplit(console).netloc, timeout=_WAITS_S)

    def processor_s(self) -> float:
        """Seconds of processor time the console has taken."""
        return processor_s(self._pid)

    def ms(self, path: str, asked: Mapping[str, Any]) -> float:
        """Milliseconds until a page is there, and not only that it is being worked on."""
        query = urlencode(asked, doseq=True)
        address = f"{path}?{query}" if query else path
        began = time.perf_counter()
        status = _WORKING
        while status == _WORKING:
            self._connection.request("GET", address, headers={"cookie": self._cookie})
            response = self._connection.getresponse()
            response.read()
            status = response.status
        if status != http.client.OK:
            message = f"{address} answered {status}; open it in a browser to see why"
            raise BadOption(message)
        return (time.perf_counter() - began) * 1_000
