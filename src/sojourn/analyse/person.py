"""One person: who they are, what they did when, and how each measure developed over their life.

In: journeys and an identifier. Out: `PersonHistory`. Definitions: docs/methods/person-history.md.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from sojourn.analyse import history_kernel as kernel
from sojourn.analyse.channels import Channels, coded, has_column
from sojourn.analyse.groups import group_events
from sojourn.analyse.history import partial
from sojourn.analyse.history_question import read_history
from sojourn.analyse.links import links_of_person
from sojourn.analyse.parts import alone
from sojourn.analyse.person_names import names_of
from sojourn.analyse.results import Drill, Result
from sojourn.analyse.steps import mask_of
from sojourn.identify.persons import Fate
from sojourn.records.errors import BadOption, UnknownPerson
from sojourn.records.periods import Period, from_us, zone
from sojourn.store.columns import TextColumn
from sojourn.store.timeline import bucket_of, find_person, read_rows

if TYPE_CHECKING:
    import datetime as dt
    import os
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray

    from sojourn.analyse.history_question import HistoryQuestion
    from sojourn.analyse.journeys import Journeys
    from sojourn.analyse.links import PersonLink
    from sojourn.analyse.parts import GapRule, Part
    from sojourn.store.timeline import Row

_SECOND = 1_000_000
_ASSETS = 8
_EXAMPLES = 3
_COUNTING = frozenset((Fate.JOINED.words, Fate.TOGETHER.words))
_NEVER = np.iinfo(np.int64).max
_LENGTHS: tuple[tuple[int, Period], ...] = ((2, "hour"), (45, "day"), (270, "week"))
_DAY = 86_400 * _SECOND


@dataclass(frozen=True, slots=True)
class Identity:
    """One identifier the person was seen with.

    Attributes:
        kind: user, anonymous, email, ...
        id: As it was sent.
        events: Events of the timeline that carry it as user id or anonymous id.
        first: Time of the first of them, ISO 8601 in the time zone; None without times.
        last: Time of the last.
        evidence: What links it with the person's other identifiers, `sojourn links`; None where no link of it counts: it is
            the only one, or a device that belongs to somebody else.
        proven: Whether that is proven; else it is claimed.
    """

    kind: str
    id: str
    events: int
    first: str | None
    last: str | None
    evidence: str | None = None
    proven: bool = False


@dataclass(frozen=True, slots=True)
class TimelineEvent:
    """One event.

    Attributes:
        time: ISO 8601 in the time zone; None without one.
        event: Its name.
        page: Value of the page's column; None without one.
        revenue: Its value; None without one.
        properties: What else was sent with it.
    """

    time: str | None
    event: str
    page: str | None
    revenue: float | None
    properties: dict[str, Any]


@dataclass(frozen=True, slots=True)
class TimelineSession:
    """One session.

    Attributes:
        number: Which of the person's sessions, from 1.
        started: Time of its first event; None without times.
        duration_s: Last time minus first, seconds.
        events: How many events it has.
        timeline: Its events in order; those that were asked for.
    """

    number: int
    started: str | None
    duration_s: float
    events: int
    timeline: tuple[TimelineEvent, ...]


@dataclass(frozen=True, slots=True)
class PersonPeriod:
    """What the person did in one period.

    Attributes:
        period: The period's label.
        visits: Sessions begun in it.
        events: Events.
        session_s: Length of those sessions, seconds.
        page_s: Time on the pages viewed in it, as far as known, seconds.
        active_days: Days with an event.
        purchases: Purchases.
        revenue: Their value.
        assets: Page views by page, without known page views events by name.
    """

    period: str
    visits: int
    events: int
    session_s: float
    page_s: float
    active_days: int
    purchases: int
    revenue: float
    assets: dict[str, int]


@dataclass(frozen=True, slots=True)
class PersonHistory(Result):
    """One person.

    Attributes:
        person: Their id.
        identities: Every identifier they were seen with in the timeline.
        first: Time of their first event, ISO 8601 in the time zone; None without times.
        last: Time of their last.
        visits: Sessions.
        events: Events.
        first_session_s: Length of the first session, seconds.
        session_s: Length of all sessions, seconds.
        page_s: Time on pages, as far as known, seconds.
        active_days: Days with an event.
        purchases: Purchases; an order counts once.
        revenue: Their value.
        currency: What `revenue` is in; None when the log names none.
        money_note: What a reader of `revenue` must know; empty when all amounts are in one currency.
        asset: Column of the pages or events in `assets`.
        period: How long a period is; None without times.
        periods: Period by period from the first event to the last, quiet ones too.
        sessions: The latest sessions, oldest of them first.
    """

    person: str
    identities: tuple[Identity, ...]
    first: str | None
    last: str | None
    visits: int
    events: int
    first_session_s: float
    session_s: float
    page_s: float
    active_days: int
    purchases: int
    revenue: float
    currency: str | None
    money_note: str
    asset: str
    period: Period | None
    periods: tuple[PersonPeriod, ...]
    sessions: tuple[TimelineSession, ...]
    _drill: Drill | None = field(default=None, repr=False, compare=False)
    _links: tuple[PersonLink, ...] = field(default=(), repr=False, compare=False)

    def rows(self) -> Sequence[PersonPeriod]:
        """The periods."""
        return self.periods

    @property
    def links(self) -> tuple[PersonLink, ...]:
        """What `analyse.links.links_of_person` tells of the person: the identities' evidence, and refused and revoked links."""
        return self._links


