"""Sessions against a brute-force count, worked examples, and published figures."""

from __future__ import annotations

import statistics
from collections import defaultdict
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sojourn
from sojourn.records.errors import BadOption
from tests.analyse.logs import Row, log, moment, random_rows
from tests.thoroughness import examples

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def sessions_of(rows: list[Row], gap: float, rule: str) -> list[list[float]]:
    """Times of each session, by the definition."""
    times = defaultdict(list)
    for row in rows:
        times[row[0]].append(moment(row[1]).timestamp())
    found: list[list[float]] = []
    for mine in times.values():
        mine.sort()
        for n, time in enumerate(mine):
            silence = time - mine[n - 1]
            if n == 0 or (silence >= gap if rule == "reaches" else silence > gap):
                found.append([])
            found[-1].append(time)
    return found


@examples(60)
@given(random_rows(longest=20), st.sampled_from([100, 200, 1000]), st.sampled_from(["reaches", "exceeds"]))
def test_sessions_are_cut_where_the_silence_is_long_enough(rows: list[Row], gap: int, rule: str) -> None:
    """Count, bounces, durations and depths, all from the definition."""
    cut = sessions_of(rows, gap, rule)
    durations = [session[-1] - session[0] for session in cut]

    found = log(rows).sessions(gap=f"{gap}s", gap_rule=rule)

    assert found.sessions == len(cut)
    assert found.bounced == sum(len(session) == 1 for session in cut)
    assert found.median_duration_s == pytest.approx(statistics.median(durations))
    assert found.median_depth == statistics.median(len(session) for session in cut)
    assert found.longest == max(len(session) for session in cut)
    assert sum(page.sessions for page in found.entries) == len(cut)


def test_a_silence_equal_to_the_gap_ends_a_session_only_when_it_need_not_exceed_it() -> None:
    """Two events 30 minutes apart."""
    rows = [("p", 0, "a"), ("p", 1800, "a")]

    assert log(rows).sessions(gap="30m").sessions == 2
    assert log(rows).sessions(gap="30m", gap_rule="exceeds").sessions == 1


def test_bounces_are_divided_by_sessions() -> None:
    """Three sessions, one of a single event: a third, though one event in five is a bounce."""
    rows = [("p", 0, "a"), ("p", 10, "b"), ("p", 5000, "a"), ("q", 0, "a"), ("q", 5, "c")]

    found = log(rows).sessions()

    assert (found.sessions, found.bounced) == (3, 1)
    assert found.bounce_rate == pytest.approx(1 / 3)
    assert set(found.persons_of("bounced")) == {"p"}
    assert set(found.persons_of("returning")) == {"p"}
    assert set(found.persons_of("all")) == {"p", "q"}
    assert [(page.page, page.sessions) for page in found.exits] == [("a", 1), ("b", 1), ("c", 1)]


def test_a_trend_follows_the_days_of_the_time_zone() -> None:
    """23:30 UTC is the next day in Berlin; no cut at midnight."""
    rows = [("p", "2024-03-01 23:30", "a"), ("p", "2024-03-01 23:50", "a"), ("q", "2024-03-03 12:00", "a")]

    utc = log(rows).sessions(trend="day").trend
    berlin = log(rows).in_zone("Europe/Berlin").sessions(trend="day").trend

    assert [(g.group, g.sessions) for g in utc] == [("2024-03-01", 1), ("2024-03-02", 0), ("2024-03-03", 1)]
    assert [(g.group, g.sessions) for g in berlin] == [("2024-03-02", 1), ("2024-03-03", 1)]


def test_groups_are_those_of_the_first_event() -> None:
    """A session's channel is the one it began with."""
    rows = [("p", 0, "a", {"ch": "ads"}), ("p", 10, "b", {"ch": "mail"}), ("q", 0, "a", {"ch": "mail"})]

    groups = log(rows).sessions(by="ch").groups

    assert {g.group: (g.sessions, g.events) for g in groups} == {"ads": (1, 2), "mail": (1, 1)}


def test_nothing_left_by_a_filter_is_an_answer_and_not_an_error() -> None:
    """Zero sessions; shares of nothing are not numbers."""
    found = log([("p", 0, "a")]).where("event = 'zzz'").sessions()

    assert found.sessions == 0
    assert found.to_dict()["bounce_rate"] is None


def test_a_rule_that_is_none_is_refused() -> None:
    """The message lists the two there are."""
    with pytest.raises(BadOption, match="reaches or exceeds"):
        log([("p", 0, "a")]).sessions(gap_rule="meets")


def test_readers_of_wikipedia_have_the_published_sessions(data: Callable[[str], Path]) -> None:
    """Reconstructr's figures: 22,226 where the gap ends a session, 22,224 where it must be exceeded."""
    journeys = sojourn.read(data("wikipedia_readers/wikipedia_reader_events.csv.gz"))

    reaches, exceeds = journeys.sessions(gap="30m"), journeys.sessions(gap="30m", gap_rule="exceeds")
    hour = journeys.sessions(gap="1h")

    assert (reaches.sessions, exceeds.sessions) == (22_226, 22_224)
    assert (hour.sessions, journeys.sessions(gap="1h", gap_rule="exceeds").sessions) == (20_820, 20_819)
    assert (reaches.bounced, hour.bounced) == (13_138, 12_006)
    assert reaches.returning_persons == 3_389
    assert reaches.persons == 10_000


def test_the_shop_log_gives_back_its_own_sessions(data: Callable[[str], Path]) -> None:
    """Half an hour of silence is how the log was made."""
    assert sojourn.read(data("funnel_ecom/ecom_events.csv.gz")).sessions().sessions == 3_605
