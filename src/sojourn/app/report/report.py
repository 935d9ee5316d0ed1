"""The whole story of a log.

In: journeys and wishes. Out: `Report`: the plan, the import's counts, and one section a question, as terminal text, HTML and JSON.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sojourn.analyse.funnel import Funnel
from sojourn.app.report import about_goal, about_log, about_orders, about_paths, about_people
from sojourn.app.report.plan import Plan, Wishes, make_plan
from sojourn.app.report.sections import Section, or_one_line
from sojourn.app.report.vocabulary import FILE_REQUESTED
from sojourn.records.visible import visible
from sojourn.store.quarantine import count_rejected

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rich.console import RenderableType

    from sojourn.analyse.journeys import Journeys
    from sojourn.app.importing import ImportResult

_WIDTH = 120


@dataclass(frozen=True, slots=True)
class Report:
    """The whole story of a log.

    Attributes:
        source: Names of the files, or of the folder.
        imported: What importing the files did; None when nothing was imported for this report.
        plan: What the report is about, and why.
        sections: The story.
    """

    source: str
    imported: ImportResult | None
    plan: Plan
    sections: tuple[Section, ...]

    @property
    def answered(self) -> tuple[Section, ...]:
        """The sections that have an answer."""
        return tuple(section for section in self.sections if section.results)

    @property
    def unanswered(self) -> tuple[str, ...]:
        """A line a section that has none: what it is about, and why there is no answer."""
        others = (section for section in self.sections if not section.results)
        return tuple(f"{section.title}: {section.headline.removeprefix('Not answered: ')}" for section in others)

    def section(self, name: str) -> Section:
        """A section by name.

        Raises:
            KeyError: There is none of that name.
        """
        return {section.name: section for section in self.sections}[name]

    def to_dict(self) -> dict[str, Any]:
        """`{"source", "import", "chosen", "sections"}`; each section holds its results as the questions give them."""
        return {
            "source": self.source,
            "import": self.imported.to_dict() if self.imported else None,
            "chosen": self.plan.to_dict(),
            "sections": {section.name: section.to_dict() for section in self.sections},
        }

    def __rich__(self) -> RenderableType:
        """The story for a terminal."""
        from sojourn.app.report.terminal import render  # noqa: PLC0415  (rich is heavy)

        return render(self)

    def __str__(self) -> str:
        """The story as text, as in a terminal without colours."""
        import io  # noqa: PLC0415  (only here)

        from rich.console import Console  # noqa: PLC0415  (rich is heavy)

        out = io.StringIO()
        Console(file=out, width=_WIDTH, color_system=None, markup=False, emoji=False).print(self.__rich__())
        return out.getvalue().rstrip() + "\n"

    def _repr_html_(self) -> str:
        """The story in a notebook, without figures; each result's `plot()` gives its own."""
        from sojourn.app.report.page import fragment  # noqa: PLC0415  (plotly is heavy)

        return fragment(self)

    def html(self) -> str:
        """The story as one HTML page that needs nothing else."""
        from sojourn.app.report.page import page  # noqa: PLC0415  (plotly is heavy)

        return page(self)


def report(journeys: Journeys, *, source: str = "", imported: ImportResult | None = None, **wishes: Any) -> Report:
    """Ask a log every question.

    Args:
        journeys: The log.
        source: What to call it.
        imported: What the import did, when there was one.
        wishes: Fields of `Wishes`; what is not given is chosen.

    Raises:
        UnknownEvent: A goal or step no event has the name of.
        UnknownColumn: A channel or page column nobody has.
    """
    whole, journeys = journeys, _without_files(journeys)
    plan = make_plan(journeys, Wishes(**wishes))
    rejected = count_rejected(journeys.index.folder)
    return Report(
        visible(source or _name(journeys.index.folder.path)),
        imported,
        plan,
        tuple(_sections(whole, journeys, plan, rejected)),
    )


def _sections(whole: Journeys, journeys: Journeys, plan: Plan, rejected: dict[str, int]) -> Iterator[Section]:
    """The story, section by section."""
    yield or_one_line("log", "What the log holds", lambda: about_log.log_section(whole, rejected))
    yield or_one_line("sessions", "Sessions", lambda: about_log.sessions_section(journeys, plan))
    if "order_id" in plan.columns:
        yield or_one_line("orders", "Orders", lambda: about_orders.orders_section(journeys, plan))
    found = or_one_line("funnel", "Funnel", lambda: about_goal.funnel_section(journeys, plan))
    yield found
    way = found.results.get("funnel")
    leak = about_goal.biggest_leak(way) if isinstance(way, Funnel) else None
    yield or_one_line("leavers", "What separates leavers", lambda: about_goal.leavers_section(journeys, plan, leak))
    yield or_one_line("paths", "Ways people go", lambda: about_paths.paths_section(journeys, plan, leak))
    yield or_one_line("retention", "Retention", lambda: about_people.retention_section(journeys, plan))
    yield or_one_line("attribution", "Channels before the goal", lambda: about_goal.attribution_section(journeys, plan))
    yield or_one_line("engagement", "Engagement", lambda: about_people.engagement_section(journeys, plan))


def _without_files(journeys: Journeys) -> Journeys:
    """Without what pages bring along (images, styles, scripts), when the log has pages too."""
    both = {FILE_REQUESTED, "Page Viewed"} <= set(journeys.events)
    return journeys.where(f"event <> '{FILE_REQUESTED}'") if both else journeys


def _name(path: Path) -> str:
    return path.name
