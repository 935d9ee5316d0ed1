"""Who is behind a number of engagement.

In: what was asked, and a page, a depth, a video, a kind of person, days, or a group. Out: `Persons`, exactly those counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sojourn.analyse import engagement_kernel as kernel
from sojourn.analyse.channels import find_channels
from sojourn.analyse.engagement_parts import page_views, scroll_depths, unit_of, videos
from sojourn.analyse.engagement_sums import NEARLY
from sojourn.analyse.groups import NONE, group_events
from sojourn.analyse.parts import cut_sessions
from sojourn.analyse.roles import view_masks
from sojourn.analyse.steps import mask_of
from sojourn.records.errors import BadOption

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sojourn.analyse.channels import Channels
    from sojourn.analyse.engagement_parts import EngagementQuestion
    from sojourn.analyse.groups import Grouping
    from sojourn.analyse.journeys import Journeys
    from sojourn.analyse.parts import Part
    from sojourn.analyse.results import Persons

LENGTHS = ("any", "known", "unknown")
_PAGES = 1_000


def viewing(
    journeys: Journeys, question: EngagementQuestion, page: str | None, length: str, *, group: str | None
) -> Persons:
    """Persons with a view; see `Engagement.persons_on`."""
    if length not in LENGTHS:
        raise BadOption(f"expected a length of {', '.join(LENGTHS)}, got {length!r}")
    if question.days is None and question.time_property is None:
        raise BadOption("the log has no times, so no view is told")
    groupings, place = _grouped(journeys, question, group)

    def chosen(part: Part, pages: Channels, grouping: Grouping) -> NDArray[np.int64]:
        views = page_views(part, _cut(part, question), question, pages)
        mine = _on(views.page, pages, page, question)
        if length != "any":
            mine &= (views.lasted >= 0) == (length == "known")
        if group is not None:
            mine &= grouping.at(views.row) == place
        return part.person[unit_of(part, views.row[mine])]

    parts = journeys.parts()
    return journeys.persons_of(journeys.map(chosen, parts, pages_of(journeys, parts, question), groupings))


def scrolling(journeys: Journeys, question: EngagementQuestion, page: str | None, at_least: float) -> Persons:
    """Persons with a view that was scrolled so far; see `Engagement.persons_scrolling`."""
    if question.scroll is None:
        raise BadOption("this log has no readings of the scroll depth, or none was asked for")

    def chosen(part: Part, pages: Channels) -> NDArray[np.int64]:
        found = scroll_depths(part, _cut(part, question), question, pages)
        mine = _on(found.page, pages, page, question) & (found.depth >= at_least - NEARLY)
        return part.person[unit_of(part, found.row[mine])]

    parts = journeys.parts()
    return journeys.persons_of(journeys.map(chosen, parts, pages_of(journeys, parts, question)))


def of_kind(journeys: Journeys, question: EngagementQuestion, kind: str) -> Persons:
    """Persons who did one kind of thing; see `Engagement.persons_of`."""
    if kind == "commented":

        def commented(part: Part) -> NDArray[np.int64]:
            if question.comments is None:
                return np.empty(0, np.int64)
            rows = np.flatnonzero(mask_of(part, question.comments, time_zone=question.time_zone))
            return part.person[unit_of(part, rows)]

        return journeys.persons_of(journeys.map(commented, journeys.parts()))
    if kind not in ("watched", "completed"):
        raise BadOption(f"expected watched, completed or commented, got {kind!r}")
    return watching(journeys, question, None, completed=kind == "completed")


def watching(journeys: Journeys, question: EngagementQuestion, video: str | None, *, completed: bool) -> Persons:
    """Persons who watched one video, or any."""
    chosen = []
    known = video is None
    for part in journeys.parts() if question.videos is not None else ():
        found = videos(part, _cut(part, question), question)
        mine = found.done | (not completed)
        if video is not None:
            codes = [code for code, name in enumerate(found.names) if name == video] + ([-1] if video == NONE else [])
            known |= bool(codes)
            mine &= np.isin(found.asset, codes)
        chosen.append(part.person[found.unit[mine]])
    if not known:
        raise BadOption(f"{video!r} is no video of this log")
    return journeys.persons_of(chosen)


def of_days(journeys: Journeys, question: EngagementQuestion, least: int, most: int | None) -> Persons:
    """Persons active on so many days."""
    if question.days is None or least < 1:
        raise BadOption("the log has no times" if question.days is None else f"expected at least 1 day, got {least}")
    begins = np.array(question.days.starts_us, np.int64)
    chosen = []
    for part in journeys.parts():
        _, days = kernel.active_days(part.start, part.stop, part.time, begins)
        chosen.append(part.person[(days >= least) & (days <= (np.inf if most is None else most))])
    return journeys.persons_of(chosen)


def in_group(journeys: Journeys, question: EngagementQuestion, group: str | None) -> Persons:
    """Persons with an event, or with one in a group of the breakdown."""
    if group is None:
        return journeys.persons_of([part.person for part in journeys.parts()])
    groupings, place = _grouped(journeys, question, group)
    return journeys.persons_of(
        [
            part.person[np.unique(unit_of(part, np.flatnonzero(grouping.group == place)))]
            for part, grouping in zip(journeys.parts(), groupings, strict=True)
        ]
    )


def pages_of(journeys: Journeys, parts: Sequence[Part], question: EngagementQuestion) -> list[Channels]:
    """The pages most viewed; where a property tells the time, those of most events."""
    views = question.views if question.time_property is None else None
    only = view_masks(parts, views, time_zone=question.time_zone)
    return find_channels(journeys, parts, question.page, most=_PAGES, only=only)


def _grouped(journeys: Journeys, question: EngagementQuestion, group: str | None) -> tuple[Sequence[Grouping], int]:
    """Groups of the events, and the place of one of them."""
    if group is None:
        return group_events(journeys.parts(), None), 0
    groupings = group_events(journeys.parts(), question.breakdown)
    if question.breakdown is None or group not in groupings[0].names:
        raise BadOption(f"expected a group of the breakdown, got {group!r}")
    return groupings, groupings[0].names.index(group)


def _cut(part: Part, question: EngagementQuestion) -> Part:
    return cut_sessions(part, question.gap_us, question.gap_rule)


def _on(found: NDArray[np.int16], pages: Channels, page: str | None, question: EngagementQuestion) -> NDArray[np.bool_]:
    """Which views are of a page; all when none is named."""
    if page is None:
        return np.ones(len(found), np.bool_)
    if page not in pages.names:
        raise BadOption(f"{page!r} is no value of {question.page!r} among the {_PAGES} most frequent")
    return found == pages.names.index(page)
