"""Home: how many came, what they did, what it brought, each against the period before; and whether everything runs."""

from __future__ import annotations

import asyncio
import datetime as dt
from dataclasses import dataclass, replace
from math import isnan
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse

from sojourn.analyse.results import UNNAMED
from sojourn.analyse.show.words import count, money, percent
from sojourn.api.folder_health import processes
from sojourn.console.answers import answered
from sojourn.console.drawing import EVERYTHING, change
from sojourn.console.guard import SEE_OTHER
from sojourn.console.page import View, render
from sojourn.records.errors import NotADataFolder

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.responses import Response

    from sojourn.analyse.orders import OrderGroup, Orders
    from sojourn.analyse.scores import ScoreReading
    from sojourn.api.folder_health import Process
    from sojourn.console.answers import Answered
    from sojourn.console.asked import Asked
    from sojourn.console.drawing import Change

GOALS = (
    "order completed", "purchase", "purchased", "buy", "order placed", "checkout completed", "transaction", "subscription started",
    "plan upgraded", "trial started", "demo requested", "signed up", "sign up", "account created", "lead", "form submitted",
)  # fmt: skip
"""Usual names of what people come for, the one nearest to the money first."""
_LONG = dt.timedelta(days=56)


@dataclass(frozen=True, slots=True)
class Said:
    """A piece of a sentence.

    Attributes:
        text: What it says.
        href: Address of the persons it speaks of; None where it speaks of none.
        persons: How many these are; None where it counts something else that they did.
    """

    text: str
    href: str | None = None
    persons: int | None = None


@dataclass(frozen=True, slots=True)
class Tile:
    """One number of the page.

    Attributes:
        label: What it counts.
        value: As text.
        unit: What it is in; empty when that is clear.
        href: Address of exactly the persons it counts; of who did it, where it counts no persons.
        opens: Who these are, where it counts no persons.
        csv: Address of the numbers behind it.
        change: Against the period before.
        spark: By day.
        note: What else is worth saying.
    """

    label: str
    value: str
    href: str | None = None
    csv: str | None = None
    change: Change | None = None
    spark: Sequence[float] = ()
    note: Sequence[Said] = ()
    unit: str = ""
    opens: str = ""


async def home(asked: Asked) -> Response:
    """The first page."""
    try:
        span = await run_in_threadpool(asked.backing.history.bounds, replace(asked.scope, start=None, until=None))
    except NotADataFolder:
        return RedirectResponse("/start", SEE_OTHER)
    if asked.scope.start is None and asked.scope.until is None:
        usual = "28d" if span is not None and span[1] - span[0] >= _LONG else "7d"
        asked = replace(asked, scope=replace(asked.scope, start=usual))
    journeys, bounds = await asked.journeys(), await run_in_threadpool(asked.backing.history.bounds, asked.scope)
    goals = sorted(journeys.events)
    goal = asked.field("goal") or _chosen_goal(asked.settings.goal, goals)
    earlier = _before(asked, span, bounds)
    now, before, scores, running = await asyncio.gather(
        _numbers(asked, goal),
        _numbers(earlier, goal) if earlier else _nothing(),
        _scores(asked, since=bounds[0] if earlier and bounds else None),
        run_in_threadpool(processes, asked.backing.history.folder),
    )
    return render(
        asked, "home.html", title="Home", tiles=_tiles(now, before, goal), scores=scores,
        spreads=_spreads(scores), running=_told(running), goals=goals, goal=goal,
        sessions=now["sessions"], everything=EVERYTHING, compared=earlier is not None, bounds=bounds,
        first_day=max(bounds[0], span[0]) if bounds and span else None,
        last_day=bounds[1] - dt.timedelta(microseconds=1) if bounds else None,
        figure=await now["sessions"].figure(_figure),
        wrong=sorted({text for one in (*now.values(), scores) for text in one.wrong.values()}),
    )  # fmt: skip


def _before(
    asked: Asked, span: tuple[dt.datetime, dt.datetime] | None, bounds: tuple[dt.datetime, dt.datetime] | None
) -> Asked | None:
    """The same question of the period of the same length before; None where the log does not reach so far back."""
    if span is None or bounds is None:
        return None
    # On the wall clock: a week that the clock was changed in is a week.
    start = bounds[0] - (bounds[1].replace(tzinfo=None) - bounds[0].replace(tzinfo=None))
    if start < span[0]:
        return None
    return replace(asked, scope=replace(asked.scope, start=start.isoformat(), until=bounds[0].isoformat()))