def person_history(  # noqa: PLR0913  (the options of the question; each has a default)
    journeys: Journeys,
    person: str,
    *,
    period: Period | None = None,
    asset: str | None = None,
    views: str | None = None,
    purchase: str | None = None,
    value: str | None = "revenue",
    currency: str | None = None,
    rates: str | os.PathLike[str] | None = None,
    gap: str | dt.timedelta = "30m",
    gap_rule: GapRule = "reaches",
    sessions: int = 100,
    events: int | None = None,
    skip: int = 0,
) -> PersonHistory:
    """Look at one person.

    Args:
        journeys: The log.
        person: A user id or an anonymous id, as it was sent; identifiers linked with it belong to the same person.
        period: hour, day, week or month; None for one that suits the person's life.
        asset: Column of the pages; None for `path` or the like where there are page views, else the event's name.
        views: Events that are page views; None for Page Viewed and Screen Viewed, else all events.
        purchase: Events that are purchases; None for names such as Order Completed, else all events with a value.
        value: Column of the value of a purchase; None for none.
        currency: Of values in several currencies only those in this one count; None for the one most are in.
        rates: CSV of date, currency, rate, which converts the others into `currency`.
        gap: Silence that ends a session.
        gap_rule: Whether a silence equal to the gap ends it.
        sessions: At most so many sessions with their events, the latest.
        events: At most so many events in them, the latest; None for all. Of the earliest session shown some may be missing then.
        skip: Leave out so many events, the latest, from the sessions: the page before.

    Raises:
        UnknownPerson: No event carries the identifier, or none of those asked about.
        BadOption: `sessions`, `events` or `skip` is below 0.
    """
    _check(sessions, events, skip)
    number, part = _part_of(journeys, person)
    times = part.time
    question = read_history(
        journeys, period=period or _suitable(times), cohort=None, asset=asset, assets=_ASSETS, views=views,
        purchase=purchase, value=value, currency=currency, rates=rates, gap=gap, gap_rule=gap_rule, times=[times],
    )  # fmt: skip
    codes, names = coded(part, question.asset)
    own = codes if question.views is None else codes[mask_of(part, question.views, time_zone=journeys.time_zone)]
    channels = _own_assets(own, codes, names)
    where = zone(journeys.time_zone)
    begins = np.flatnonzero(np.diff(times, prepend=times[0]) >= question.gap_us)
    bounds = [0, *begins.tolist(), len(times)]
    shown = _window(bounds, sessions, events, skip)
    seqs = _seqs(journeys, part, shown)
    details = read_rows(journeys.index, number, seqs)
    told = _Told(part, codes, names if question.asset != "event" else None, seqs, shown.start, details, where)
    links = links_of_person(journeys.index, number, where)
    made = [
        told.session(n, a, b, range(max(a, shown.start), min(b, shown.stop)))
        for n, (a, b) in enumerate(itertools.pairwise(bounds), start=1)
        if a < shown.stop and b > shown.start
    ]
    measured = _measured(part, question, channels)
    return replace(
        measured,
        person=names_of(journeys.index, np.array([number], np.int64))[0],
        identities=_identities(journeys, part, links, where),
        first=_iso(int(times[times != 0].min()), where) if (times != 0).any() else None,
        last=_iso(int(times.max()), where) if (times != 0).any() else None,
        visits=len(bounds) - 1,
        events=len(times),
        sessions=tuple(made),
        _drill=Drill(journeys, question),
        _links=links,
    )


