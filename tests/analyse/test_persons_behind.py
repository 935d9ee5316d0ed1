"""Every number of an answer lists exactly the persons it counts: loops over the same rows say who they are."""

from __future__ import annotations

import collections
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.records.errors import BadOption
from sojourn.signals.catalogue_file import read_catalogue
from tests.analyse import attribution_oracle as oracle
from tests.analyse.logs import log, random_rows
from tests.thoroughness import examples

if TYPE_CHECKING:
    from sojourn.analyse.results import Persons
    from tests.analyse.logs import Row

DAY, HOUR = 86_400, 3_600
CATALOGUE = """
version: 1
signals:
  - {name: looked, kind: behavioral, says: Looks, pattern: count, of: a, half_life: 1h}
  - {name: bought, kind: transactional, says: Buys, pattern: count, of: c}
stages:
  - {name: interest, says: Looks, where: signal.looked > 0}
  - {name: purchase, says: Buys, where: signal.bought > 0}
scores:
  - {name: intent, says: How near to an order, base: 0, terms: [{signal: looked, weight: 10}]}
segments:
  - {name: buyers, says: Buys, where: signal.bought > 0}
"""


def many(persons: Persons) -> int:
    """How many there are; nobody stands twice."""
    assert len(set(persons)) == len(persons)
    return len(persons)


@examples(8)
@given(random_rows(persons=6, events="xyz", longest=40, seconds=6 * DAY))
def test_paths_of_channels_list_who_had_them(rows: list[Row]) -> None:
    """The goal is x; a touch is any event with a channel, at most two days old."""
    result = log([*rows, ("p9", 0, "x", {"channel": "ads"})]).attribution(
        goal="x", touch="channel", lookback="2d", by="channel"
    )
    paths = oracle.paths_of([*rows, ("p9", 0, "x", {"channel": "ads"})], goal="x", lookback_s=2 * DAY)

    for one in result.channels:
        through = [path for path in paths if one.channel in path.channels]
        assert one.paths == len(through)
        assert one.touches == sum(path.channels.count(one.channel) for path in through)
        assert one.conversions == sum(path.converted for path in through)
        assert set(result.persons_through(one.channel)) == {path.person for path in through}
        assert set(result.persons_through(one.channel, outcome="converted")) == {
            path.person for path in through if path.converted
        }
        assert set(result.persons_through(one.channel, outcome="lost")) == {
            path.person for path in through if not path.converted
        }
    for top in result.top_paths:
        same = [path for path in paths if " > ".join(path.channels) == top.path and path.channels]
        assert (top.conversions, top.nulls) == (sum(p.converted for p in same), sum(not p.converted for p in same))
        assert set(result.persons_on(top.path)) == {path.person for path in same}
        assert set(result.persons_on(top.path, outcome="converted")) == {p.person for p in same if p.converted}
        assert set(result.persons_on(top.path, outcome="lost")) == {p.person for p in same if not p.converted}
    assert set(result.persons_of("lost")) == {path.person for path in paths if not path.converted}
    assert set(result.persons_of("without_touch")) == {p.person for p in paths if p.converted and not p.channels}
    goals = [row for row in (*rows, ("p9", 0, "x", {"channel": "ads"})) if row[2] == "x"]
    for group in result.groups:
        named = [row for row in goals if (row[3].get("channel") or "(none)") == group.group]
        assert group.conversions == len(named)
        assert set(result.persons_of("converters", group=group.group)) == {row[0] for row in named}
        for channel, credit in group.models["linear"].items():
            assert bool(result.persons(channel, group=group.group)) == bool(credit.conversions)


def test_a_path_or_a_channel_that_is_not_in_the_answer_is_refused() -> None:
    result = log([("anna", 0, "x", {"channel": "ads"})]).attribution(goal="x", touch="channel")

    assert list(result.persons_on("ads")) == ["anna"]
    with pytest.raises(BadOption, match="'mail' is not among the 1 paths"):
        result.persons_on("mail")
    with pytest.raises(BadOption, match="'mail' is no channel; there are ads"):
        result.persons_through("mail")
    with pytest.raises(BadOption, match="expected a group of the breakdown, got 'x'"):
        result.persons("ads", group="x")


