"""`sojourn bench changes`: how many changes of behaviour are found, how soon, and how many that are none.

In: seeds. Out: for several worlds of 400 persons over 52 weeks, of whom half drop to 30 %: the part that is found, the median
delay, the part of steady persons wrongly found in a year of weekly looks. Through the whole way: a log, its index, the question.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from sojourn.analyse.journeys import Journeys
from sojourn.analyse.results import plain
from sojourn.records.batch import FIXED_COLUMNS, EventBatch
from sojourn.store.append import Append
from sojourn.store.folder import TemporaryFolder, create_folder
from sojourn.store.index import open_index
from sojourn.store.index_build import build_index

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray
    from rich.console import RenderableType

    from sojourn.analyse.changes import Changes

WEEKS = 52
_WEEK_US = 7 * 86_400_000_000
_START = dt.date(2024, 1, 1)
_START_US = 1_704_067_200_000_000
"""The same Monday, UTC."""
_DAYS = 7


@dataclass(frozen=True, slots=True)
class ChangeWorld:
    """Persons of whom the first half drop to a part of their rate.

    Attributes:
        rate: Events a week, mean over persons; a person's own rate is Gamma distributed around it.
        likeness: Shape of that Gamma: how alike persons are; the coefficient of variation is its square root's inverse.
        size: Size of the negative binomial by which a person's weeks vary; inf for Poisson.
        persons: How many.
        drop_week: First week of the drop, from 0.
        left: What is left of the rate.
    """

    rate: float
    likeness: float = 4.0
    size: float = np.inf
    persons: int = 400
    drop_week: int = 30
    left: float = 0.3

    def counts(self, seed: int) -> NDArray[np.int64]:
        """Events of each person and week, shape (persons, WEEKS)."""
        dice = np.random.default_rng([seed, int(100 * self.rate), int(self.size) if np.isfinite(self.size) else 0])
        own = dice.gamma(self.likeness, self.rate / self.likeness, self.persons)
        rates = np.repeat(own[:, None], WEEKS, axis=1)
        rates[: self.persons // 2, self.drop_week :] *= self.left
        if np.isfinite(self.size):
            rates *= dice.gamma(self.size, 1 / self.size, rates.shape)
        return dice.poisson(rates)


WORLDS = (
    ChangeWorld(5),
    ChangeWorld(8),
    ChangeWorld(12),
    ChangeWorld(8, size=10),
    ChangeWorld(12, size=10),
    ChangeWorld(12, size=5),
)
"""What is measured."""


@dataclass(frozen=True, slots=True)
class WorldFigures:
    """What was found in one world, all seeds together.

    Attributes:
        rate: Events a week, mean over persons.
        size: Size of the negative binomial of a person's weeks; inf for Poisson.
        dropped: Persons who dropped.
        found: Of these, persons found to have fallen, as a part; who was wrongly found before the drop does not count.
        delay_weeks: Weeks from the drop to the weekly look that first finds it, median of those found.
        since_right: Of those found, the part for whom the drop is dated right to a week.
        steady: Persons who did not drop.
        false: Of these, persons with any finding, a fall or a rise, in any of the weekly looks of the year, as a part.
        false_at_end: The same in the last look alone.
        shuffled: Persons found in the last look when the weeks of the steady are put in random order, as a part.
    """

    rate: float
    size: float
    dropped: int
    found: float
    delay_weeks: float
    since_right: float
    steady: int
    false: float
    false_at_end: float
    shuffled: float


@dataclass(frozen=True, slots=True)
class ChangesBench:
    """Figures of every world.

    Attributes:
        seeds: How often each world was made.
        worlds: One a world.
    """

    seeds: int
    worlds: tuple[WorldFigures, ...]

    def to_dict(self) -> dict[str, Any]:
        """The same as plain dictionaries and lists."""
        return {name: plain(getattr(self, name)) for name in self.__slots__}

    def __rich__(self) -> RenderableType:
        """A table of the worlds."""
        from sojourn.analyse.show.style import table  # noqa: PLC0415  (only for the terminal)

        columns = (
            "found",
            "median delay",
            "date right to a week",
            "false in a year of looks",
            "in the last look",
            "when shuffled",
        )
        caption = f"400 persons over {WEEKS} weeks, half drop to 30 % in week 31; {self.seeds} seeds together. Delay: median; dated right: to a week; false: of the steady, in weekly looks."
        made = table("Changes", [("world", "left"), *((name, "right") for name in columns)], caption=caption)
        for one in self.worlds:
            varied = "Poisson" if np.isinf(one.size) else f"negative binomial, size {one.size:g}"
            made.add_row(
                f"{one.rate:g} events a week, {varied}", f"{one.found:.1%}", f"{one.delay_weeks:g} weeks", f"{one.since_right:.0%}",
                f"{one.false:.2%}", f"{one.false_at_end:.2%}", f"{one.shuffled:.2%}",
            )  # fmt: skip
        return made


def bench_changes(events: int, *, rounds: int = 5, say: Callable[[str], None]) -> ChangesBench:
    """Measure every world.

    Args:
        events: Not used: a world has as many events as its rate says.
        rounds: Seeds a world.
        say: Told what is being done.
    """
    del events
    made = []
    for world in WORLDS:
        say(f"{world.rate:g} events a week, size {world.size:g}")
        made.append(figures(world, range(1, rounds + 1)))
    return ChangesBench(rounds, tuple(made))


def figures(world: ChangeWorld, seeds: Sequence[int]) -> WorldFigures:
    """What is found in one world, all seeds together."""
    half, begun = world.persons // 2, _START + dt.timedelta(weeks=world.drop_week)
    delays: list[int] = []
    right = ever = at_end = shuffled = 0
    for seed in seeds:
        counts = world.counts(seed)
        first, wrong = looks(log_of(counts, seed))
        fell = {person: found for person, found in first.items() if person < half}
        delays += [week - world.drop_week for week, _ in fell.values() if week > world.drop_week]
        right += sum(
            abs((dt.date.fromisoformat(since) - begun).days) <= _DAYS
            for week, since in fell.values()
            if week > world.drop_week
        )
        ever += len([person for person in (*first, *wrong) if person >= half])
        mixed = np.random.default_rng(seed).permuted(counts[half:], axis=1)
        at_end += len({change.person for change in _ask(log_of(counts, seed)).changes if int(change.person) >= half})
        shuffled += _ask(log_of(mixed, seed)).changed
    dropped, steady = half * len(seeds), (world.persons - half) * len(seeds)
    return WorldFigures(
        world.rate, world.size, dropped, len(delays) / dropped, float(np.median(delays)) if delays else np.nan,
        right / len(delays) if delays else np.nan, steady, ever / steady, at_end / steady, shuffled / steady,
    )  # fmt: skip


def looks(journeys: Journeys) -> tuple[dict[int, tuple[int, str]], set[int]]:
    """Look at the log at the end of every week, as who runs the command weekly does.

    Returns:
        Of each person found to have fallen: at the end of how many weeks first, and since when it was said to be; and the
        persons in whom only something rose.
    """
    fell: dict[int, tuple[int, str]] = {}
    rose: set[int] = set()
    for week in range(2, WEEKS + 1):
        for change in _ask(journeys.between(None, _START + dt.timedelta(weeks=week))).changes:
            if change.direction == "fell":
                fell.setdefault(int(change.person), (week, change.since))
            else:
                rose.add(int(change.person))
    return fell, rose - fell.keys()


def log_of(counts: NDArray[np.int64], seed: int) -> Journeys:
    """A log of these counts: person n is called `n`, events lie anywhere in their week."""
    place = TemporaryFolder()
    folder = create_folder(place.path)
    with folder.writing():
        append = Append(folder, source="bench")
        append.add(_batch(counts, seed))
        append.finish()
        build_index(folder)
    return Journeys(open_index(folder), _keep_alive=place)


def _ask(journeys: Journeys) -> Changes:
    return journeys.changes(most=10**9)


def _batch(counts: NDArray[np.int64], seed: int) -> EventBatch:
    persons, weeks = np.nonzero(counts)
    times = counts[persons, weeks]
    person, week = np.repeat(persons, times), np.repeat(weeks, times)
    n = len(person)
    within = np.random.default_rng(seed).integers(0, _WEEK_US, n)
    stamp = pa.timestamp("us", tz="UTC")
    columns: dict[str, pa.Array] = {name: pa.nulls(n, pa.string()) for name in FIXED_COLUMNS}
    columns |= {
        "time": pa.array(_START_US + week * _WEEK_US + within, pa.int64()).cast(stamp),
        "received_at": pa.nulls(n, stamp),
        "type": pa.array(["track"] * n, pa.string()),
        "event": pa.array(["visit"] * n, pa.string()),
        "user_id": pa.array(person.astype(str), pa.string()),
        "revenue": pa.nulls(n, pa.float64()),
        "bot": pa.array(np.zeros(n, np.bool_)),
    }
    hashes = np.random.default_rng(seed).integers(1, 2**63, (n, 2)).astype(np.uint64)
    return EventBatch(pa.table(columns), {}, hashes, [], n)