async def _numbers(asked: Asked, goal: str | None) -> dict[str, Answered]:
    """The questions behind the tiles."""
    wanted: dict[str, Mapping[str, Sequence[str]]] = {
        "sessions": {"trend": ["day"]}, "orders": {"trend": ["day"]}, "engagement": {},
    }  # fmt: skip
    if goal:
        wanted["funnel"] = {"steps": [goal], "trend": ["day"]}
    found = await asyncio.gather(*(answered(asked, name, values, title="Home") for name, values in wanted.items()))
    return {one.question.name: one for one in found}


async def _nothing() -> dict[str, Answered]:
    return {}


async def _scores(asked: Asked, since: dt.datetime | None) -> Answered:
    """Scores at the end of the period from all that happened before it, and their means at its beginning."""
    whole = replace(asked, scope=replace(asked.scope, start=None))
    compared = {} if since is None else {"since": [since.isoformat()]}
    return await answered(whole, "scores", {"top": ["0"], **compared}, title="Home")


@dataclass(frozen=True, slots=True)
class Bar:
    """Persons whose points lie in one band.

    Attributes:
        says: Which, in words.
        persons: In the band.
        href: Address of these.
    """

    says: str
    persons: int
    href: str


@dataclass(frozen=True, slots=True)
class Spread:
    """How one score is spread.

    Attributes:
        score: The score.
        bars: Persons by points; empty when all have the same.
        change: Of the mean since the beginning of the period.
    """

    score: ScoreReading
    bars: list[Bar]
    change: Change | None


def _spreads(now: Answered) -> list[Spread]:
    if now.result is None or not now.result.persons_total:
        return []
    return [
        Spread(one, _bars(now, one), change(one.mean, None if isnan(one.mean_since) else one.mean_since, more_is=""))
        for one in now.result.scores
    ]


def _bars(now: Answered, score: ScoreReading) -> list[Bar]:
    if len(score.bands) < 2:  # noqa: PLR2004  (one band: all have the same points)
        return []
    *lower, last = score.bands
    bars = [
        Bar(
            f"{band.low:.1f} to {band.high:.1f} points", band.persons,
            now.behind(score=score.name, at_least=band.low, below=band.high),
        )
        for band in lower
    ]  # fmt: skip
    href = now.behind(score=score.name, at_least=last.low)
    return [*bars, Bar(f"{last.low:.1f} points or more", last.persons, href)]


def _chosen_goal(decided: str | None, events: Sequence[str]) -> str | None:
    """What people come for: as the settings say, or where the log has an event of a usual name."""
    if decided in events:
        return decided
    plain = {event.replace("_", " ").casefold(): event for event in events}
    return next((plain[name] for name in GOALS if name in plain), None)


def _tiles(now: Mapping[str, Answered], before: Mapping[str, Answered], goal: str | None) -> list[Tile]:
    tiles = [*_visits(now, before)]
    if goal:
        tiles.append(_conversion(now, before, goal))
    tiles.append(_revenue(now, before))
    tiles += _active(now, before)
    return tiles


def _result(answers: Mapping[str, Answered], name: str) -> Any:  # noqa: ANN401  (the question's result)
    found = answers.get(name)
    return None if found is None else found.result


def _visits(now: Mapping[str, Answered], before: Mapping[str, Answered]) -> list[Tile]:
    asked, result, earlier = now["sessions"], _result(now, "sessions"), _result(before, "sessions")
    if result is None:
        return []
    engagement = _result(now, "engagement")
    days = [day.persons for day in engagement.activity.trend] if engagement and engagement.activity else []
    href, csv = asked.behind(), asked.csv()
    returning = percent(result.returning_persons / result.persons) if result.persons else "–"
    again = Said(f"{returning} came again", asked.behind(kind="returning"), result.returning_persons)
    bounced = Said(
        f"{percent(result.bounce_rate)} of one event", asked.behind(kind="bounced") if result.bounced else None
    )
    return [
        Tile("Visitors", count(result.persons), href, csv, change(result.persons, earlier and earlier.persons), days, [again]),
        Tile(
            "Sessions", count(result.sessions), href, csv, change(result.sessions, earlier and earlier.sessions),
            [day.sessions for day in result.trend], [bounced], opens="Who had them",
        ),
    ]  # fmt: skip