def _check(sessions: int, events: int | None, skip: int) -> None:
    for name, value in (("sessions", sessions), ("events", events or 0), ("skip", skip)):
        if value < 0:
            raise BadOption(f"expected {name} of 0 or more, got {value}")


def _window(bounds: Sequence[int], sessions: int, events: int | None, skip: int) -> range:
    """Which of a person's events are told: the latest but `skip`, so many, of so many sessions."""
    stop = max(bounds[-1] - skip, 0)
    begun = [begin for begin in bounds[:-1] if begin < stop]
    first = begun[-sessions:][0] if sessions and begun else stop
    return range(first if events is None else max(first, stop - events), stop)


def _part_of(journeys: Journeys, person: str) -> tuple[int, Part]:
    """The person's number, and the part with them alone."""
    number = find_person(journeys.index, person)
    if number is None:
        some = np.concatenate([part.person[:_EXAMPLES] for part in journeys.parts()])[:_EXAMPLES]
        known = ", ".join(map(repr, names_of(journeys.index, np.sort(some))))
        raise UnknownPerson(
            f"no event carries the id {person!r}; ids are written like {known}, upper and lower case matter"
        )
    part = journeys.parts()[bucket_of(journeys.index, number)]
    place = np.flatnonzero(part.person == number)
    if not len(place):
        among = journeys.including_bots().parts()[bucket_of(journeys.index, number)]
        hint = (
            "all of them are of bots: `--bots` counts those"
            if number in among.person
            else "widen the filter or the time"
        )
        raise UnknownPerson(f"{person!r} is known, but has no event among those asked about; {hint}")
    return number, alone(part, int(place[0]))


def _suitable(times: NDArray[np.int64]) -> Period:
    """A period of which a life has some, and not too many."""
    timed = times[times != 0]
    days = (int(timed.max()) - int(timed.min())) / _DAY if len(timed) else 0.0
    return next((period for most, period in _LENGTHS if days <= most), "month")


def _own_assets(own: NDArray[np.int32], codes: NDArray[np.int32], names: Sequence[str]) -> Channels:
    """The person's most frequent pages as assets."""
    used, counts = np.unique(own[own >= 0], return_counts=True)
    chosen = used[np.argsort(-counts, kind="stable")][:_ASSETS]
    table = np.full(len(names) + 1, -1, np.int16)
    table[chosen + 1] = np.arange(len(chosen))
    return Channels(codes, table, tuple(names[code] for code in chosen.tolist()))


def _measured(part: Part, question: HistoryQuestion, channels: Channels) -> PersonHistory:
    """The person's measures by period, and in all; without times none."""
    empty = PersonHistory(
        "", (), None, None, 0, 0, np.nan, np.nan, np.nan, 0, 0, 0.0,
        question.money.currency if question.money else None, question.money.note if question.money else "", question.asset, None, (), ()
    )  # fmt: skip
    if question.periods is None:
        return empty
    found = partial(part, question, group_events([part], None)[0], channels)
    sums = found.sums[0]
    whole = sums.sum(axis=0)
    labels = question.periods.labels
    periods = tuple(_period(label, row, channels.names) for label, row in zip(labels, sums, strict=True))
    return replace(
        empty,
        first_session_s=float(found.first_session_us[0]) / _SECOND,
        session_s=float(whole[kernel.SESSION_US]) / _SECOND,
        page_s=float(whole[kernel.PAGE_US]) / _SECOND,
        active_days=int(whole[kernel.ACTIVE_DAYS]),
        purchases=int(whole[kernel.PURCHASES]),
        revenue=float(whole[kernel.REVENUE]),
        period=question.period,
        periods=periods,
    )


