"""The report as one HTML file that needs nothing else.

In: a report. Out: HTML text: styles, plotly's script and every figure's numbers are inside it; a policy in it forbids any request.
Customer text is escaped in tables by the template and in figures by `figure_json`.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import jinja2
import plotly.offline

from sojourn import __version__
from sojourn.analyse.show.notebook import figure_json
from sojourn.app.report.blocks import Grid, Twig, blocks

if TYPE_CHECKING:
    from sojourn.app.report.report import Report
    from sojourn.app.report.sections import Section


def page(report: Report) -> str:
    """The whole report."""
    return _template("page.html.j2").render(
        **_story(report), whole=True, script=plotly.offline.get_plotlyjs(), version=__version__
    )


def fragment(report: Report) -> str:
    """The report without figures, for a notebook."""
    return _template("page.html.j2").render(
        **_story(report, figures=False), whole=False, script="", version=__version__
    )


def _story(report: Report, *, figures: bool = True) -> dict[str, Any]:
    return {
        "source": report.source,
        "imported": report.imported.sentence() if report.imported else "",
        "chosen": report.plan.lines(),
        "sections": [_section(section, figures=figures) for section in report.answered],
        "unanswered": report.unanswered,
    }


def _section(section: Section, *, figures: bool) -> dict[str, Any]:
    results = []
    for name, result in section.results.items():
        shown = list(blocks(result.__rich__()))
        first = next((n + 1 for n, block in enumerate(shown) if isinstance(block, Grid)), len(shown))
        results.append(
            {
                "name": f"{section.name}-{name}".replace("_", "-"),
                "figure": figure_json(result.plot()) if figures else "",
                "first": shown[:first],
                "more": shown[first:],
                "tables": sum(isinstance(block, Grid) for block in shown[first:]),
            }
        )
    return {
        "name": section.name,
        "title": section.title,
        "headline": section.headline,
        "notes": section.notes,
        "results": results,
    }


@cache
def _template(name: str) -> jinja2.Template:
    text = resources.files("sojourn.app.report").joinpath(name).read_text("utf-8")
    made = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined)
    made.tests["grid"] = lambda block: isinstance(block, Grid)
    made.tests["twig"] = lambda block: isinstance(block, Twig)
    return made.from_string(text)
