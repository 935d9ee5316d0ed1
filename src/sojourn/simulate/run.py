"""Make a world: everyone in it, one after the other, into a folder.

In: the name of a world, a folder, a seed. Out: the events, the tables, and the truth. Never reads a clock.
"""

from __future__ import annotations

import csv
import datetime as dt
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from sojourn.records.errors import BadOption
from sojourn.simulate.causes import CAUSES, switches
from sojourn.simulate.dice import Dice
from sojourn.simulate.messages import Post, encode
from sojourn.simulate.rhythm import DAY, Period
from sojourn.simulate.truth import Account, PersonTruth
from sojourn.simulate.worlds import MODELS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sojourn.simulate.causes import World
    from sojourn.simulate.worlds import Model

DEFAULT_START = dt.date(2025, 3, 1)


@dataclass(frozen=True, slots=True)
class Simulated:
    """A simulated world that was written.

    Attributes:
        world: Its name.
        seed: Its seed.
        events: Path of the messages, Segment-shaped JSON lines in received order, gzip.
        truth: Path of the truth, one object a person.
        summary: Path of the truth about the world as a whole.
        ad_spend: Path of the advertising spend by day and campaign, None where the world has none.
        products: Path of the catalogue, None where the world has none.
        message_count: Lines of the file.
        event_count: Distinct messages, duplicates counted once.
        duplicate_count: Lines that repeat an earlier message.
        late_count: Distinct messages received over an hour after they happened.
        person_count: Persons.
        bot_count: Crawlers.
    """

    world: World
    seed: int
    events: Path
    truth: Path
    summary: Path
    ad_spend: Path | None
    products: Path | None
    message_count: int
    event_count: int
    duplicate_count: int
    late_count: int
    person_count: int
    bot_count: int


def simulate(  # noqa: PLR0913 -- one option a choice someone who makes a world has
    world: World,
    out: Path,
    *,
    persons: int | None = None,
    days: int = 30,
    seed: int = 1,
    causes: Mapping[str, bool] | None = None,
    start: dt.date = DEFAULT_START,
) -> Simulated:
    """Write a simulated world into a folder; the same arguments give the same bytes.

    Args:
        world: `shop`, `software` or `streaming`.
        out: Folder, made when missing; files of an earlier world in it are overwritten.
        persons: How many people, crawlers not counted; None for about 190,000 events in a month of the shop. In the
            software world colleagues come together, so there may be a few more.
        days: Length of the period, at least 7 (shop), 14 (streaming) or 24 (software).
        seed: Seed, 0 or more.
        causes: Switches of planted causes by name; those not named stay on. `only(world, *names)` gives the
            switches with all others off.
        start: First day, from midnight UTC.

    Raises:
        BadOption: An unknown world or cause, too few persons or days, or a negative seed.
    """
    model = _model(world)
    on = switches(world, causes)
    wanted = model.default_persons if persons is None else persons
    if wanted < 1:
        raise BadOption(f"expected at least 1 person, got {wanted}")
    if days < model.shortest_days:
        raise BadOption(f"expected at least {model.shortest_days} days for the {world} world, got {days}")
    if seed < 0:
        raise BadOption(f"expected a seed of 0 or more, got {seed}")
    out.mkdir(parents=True, exist_ok=True)
    account = Account(CAUSES[world], on)
    period = Period.of(start, days)
    with tempfile.TemporaryDirectory(dir=out) as folder:
        post = Post(Path(folder), period, prefix=f"simulated-{world}-{seed}")
        _act(model, post, account, out / "truth.jsonl", seed=seed, persons=wanted)
        post.deliver(out / "events.jsonl.gz")
    spend = _write_spend(model, post, start, out / "ad_spend.csv", seed) if model.channels else None
    products = out / "products.csv" if model.write_products is not None else None
    if model.write_products is not None and products is not None:
        model.write_products(products)
    _write_summary(model, post, account, out / "truth.json", seed=seed, start=start)
    tally = post.tally
    return Simulated(
        world, seed, out / "events.jsonl.gz", out / "truth.jsonl", out / "truth.json", spend, products,
        tally.messages, tally.events, tally.duplicates, tally.late, account.persons, account.bots,
    )  # fmt: skip


def _model(world: World) -> Model:
    if world not in MODELS:
        raise BadOption(f"there is no simulated world {world!r}; there are {', '.join(MODELS)}")
    return MODELS[world]


def _act(model: Model, post: Post, account: Account, path: Path, *, seed: int, persons: int) -> None:
    """Act out every person, then every crawler, writing the truth as it becomes known."""
    with path.open("wb") as out:

        def keep(truth: PersonTruth) -> None:
            account.add(truth)
            out.write(encode(truth) + b"\n")

        while account.persons < persons:
            number = account.persons
            dice = Dice(np.random.default_rng([seed, model.number, 0, number]))
            for truth in model.live(number, dice, post, account.on, seed):
                keep(truth)
        for number in range(max(2, round(persons * model.bot_share))):
            keep(model.crawl(number, Dice(np.random.default_rng([seed, model.number, 1, number])), post))


def _write_spend(model: Model, post: Post, start: dt.date, path: Path, seed: int) -> Path:
    """What was paid for each campaign and day: clicks that became visits, and some that did not."""
    dice = Dice(np.random.default_rng([seed, model.number, 2]))
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(
            ("date", "channel", "source", "medium", "campaign", "impressions", "clicks", "spend", "currency")
        )
        for day in range(post.period.days):
            date = (start + dt.timedelta(days=day)).isoformat()
            for channel in model.channels:
                visits = post.tally.visits.get((day, channel.campaign or channel.name), 0)
                clicks = round(visits * dice.between(1.02, 1.2))
                impressions = round(clicks / dice.between(0.012, 0.045))
                spend = clicks * channel.cost_per_click * dice.between(0.85, 1.15)
                table.writerow((date, channel.name, channel.source, channel.medium, channel.campaign,
                                impressions, clicks, f"{spend:.2f}", model.currency))  # fmt: skip
    return path


def _write_summary(model: Model, post: Post, account: Account, path: Path, *, seed: int, start: dt.date) -> None:
    tally = post.tally
    told = {
        "simulated": True,
        "world": model.world,
        "seed": seed,
        "start": start.isoformat(),
        "end": (start + dt.timedelta(days=(post.period.end_ms - post.period.start_ms) // DAY)).isoformat(),
        "days": post.period.days,
        "currency": model.currency,
        "counts": {
            "messages": tally.messages,
            "events": tally.events,
            "duplicates": tally.duplicates,
            "late": tally.late,
            "persons": account.persons,
            "bots": account.bots,
            "shared_devices": len(account.shared_devices),
        },
        "outcomes": {
            name: {"persons": count, "happened": account.happened[name], "without_causes": account.willing[name]}
            for name, count in sorted(account.upfor.items())
        },
        "causes": account.of_causes(),
        "events": dict(sorted(tally.by_event.items())),
    }
    path.write_bytes(msgspec.json.format(msgspec.json.encode(told), indent=2) + b"\n")