def _period(label: str, sums: NDArray[np.float64], assets: Sequence[str]) -> PersonPeriod:
    return PersonPeriod(
        period=label,
        visits=int(sums[kernel.VISITS]),
        events=int(sums[kernel.EVENTS]),
        session_s=float(sums[kernel.SESSION_US]) / _SECOND,
        page_s=float(sums[kernel.PAGE_US]) / _SECOND,
        active_days=int(sums[kernel.ACTIVE_DAYS]),
        purchases=int(sums[kernel.PURCHASES]),
        revenue=float(sums[kernel.REVENUE]),
        assets={name: int(sums[kernel.MEASURES + n]) for n, name in enumerate(assets)},
    )


@dataclass(frozen=True, slots=True)
class _Told:
    """What the events of a timeline are told from: rows, their pages, their details by place in the log, the zone."""

    part: Part
    codes: NDArray[np.int32]
    pages: Sequence[str] | None
    seqs: NDArray[np.int64]
    first: int
    details: dict[int, Row]
    where: ZoneInfo

    def event(self, i: int) -> TimelineEvent:
        """The event of a row of the part."""
        row = self.details.get(int(self.seqs[i - self.first]))
        sent: dict[str, Any] = {}
        if row is not None:
            named = {"order_id": row.order_id, "currency": row.currency}
            sent = {**row.properties, **{name: value for name, value in named.items() if value is not None}}
        code = int(self.codes[i])
        return TimelineEvent(
            time=_iso(int(self.part.time[i]), self.where),
            event=self.part.events[self.part.event[i]],
            page=self.pages[code] if self.pages is not None and code >= 0 else None,
            revenue=row.revenue if row is not None else None,
            properties=sent,
        )

    def session(self, number: int, a: int, b: int, shown: range) -> TimelineSession:
        """The session of rows `a` to `b`, with the events of those rows that are shown."""
        time = self.part.time
        return TimelineSession(
            number=number,
            started=_iso(int(time[a]), self.where),
            duration_s=(int(time[b - 1]) - int(time[a])) / _SECOND if time[a] else np.nan,
            events=b - a,
            timeline=tuple(self.event(i) for i in shown),
        )


def _identities(journeys: Journeys, part: Part, links: Sequence[PersonLink], where: ZoneInfo) -> tuple[Identity, ...]:
    """Identifiers of the person's events and links, most events first within users and others."""
    linked: dict[tuple[str, str], list[PersonLink]] = {}
    for link in links:
        if link.outcome in _COUNTING:
            for end in ((link.one_kind, link.one), (link.other_kind, link.other)):
                linked.setdefault(end, []).append(link)
    found: list[Identity] = []
    for kind, name in (("user", "user_id"), ("anonymous", "anonymous_id")):
        column = part.column(name) if has_column(journeys, name) else None
        if not isinstance(column, TextColumn):
            continue
        for code in np.unique(column.codes[column.codes >= 0]).tolist():
            seen = part.time[column.codes == code]
            ends = (_iso(int(seen[seen != 0].min(initial=_NEVER)), where), _iso(int(seen.max()), where))
            told = _evidence(linked.pop((kind, column.names[code]), []))
            found.append(Identity(kind, column.names[code], len(seen), *ends, *told))
    found += [Identity(kind, name, 0, None, None, *_evidence(links)) for (kind, name), links in linked.items()]
    return tuple(sorted(found, key=lambda identity: (identity.kind != "user", -identity.events, identity.id)))


def _evidence(links: list[PersonLink]) -> tuple[str | None, bool]:
    """What shows an identifier to be the person's: proven evidence before claimed, then the earliest."""
    best = min(links, key=lambda link: not link.proven, default=None)
    return (None, False) if best is None else (best.evidence, best.proven)


def _seqs(journeys: Journeys, part: Part, shown: range) -> NDArray[np.int64]:
    """Places in the log of some rows of the part of one person."""
    assert part.rows is not None
    return journeys.index.buckets[part.bucket].seq[part.rows[shown.start : shown.stop]]


def _iso(time_us: int, where: ZoneInfo) -> str | None:
    return None if time_us in (0, _NEVER) else from_us(time_us).astimezone(where).isoformat()