_VIEW = st.fixed_dictionaries(
    {"path": st.sampled_from(["/a", "/b"])}, optional={"scroll_depth": st.sampled_from([0.2, 0.5, 0.9, 1.0])}
)
_VIDEO = st.fixed_dictionaries({"asset_id": st.sampled_from(["v1", "v2"]), "position": st.sampled_from([0, 60])})
_ROW = st.tuples(st.sampled_from(["p0", "p1", "p2", "p3"]), st.integers(0, 90).map(lambda n: n * 600))
_VISITS = st.lists(
    st.one_of(
        st.tuples(_ROW, st.just("Page Viewed"), _VIEW),
        st.tuples(_ROW, st.sampled_from(["Video Playback Started", "Video Playback Completed"]), _VIDEO),
        st.tuples(_ROW, st.just("Comment Written"), st.just({})),
    ),
    min_size=1,
    max_size=25,
)


@examples(8)
@given(_VISITS)
def test_views_readings_and_videos_list_who_had_them(made: list[tuple[tuple[str, int], str, dict[str, Any]]]) -> None:
    """Sessions end after 30 minutes; a view lasts to the next of its session, else its length is unknown."""
    first: dict[str, Any] = {"path": "/a", "scroll_depth": 0.5}
    rows: list[Row] = [("p9", 0, "Page Viewed", first), *((*who, event, told) for who, event, told in made)]
    result = log(rows).engagement(by="path")
    views = sorted((row for row in rows if row[2] == "Page Viewed"), key=lambda row: int(str(row[1])))
    known = _known(rows)

    assert result.page_time is not None
    assert set(result.persons_on()) == {row[0] for row in views}
    assert many(result.persons_on(length="known")) == len({rows[n][0] for n, told in known.items() if told})
    assert many(result.persons_on(length="unknown")) == len({rows[n][0] for n, told in known.items() if not told})
    for page in result.page_time.pages:
        assert set(result.persons_on(page.page)) == {row[0] for row in views if row[3]["path"] == page.page}
        mine = {rows[n][0] for n, told in known.items() if told and rows[n][3]["path"] == page.page}
        assert set(result.persons_on(page.page, length="known")) == mine
        assert set(result.persons_on(page.page, group=page.page)) == set(result.persons_on(page.page))
    assert result.scroll is not None
    for page_name in (None, "/a", "/b"):
        read = [row for row in views if "scroll_depth" in row[3] and page_name in (None, row[3]["path"])]
        if page_name is None or read:
            for depth in (0.0, 0.25, 0.5, 0.9, 1.0):
                assert set(result.persons_scrolling(page_name, at_least=depth)) == {
                    row[0] for row in read if row[3]["scroll_depth"] >= depth
                }
    if result.video is not None:
        for video in result.video.videos:
            ended = {r[0] for r in rows if r[2] == "Video Playback Completed" and r[3]["asset_id"] == video.video}
            assert set(result.persons_watching(video.video, completed=True)) == ended
            assert many(result.persons_watching(video.video)) == video.persons
    assert set(result.persons_of("commented")) == {row[0] for row in rows if row[2] == "Comment Written"}


def _known(rows: list[Row]) -> dict[int, bool]:
    """By place of each view whether the same session has a later one."""
    order = sorted(range(len(rows)), key=lambda n: (rows[n][0], int(str(rows[n][1])), n))
    known: dict[int, bool] = {}
    before: int | None = None
    open_view: int | None = None
    for n in order:
        same = before is not None and rows[before][0] == rows[n][0]
        if not same or int(str(rows[n][1])) - int(str(rows[before or 0][1])) >= 1800:
            open_view = None
        if rows[n][2] == "Page Viewed":
            if open_view is not None:
                known[open_view] = True
            known[n] = False
            open_view = n
        before = n
    return known


def _left_and_cancelled() -> list[Row]:
    """44 leave, of whom 42 cancel and 4 pay; 40 pay and buy, of whom 39 are registered; one comes too late to tell."""
    rows: list[Row] = [("late", 90 * DAY, "cart", {"channel": "ads"})]
    for n in range(84):
        person, at, told = f"p{n}", n * DAY, {"channel": ("ads", "mail")[n % 2]}
        rows.append((person, at, "cart", told))
        if n < 4 or n >= 44:
            rows.append((person, at + 10, "pay", told))
        if n < 42:
            rows.append((person, at + 20 + n, "cancel", told))
        if n >= 44:
            rows.append((person, at + 30, "buy", told))
        if n >= 45:
            rows.append((person, at + (29 if n % 2 else 31), "registered", told))
    return rows


