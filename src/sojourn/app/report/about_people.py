"""Sections about people over time: who comes back.

In: journeys and the plan. Out: sections.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from sojourn.analyse.show.words import count, duration, percent
from sojourn.app.report.about_log import passive_events, span_s, without
from sojourn.app.report.sections import Section, section

if TYPE_CHECKING:
    from sojourn.analyse.journeys import Journeys
    from sojourn.app.report.plan import Plan

_DAY = 86_400
_TOO_SHORT, _DAYS, _WEEKS = 2 * _DAY, 21 * _DAY, 120 * _DAY
_FEW_COHORTS = 2


def retention_section(journeys: Journeys, plan: Plan) -> Section:
    """Who came back, by cohorts."""
    title = "Retention"
    span = span_s(journeys)
    if not plan.timed:
        return section("retention", title, "Not answered: without times nobody can say who came back later.")
    if span < _TOO_SHORT:
        return section(
            "retention",
            title,
            f"Not answered: the log covers {duration(span)}, too short for anybody to come back another day.",
        )
    period = _period(span)
    found = without(journeys, passive_events(journeys)).retention(period=period)
    if not found.overall or not found.overall[0].persons:
        return section(
            "retention",
            title,
            f"No {period} after the first is over yet, so nobody can be counted as having come back.",
            {"retention": found},
        )
    after = found.overall[0]
    headline = f"{percent(after.share)} of {count(after.persons)} persons came back in the {period} after their first"
    settled = [point for point in found.overall[1:] if point.cohorts >= _FEW_COHORTS]
    if settled:
        far = settled[-1]
        headline += f", and {percent(far.share)} of {count(far.persons)} did {far.after} {period}s after it"
    notes = [
        f"Persons are put in cohorts by the {period} of their first event; only {period}s that are over count in the sentence."
    ]
    return section("retention", title, headline + ".", {"retention": found}, notes)


def engagement_section(journeys: Journeys, plan: Plan) -> Section:
    """How much people do, and how often they come."""
    found = without(journeys, passive_events(journeys)).engagement(page=plan.page)
    said = []
    if found.activity is not None and found.activity.days > 1:
        days = found.activity
        said.append(f"a person is active on {days.active_days_mean:.1f} of {count(days.days)} days on average")
        said.append(f"{count(days.dau_mean)} persons come on a day")
    if found.page_time is not None and found.page_time.all.timed and found.page_time.all.median_s > 0:
        what = "page views" if found.page_time.column != "event" else "events"
        said.append(
            f"half of the {what} that are not the last of their session last longer than {duration(found.page_time.all.median_s)}"
        )
    if found.scroll is not None:
        said.append(f"people scroll {percent(found.scroll.all.mean_depth, digits=0)} of a page")
    if found.video is not None:
        said.append(
            f"{percent(found.video.all.completion, digits=0)} of {count(found.video.all.views)} video views reach the end"
        )
    if found.comments is not None:
        said.append(f"{percent(found.comments.share)} of persons wrote a comment")
    if not said:
        return section(
            "engagement",
            "Engagement",
            "Not answered: there is no time on pages, no video, no comment, and not more than one day.",
        )
    headline = "; ".join(said)
    return section("engagement", "Engagement", f"{headline[0].upper()}{headline[1:]}.", {"engagement": found})


def _period(span: float) -> Literal["day", "week", "month"]:
    """Cohorts long enough that there are a handful to a few dozen."""
    return "day" if span <= _DAYS else "week" if span <= _WEEKS else "month"
