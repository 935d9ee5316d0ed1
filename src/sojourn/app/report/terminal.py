"""The report in a terminal.

In: a report. Out: something rich can print: a sentence, its notes and its tables for each section.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.padding import Padding
from rich.rule import Rule
from rich.text import Text

from sojourn.analyse.show.style import ACCENT

if TYPE_CHECKING:
    from rich.console import RenderableType

    from sojourn.app.report.report import Report
    from sojourn.app.report.sections import Section


def render(report: Report) -> RenderableType:
    """The story, from the log to the last question."""
    shown: list[RenderableType] = [Text(f"Report on {report.source}", style="bold")]
    if report.imported is not None:
        shown.append(Text(report.imported.sentence()))
    shown.append(_plan(report))
    shown += [_section(section) for section in report.answered]
    if report.unanswered:
        title = Rule(Text("What this log does not tell", style=f"bold {ACCENT}"), align="left", style="dim")
        shown += [Text(), title, *(Text(f"· {line}") for line in report.unanswered)]
    return Group(*shown)


def _plan(report: Report) -> RenderableType:
    lines = Text("\n".join(report.plan.lines()), style="dim")
    return Group(Text(), Text("Chosen from the log, unless you say otherwise:"), Padding(lines, (0, 0, 0, 2)))


def _section(section: Section) -> RenderableType:
    title = Rule(Text(section.title, style=f"bold {ACCENT}"), align="left", style="dim")
    headline = Text(section.headline, style="bold")
    notes = [Text(f"· {note}") for note in section.notes]
    return Group(Text(), title, headline, *notes, *(result.__rich__() for result in section.results.values()))
