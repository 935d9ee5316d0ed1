"""Engagement: each section against a second way to count it."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from typing import TYPE_CHECKING

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sojourn
from sojourn.records.errors import BadOption, UnknownColumn
from tests.analyse.logs import log, moment
from tests.thoroughness import examples

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tests.analyse.logs import Row

DAY = 86_400


def test_a_view_lasts_until_the_next_of_its_session() -> None:
    """Home 60 s, list 120 s, then the product, the last: unknown. The click in between is no view."""
    rows: list[Row] = [
        ("anna", 0, "Page Viewed", {"path": "/"}),
        ("anna", 60, "Page Viewed", {"path": "/list"}),
        ("anna", 100, "Click", {}),
        ("anna", 180, "Page Viewed", {"path": "/product"}),
        ("anna", 180 + 1800, "Page Viewed", {"path": "/"}),
    ]

    times = log(rows).engagement().page_time

    assert times is not None
    assert (times.column, times.all.views, times.all.timed, times.untimed) == ("path", 4, 2, 2)
    by_page = {page.page: (page.views, page.timed, page.total_s) for page in times.pages}
    assert by_page == {"/": (2, 1, 60.0), "/list": (1, 1, 120.0), "/product": (1, 0, 0.0)}
    assert times.all.median_s == 90.0


def test_time_may_come_from_a_property() -> None:
    rows: list[Row] = [
        ("anna", 0, "engaged", {"page": "a", "engaged_ms": 1500.0}),
        ("anna", 9, "engaged", {"page": "a", "engaged_ms": 2500.0}),
        ("ben", 0, "view", {"page": "b"}),
    ]

    times = log(rows).engagement(page="page", time_property="engaged_ms").page_time

    assert times is not None
    assert (times.all.views, times.untimed, times.all.total_s, times.all.mean_s) == (2, 0, 4.0, 2.0)
    assert times.source == "engaged_ms"


def test_scroll_depth_is_the_deepest_reading_of_a_page_view() -> None:
    """First view 25, 50; second view of the same page 90; a third without a reading."""
    rows: list[Row] = [
        ("anna", 0, "Page Viewed", {"path": "/a"}),
        ("anna", 5, "Scroll", {"scroll_depth": 25.0, "path": "/a"}),
        ("anna", 9, "Scroll", {"scroll_depth": 50.0, "path": "/a"}),
        ("anna", 20, "Page Viewed", {"path": "/a"}),
        ("anna", 30, "Scroll", {"scroll_depth": 90.0, "path": "/a"}),
        ("anna", 40, "Page Viewed", {"path": "/b"}),
    ]

    scroll = log(rows).engagement().scroll

    assert scroll is not None
    assert scroll.all.views == 2
    assert scroll.all.mean_depth == pytest.approx(0.7)
    assert scroll.all.reached == (1.0, 1.0, 0.5, 0.5, 0.0)
    assert [page.page for page in scroll.pages] == ["/a"]


def test_a_video_is_watched_as_far_as_it_went_and_as_long_as_it_took() -> None:
    """Anna: 30 s played, a minute of pause, a seek over 30 s, 20 s to the end. Ben: 10 s, though the position says 50."""

    def event(person: str, at: int, name: str, position: float) -> Row:
        properties = {"content_asset_id": "film", "position": position, "total_length": 100.0}
        return (person, at, f"Video Playback {name}", properties)

    rows = [
        event("anna", 0, "Started", 0),
        event("anna", 30, "Paused", 30),
        event("anna", 90, "Resumed", 30),
        event("anna", 92, "Seek Started", 32),
        event("anna", 93, "Seek Completed", 80),
        event("anna", 111, "Completed", 98),
        event("ben", 0, "Started", 0),
        event("ben", 10, "Paused", 50),
    ]

    result = log(rows).engagement()

    assert result.video is not None
    film = result.video.videos[0]
    assert (film.video, film.views, film.persons, film.completed, film.length_s) == ("film", 2, 2, 1, 100.0)
    assert film.watched_s == 30 + 2 + 18 + 10
    assert set(result.persons_of("watched")) == {"anna", "ben"}
    assert set(result.persons_of("completed")) == {"anna"}


def test_a_video_seen_to_95_percent_is_completed() -> None:
    video = {"asset_id": "film", "total_length": 100.0}
    rows: list[Row] = [
        ("anna", 0, "Video Content Started", {**video, "position": 0.0}),
        ("anna", 95, "Video Content Playing", {**video, "position": 95.0}),
        ("ben", 0, "Video Content Started", {**video, "position": 0.0}),
        ("ben", 94, "Video Content Playing", {**video, "position": 94.0}),
    ]

    video_section = log(rows).engagement().video

    assert video_section is not None
    assert (video_section.all.completed, video_section.all.completion) == (1, 0.5)


def test_a_position_that_is_a_place_on_the_page_is_no_second_of_a_video() -> None:
    journeys = log(
        [
            ("anna", 0, "Promotion Viewed", {"position": "hero"}),
            ("anna", 10, "Video Playback Started", {"content_asset_id": "film", "total_length": 100}),
            ("anna", 40, "Video Playback Completed", {"content_asset_id": "film", "total_length": 100}),
        ]
    )

    found = journeys.engagement().video

    assert found is not None
    assert found.source == "times of the video events"
    assert found.all.watched_s == 30


def test_a_position_that_is_no_number_is_no_position() -> None:
    """Other events call a place on the page a position too; then time alone tells what was watched."""
    rows: list[Row] = [
        ("anna", 0, "Click", {"position": "header"}),
        ("anna", 5, "Video Playback Started", {"video_id": "film", "position": "start"}),
        ("anna", 25, "Video Playback Paused", {"video_id": "film", "position": "20"}),
    ]

    video = log(rows).engagement().video

    assert video is not None
    assert (video.all.watched_s, video.videos[0].video) == (20.0, "film")


def test_seconds_watched_may_come_from_a_property() -> None:
    rows: list[Row] = [
        ("anna", 0, "watch", {"video_id": "film", "watched": 40.0}),
        ("anna", 60, "watch", {"video_id": "film", "watched": 20.0}),
        ("anna", DAY, "watch", {"video_id": "film", "watched": 5.0}),
    ]

    result = log(rows).engagement(video_seconds="watched")

    assert result.video is not None
    assert (result.video.all.views, result.video.all.watched_s, result.video.videos[0].video) == (2, 65.0, "film")


def test_comments_are_events_with_comment_in_their_name() -> None:
    rows: list[Row] = [("anna", 0, "Comment Posted", {}), ("anna", 9, "Comment Posted", {}), ("ben", 0, "view", {})]

    result = log(rows).engagement()

    assert result.comments is not None
    assert (result.comments.comments, result.comments.persons, result.comments.share) == (2, 1, 0.5)
    assert set(result.persons_of("commented")) == {"anna"}


def test_a_section_without_data_says_why() -> None:
    result = log([("anna", 0, "view", {})]).engagement()

    assert (result.scroll, result.video, result.comments) == (None, None, None)
    assert set(result.absent) == {"scroll", "video", "comments"}
    assert "scroll depth (no column" in " ".join(str(result).split())


def test_days_begin_in_the_time_zone() -> None:
    """23:30 and 00:30 in Berlin are two days, in UTC one."""
    rows: list[Row] = [("anna", "2024-07-01 21:30", "view", {}), ("anna", "2024-07-01 22:30", "view", {})]

    in_utc, in_berlin = log(rows).engagement().activity, log(rows).in_zone("Europe/Berlin").engagement().activity

    assert in_utc is not None
    assert in_berlin is not None
    assert (in_utc.days, in_utc.active_days_mean) == (1, 1.0)
    assert (in_berlin.days, in_berlin.active_days_mean) == (2, 2.0)


def test_a_person_a_day_for_forty_days_is_as_sticky_as_can_be() -> None:
    """And a second one only on the first of them: MAU counts both until 30 days have passed."""
    rows: list[Row] = [*(("anna", n * DAY, "view", {}) for n in range(40)), ("ben", 0, "view", {})]

    activity = log(rows).engagement().activity

    assert activity is not None
    assert (activity.days, activity.dau_mean) == (40, 41 / 40)
    assert [day.month_persons for day in activity.trend[28:31]] == [2, 2, 1]
    assert activity.stickiness == pytest.approx((0.5 + 10) / 11)
    assert np.isnan(activity.trend[28].stickiness)
    assert [(span.least, span.persons) for span in activity.spread if span.persons] == [(1, 1), (31, 1)]


def test_a_breakdown_counts_persons_days_and_views_of_each_group() -> None:
    rows: list[Row] = [
        ("anna", 0, "view", {"device": "phone"}),
        ("anna", DAY, "view", {"device": "phone"}),
        ("anna", DAY + 10, "view", {"device": "desk"}),
        ("ben", 0, "view", {"device": "desk"}),
    ]

    groups = {group.group: group for group in log(rows).engagement(by="device").groups}

    assert (groups["phone"].persons, groups["phone"].events, groups["phone"].active_days_mean) == (1, 2, 2.0)
    assert (groups["desk"].persons, groups["desk"].views, groups["phone"].median_view_s) == (2, 2, 10.0)


def test_persons_of_a_page_and_of_a_time_are_listed() -> None:
    rows: list[Row] = [("anna", 0, "home", {}), ("ben", DAY, "home", {}), ("ben", DAY, "cart", {})]

    result = log(rows).engagement()

    assert set(result.persons_on("home")) == {"anna", "ben"}
    assert set(result.persons_on("cart")) == {"ben"}
    assert set(result.persons_active("2024-01-02", "2024-01-03")) == {"ben"}
    with pytest.raises(BadOption, match="no value"):
        result.persons_on("nowhere")


def test_wrong_names_are_named() -> None:
    journeys = log([("anna", 0, "view", {"kind": "a"})])

    with pytest.raises(UnknownColumn, match="depth"):
        journeys.engagement(scroll="depth")
    with pytest.raises(BadOption, match="holds text"):
        journeys.engagement(time_property="kind")


@examples(25)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["p0", "p1", "p2", "p3"]),
            st.integers(0, 60 * 24).map(lambda n: n * 3600),
            st.sampled_from("ab"),
            st.just({}),
        ),
        min_size=1,
        max_size=40,
    )
)
def test_active_persons_equal_sets_of_days(rows: Sequence[Row]) -> None:
    activity = log(rows).engagement().activity

    days: dict[str, set[dt.date]] = defaultdict(set)
    for person, time, *_ in rows:
        days[person].add(moment(time).date())
    first, last = min(min(own) for own in days.values()), max(max(own) for own in days.values())
    every = [first + dt.timedelta(days=n) for n in range((last - first).days + 1)]

    def active(day: dt.date, back: int) -> int:
        return sum(any((day - other).days in range(back) for other in own) for own in days.values())

    assert activity is not None
    found = [(day.persons, day.week_persons, day.month_persons) for day in activity.trend]
    assert found == [(active(day, 1), active(day, 7), active(day, 30)) for day in every]
    assert activity.active_days_mean == pytest.approx(np.mean([len(own) for own in days.values()]))


def test_time_on_page_and_active_days_equal_sql() -> None:
    """3,000 random events: sessions by silence, then the time to the next view, in DuckDB."""
    rng = np.random.default_rng(7)
    pages = np.array(["/", "/list", "/product"])
    rows: list[Row] = [
        (
            f"p{rng.integers(40)}",
            int(rng.integers(20 * DAY) // 100 * 100),
            "Page Viewed",
            {"path": str(rng.choice(pages))},
        )
        for _ in range(3_000)
    ]
    result = log(rows).engagement(gap="6h")

    events = pa.table(
        {
            "seq": range(len(rows)),
            "person": [row[0] for row in rows],
            "t": [moment(row[1]) for row in rows],
            "path": [row[3]["path"] for row in rows],
        }
    )
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        connection.register("events", events)
        query = """
            with next as (select *, lead(t) over (partition by person order by t, seq) - t as lasted from events)
            select path, count(*), count(*) filter (where lasted < interval 6 hour),
                median(epoch(lasted)) filter (where lasted < interval 6 hour) from next group by 1 order by 1"""
        expected = connection.execute(query).fetchall()
        days = connection.execute(
            "select avg(n) from (select count(distinct t::date) n from events group by person)"
        ).fetchone()
    assert result.page_time is not None
    found = sorted((page.page, page.views, page.timed, page.median_s) for page in result.page_time.pages)
    assert found == expected
    assert result.activity is not None
    assert (result.activity.active_days_mean,) == pytest.approx(days)


def test_untimed_views_of_a_public_log_are_its_sessions(data: Callable[[str], Path]) -> None:
    """22,226 sessions are published for these readers: as many views are the last of theirs."""
    journeys = sojourn.read(
        data("wikipedia_readers/wikipedia_reader_events.csv.gz"), person="user_id", time="timestamp"
    )

    result = journeys.engagement(page="event")

    assert result.page_time is not None
    assert (result.persons, result.page_time.all.views, result.page_time.untimed) == (10_000, 63_524, 22_226)
    assert str(result)
    assert result.plot().data


def test_days_groups_and_videos_open_their_persons() -> None:
    started = "Video Playback Started"
    found = log([
        ("anna", "2024-01-01 10:00", started, {"content_asset_id": "v1", "channel": "ads"}),
        ("anna", "2024-01-02 10:00", started, {"content_asset_id": "v2", "channel": "mail"}),
        ("bert", "2024-01-01 10:00", started, {"content_asset_id": "v1", "channel": "mail"}),
    ]).engagement(by="channel")  # fmt: skip

    assert found.activity is not None
    assert found.video is not None
    for span in found.activity.spread:
        assert len(found.persons_of_days(span.least, span.most)) == span.persons
    for group in found.groups:
        assert len(found.persons_in(group.group)) == group.persons
    for video in found.video.videos:
        assert len(found.persons_watching(video.video)) == video.persons
    assert found.persons_of_days(2).ids == ("anna",)
    with pytest.raises(BadOption, match="no video"):
        found.persons_watching("v9")