def test_both_sides_of_milestones_and_endings_list_who_has_them() -> None:
    comparison = log(_left_and_cancelled()).compare(["cart", "buy"], by="channel")
    leavers, converters = [f"p{n}" for n in range(44)], [f"p{n}" for n in range(44, 84)]

    assert [(m.what, m.count_a, m.count_b) for m in comparison.milestones] == [("pay", 4, 40)]
    assert set(comparison.persons_at_milestone(0, "a")) == set(leavers[:4])
    assert set(comparison.persons_at_milestone(0, "b")) == set(converters)
    assert [(e.what, e.count_a, e.count_b) for e in comparison.endings] == [("cancel", 42, 0), ("registered", 0, 39)]
    assert set(comparison.persons_at_ending(0, "a")) == set(leavers[:42])
    assert not comparison.persons_at_ending(0, "b")
    assert set(comparison.persons_at_ending(1, "b")) == set(converters[1:])
    assert comparison.undecided == 1
    assert list(comparison.persons_left_out()) == ["late"]
    for group in comparison.by_group:
        for side, named in (("a", "leavers"), ("b", "converters")):
            assert many(comparison.persons(None, side, group=group.group)) == group.groups[named]  # type: ignore[arg-type]  # a side
    with pytest.raises(BadOption, match="expected a milestone from 0 to 0, got 1"):
        comparison.persons_at_milestone(1)


@examples(8)
@given(random_rows(persons=10, events="abcd", longest=70, seconds=6000))
def test_a_comparison_lists_who_was_asked_and_who_is_in_both_groups(rows: list[Row]) -> None:
    rows = [*rows, ("p0", 0, "a", {"channel": "ads"}), ("p1", 0, "b", {})]
    comparison = log(rows).compare(group="a", against="b", by="channel")
    having = collections.defaultdict(set)
    for person, _, event, _ in rows:
        having[event].add(person)

    assert set(comparison.persons_left_out()) == having["a"] & having["b"]
    for place, found in enumerate(comparison.findings):
        assert many(comparison.persons(place, "a", asked=True)) == found.n_a
        assert many(comparison.persons(place, "b", asked=True)) == found.n_b
    for group in comparison.by_group:
        for place, found in enumerate(group.findings):
            assert many(comparison.persons(place, "a", group=group.group)) == found.count_a
            assert many(comparison.persons(place, "b", group=group.group)) == found.count_b


@examples(8)
@given(random_rows(persons=5, events="ab", longest=30, seconds=3 * DAY))
def test_sessions_of_a_day_a_group_or_a_page_list_their_persons(rows: list[Row]) -> None:
    rows = [*rows, ("p9", 0, "a", {"channel": "ads"})]
    result = log(rows).sessions(gap="2h", by="channel", trend="day", page="channel")
    units = _sessions(rows)

    for kind, counts in (("all", 0), ("bounced", 1), ("returning", 2)):
        for day in result.trend:
            mine = [unit for unit in units if f"2024-01-{1 + int(str(unit[0][1])) // DAY:02d}" == day.group]
            assert set(result.persons_of(kind, started=day.group)) == _of_kind(mine, counts)  # type: ignore[arg-type]  # a kind
            assert day.sessions == len(mine)
        for group in result.groups:
            mine = [unit for unit in units if (unit[0][3].get("channel") or "(none)") == group.group]
            assert set(result.persons_of(kind, group=group.group)) == _of_kind(mine, counts)  # type: ignore[arg-type]  # a kind
    for page in result.entries:
        began = [unit for unit in units if _channel(unit) == page.page]
        assert page.sessions == len(began)
        assert set(result.persons_by_page(page.page)) == {unit[0][0] for unit in began}
    for page in result.exits:
        ended = [unit for unit in units if _channel(unit[::-1]) == page.page]
        assert set(result.persons_by_page(page.page, end="exit")) == {unit[0][0] for unit in ended}


def _sessions(rows: list[Row]) -> list[list[Row]]:
    """Each person's rows, cut where two hours pass without one."""
    units: list[list[Row]] = []
    for row in sorted(rows, key=lambda row: (row[0], int(str(row[1])))):
        last = units[-1][-1] if units else None
        if last and last[0] == row[0] and int(str(row[1])) - int(str(last[1])) < 2 * HOUR:
            units[-1].append(row)
        else:
            units.append([row])
    return units


def _channel(unit: list[Row]) -> str:
    return next((row[3]["channel"] for row in unit if "channel" in row[3]), "(none)")


def _of_kind(units: list[list[Row]], kind: int) -> set[str]:
    """Persons of sessions; of those of one event (1); with more than one session (2)."""
    counted = collections.Counter(unit[0][0] for unit in units if kind != 1 or len(unit) == 1)
    return {person for person, n in counted.items() if n > (kind == 2)}