def _conversion(now: Mapping[str, Answered], before: Mapping[str, Answered], goal: str) -> Tile:
    result, visits = _result(now, "funnel"), _result(now, "sessions")
    earlier, visits_before = _result(before, "funnel"), _result(before, "sessions")
    if result is None or visits is None or not visits.persons:
        return Tile("Conversion", "–", note=[Said(f"no {goal} in this period")])
    reached = result.steps[0].count
    share = reached / visits.persons
    old = (
        earlier.steps[0].count / visits_before.persons if earlier and visits_before and visits_before.persons else None
    )
    return Tile(
        "Conversion", percent(share), now["funnel"].behind(step=0), now["funnel"].csv(), change(share, old),
        [day.steps[0].count for day in result.trend],
        [
            Said(count(reached), now["funnel"].behind(step=0), reached), Said(" of "),
            Said(count(visits.persons), now["sessions"].behind(), visits.persons), Said(f" with {goal}"),
        ],
        opens=f"Who had {goal}",
    )  # fmt: skip


def _revenue(now: Mapping[str, Answered], before: Mapping[str, Answered]) -> Tile:
    asked, result, earlier = now["orders"], _result(now, "orders"), _result(before, "orders")
    if result is None or not result.amounts:
        return Tile("Revenue", "–", note=[Said("no order here carries an amount")])
    main = result.amounts[0]
    old = next((one.value for one in earlier.amounts if one.currency == main.currency), 0.0) if earlier else None
    others = [Said(f"; {len(result.amounts) - 1} more currencies")] if len(result.amounts) > 1 else []
    return Tile(
        "Revenue", money(main.value), asked.behind(kind="all", currency=main.currency or UNNAMED), asked.csv(),
        change(main.value, old), [_value(day, main.currency) for day in result.trend], [*_orders(asked), *others],
        main.currency, opens="Who ordered for it",
    )  # fmt: skip


def _orders(asked: Answered) -> list[Said]:
    result: Orders = asked.result
    href = asked.behind(kind="all")
    said = [
        Said(f"{count(result.orders)} orders", href), Said(" of "),
        Said(f"{count(result.persons)} persons", href, result.persons),
    ]  # fmt: skip
    if result.taken_back:
        said += [Said(", "), Said(f"{count(result.taken_back)} taken back", asked.behind(kind="taken_back"))]
    return said


def _value(day: OrderGroup, currency: str) -> float:
    return next((one.value for one in day.amounts if one.currency == currency), 0.0)


def _active(now: Mapping[str, Answered], before: Mapping[str, Answered]) -> list[Tile]:
    asked, result, earlier = now["engagement"], _result(now, "engagement"), _result(before, "engagement")
    if result is None or not result.activity or not result.activity.trend:
        return []
    last = result.activity.trend[-1]
    old = earlier.activity.trend[-1].persons if earlier and earlier.activity and earlier.activity.trend else None
    day = dt.date.fromisoformat(last.day)
    href = asked.behind("persons_active", start=last.day, end=str(day + dt.timedelta(days=1)))
    return [
        Tile(
            f"Active on {day.day} {day:%B}", count(last.persons), href, asked.csv("activity"), change(last.persons, old),
            [one.persons for one in result.activity.trend],
            [
                Said(f"{result.activity.dau_mean:,.1f} a day", asked.behind("persons_in")),
                Said(f", mean of {result.activity.days} days"),
            ],
        )
    ]  # fmt: skip


def _figure(found: Answered) -> Any:  # noqa: ANN401  (a plotly figure)
    """Sessions a day; its marks lead to those who had them."""
    if not found.result.trend:
        return None
    figure = found.result.plot()
    for marks, kind in zip(figure.data, ("all", "bounced"), strict=True):
        marks.meta = {"links": [found.behind(kind=kind, started=day.group) for day in found.result.trend]}
    return figure


@dataclass(frozen=True, slots=True)
class Runs:
    """A process, in words.

    Attributes:
        name: Which.
        does: What for.
        state: How it is.
        kind: Of the badge.
        todo: What to do; empty when nothing.
    """

    name: str
    does: str
    state: str
    kind: str
    todo: str = ""


_DOES = {
    "collector": "takes events from sites and servers",
    "worker": "keeps profiles, signals and scores up to date",
    "keeper": "files events for questions",
}
_BEHIND = 10_000


def _told(running: Sequence[Process]) -> list[Runs]:
    found = []
    for one in running:
        if one.process not in _DOES:
            continue
        if not one.runs:
            state, kind, todo = "not running", "warn", f"sojourn up starts it, or sojourn {one.process} alone"
        elif (one.behind or 0) > _BEHIND:
            state, kind, todo = f"{count(one.behind or 0)} events behind", "warn", ""
        else:
            waits = f", {count(one.behind)} waiting" if one.behind else ""
            state, kind, todo = f"running{waits}", "good", ""
        found.append(Runs(one.process, _DOES[one.process], state, kind, todo))
    return found


VIEWS = (View("/", "Home", home, group="Overview"),)
