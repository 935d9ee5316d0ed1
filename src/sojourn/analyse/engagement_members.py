"""Who is behind a number of engagement.

In: what was asked, and a page, a video, a kind of person, days, or a group. Out: `Persons`, exactly those counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sojourn.analyse import engagement_kernel as kernel
from sojourn.analyse.channels import find_channels
from sojourn.analyse.engagement_parts import page_views, unit_of, videos
from sojourn.analyse.groups import NONE, group_events
from sojourn.analyse.parts import cut_sessions
from sojourn.analyse.roles import view_masks
from sojourn.analyse.steps import mask_of
from sojourn.records.errors import BadOption

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sojourn.analyse.channels import Channels
    from sojourn.analyse.engagement_parts import EngagementQuestion
    from sojourn.analyse.journeys import Journeys
    from sojourn.analyse.parts import Part
    from sojourn.analyse.results import Persons

_PAGES = 1_000


def members(
    journeys: Journeys, question: EngagementQuestion, *, page: str | None = None, kind: str = "watched"
) -> Persons:
    """The persons with a view of a page, or of one kind; see the methods of `Engagement`."""
    if page is None and kind not in ("watched", "completed", "commented"):
        raise BadOption(f"expected watched, completed or commented, got {kind!r}")
    parts = journeys.parts()
    chosen = []
    known = pages_of(journeys, parts, question)
    for part, pages in zip(parts, known, strict=True):
        cut = cut_sessions(part, question.gap_us, question.gap_rule)
        rows = np.empty(0, np.int64)
        if page is not None:
            if page not in pages.names:
                raise BadOption(f"{page!r} is no value of {question.page!r} among the {_PAGES} most frequent")
            views = page_views(part, cut, question, pages)
            rows = views.row[views.page == pages.names.index(page)]
        elif kind == "commented" and question.comments is not None:
            rows = np.flatnonzero(mask_of(part, question.comments, time_zone=question.time_zone))
        elif kind != "commented" and question.videos is not None:
            found = videos(part, cut, question)
            chosen.append(part.person[found.unit[found.done | (kind == "watched")]])
        chosen.append(part.person[unit_of(part, rows)])
    return journeys.persons_of(chosen)


def watching(journeys: Journeys, question: EngagementQuestion, video: str) -> Persons:
    """Persons who watched one video."""
    chosen = []
    known = False
    for part in journeys.parts() if question.videos is not None else ():
        found = videos(part, cut_sessions(part, question.gap_us, question.gap_rule), question)
        codes = [code for code, name in enumerate(found.names) if name == video] + ([-1] if video == NONE else [])
        known |= bool(codes)
        chosen.append(part.person[found.unit[np.isin(found.asset, codes)]])
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


def in_group(journeys: Journeys, question: EngagementQuestion, group: str) -> Persons:
    """Persons with an event in a group of the breakdown."""
    parts = journeys.parts()
    groupings = group_events(parts, question.breakdown)
    if question.breakdown is None or group not in groupings[0].names:
        raise BadOption(f"expected a group of the breakdown, got {group!r}")
    place = groupings[0].names.index(group)
    return journeys.persons_of(
        [
            part.person[np.unique(unit_of(part, np.flatnonzero(grouping.group == place)))]
            for part, grouping in zip(parts, groupings, strict=True)
        ]
    )


def pages_of(journeys: Journeys, parts: Sequence[Part], question: EngagementQuestion) -> list[Channels]:
    """The pages most viewed; where a property tells the time, those of most events."""
    views = question.views if question.time_property is None else None
    only = view_masks(parts, views, time_zone=question.time_zone)
    return find_channels(journeys, parts, question.page, most=_PAGES, only=only)