_ORDER = st.fixed_dictionaries(
    {"order_id": st.sampled_from(["o1", "o2", "o3"])},
    optional={"revenue": st.sampled_from([10.0, -4.0]), "currency": st.sampled_from(["EUR", "USD"])},
)


@examples(8)
@given(st.lists(st.tuples(st.sampled_from("pqrs"), st.integers(0, 5).map(lambda n: n * HOUR * 9), _ORDER), min_size=1))
def test_orders_of_a_number_a_day_or_a_currency_list_their_persons(made: list[tuple[str, int, dict[str, Any]]]) -> None:
    rows: list[Row] = [("z", 0, "buy", {"order_id": f"o-{c}", "revenue": 1.0, "currency": c}) for c in ("EUR", "USD")]
    rows += [(person, at, "buy", told) for person, at, told in made]
    result = log(rows).orders(trend="day")
    orders: dict[tuple[str, str], list[Row]] = {}
    for row in sorted(rows, key=lambda row: int(str(row[1]))):
        orders.setdefault((row[0], row[3]["order_id"]), []).append(row)
    held = collections.Counter(person for person, _ in orders)

    for count in result.counts:
        assert set(result.persons_of(orders=count.orders)) == {p for p, n in held.items() if n == count.orders}
        assert many(result.persons_of(orders=count.orders)) == count.persons
    for day in result.trend:
        mine = {p for (p, _), own in orders.items() if f"2024-01-{1 + int(str(own[0][1])) // DAY:02d}" == day.group}
        assert set(result.persons_of(started=day.group)) == mine
        assert many(result.persons_of("repeat", started=day.group)) == day.repeat_persons
    for amount in result.amounts:
        priced = [own for own in orders.values() if _currency(own) == amount.currency]
        assert amount.orders == len(priced)
        assert set(result.persons_of(currency=amount.currency)) == {own[0][0] for own in priced}


def _currency(order: list[Row]) -> str | None:
    """Currency of the first amount that an order tells."""
    told = next((row[3] for row in order if "revenue" in row[3]), None)
    return None if told is None else told.get("currency", "(none)")


@examples(8)
@given(random_rows(persons=6, events="abc", longest=25, seconds=5 * HOUR))
def test_signals_stages_and_scores_list_everybody_they_count(rows: list[Row]) -> None:
    journeys, catalogue = log(rows), read_catalogue(CATALOGUE)
    signals, segments = journeys.signals(catalogue=catalogue), journeys.segments(catalogue=catalogue)
    map_ = journeys.journey_map(catalogue=catalogue)
    by_event = {event: {row[0] for row in rows if row[2] == event} for event in "abc"}
    everybody = {row[0] for row in rows}

    for result in (signals, segments, journeys.scores(catalogue=catalogue)):
        assert set(result.persons_of("scored")) == everybody
        assert result.persons_total == len(everybody)
        assert not result.persons_of("unscored")
    assert set(signals.persons("looked", ever=True)) == by_event["a"]
    assert many(signals.persons("looked")) == signals.signals[0].persons
    assert set(segments.persons_of("no_stage")) == everybody - by_event["a"] - by_event["c"]
    assert set(map_.persons_of("before")) == everybody - by_event["a"] - by_event["c"]
    assert map_.before == many(map_.persons_of("before"))
    assert set(map_.persons_of()) == everybody
    for stage in map_.stages:
        assert many(map_.persons_on(stage.name, outcome="reached")) == stage.reached
    assert set(map_.persons_on("purchase", outcome="reached")) == by_event["c"]


@examples(8)
@given(random_rows(persons=5, events="abc", longest=25, seconds=3 * DAY))
def test_ways_of_walking_list_everybody_who_walks(rows: list[Row]) -> None:
    journeys = log(rows)
    walked = journeys.paths(start="a", unit="persons") if any(row[2] == "a" for row in rows) else journeys.paths()

    assert many(walked.persons_of()) == walked.persons
    for result in (journeys.transitions(), journeys.loops(), journeys.ngrams()):
        assert set(result.persons_of()) == {row[0] for row in rows}
    with pytest.raises(BadOption, match="expected both steps"):
        journeys.transitions().persons_of(from_="a")
    history = journeys.history(period="day")
    for period in history.all.periods:
        assert many(history.persons(period=period.period)) == period.active_persons
        assert many(history.persons(period=period.period, standing="known")) == period.persons
