"""The report as one HTML file that needs nothing else.

In: a report. Out: HTML text: styles, plotly's script and every figure's numbers are inside it; a policy in it forbids any request.
Customer text is escaped in tables by the template and in figures by `figure_json`.
"""

from __future__ import annotations

import json
import re
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import jinja2
import plotly.io
import plotly.offline

from sojourn import __version__
from sojourn.app.report.blocks import Grid, Twig, blocks

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from sojourn.app.report.report import Report
    from sojourn.app.report.sections import Section

_TAG = re.compile(r"<(?!(?:br|b|/b|i|/i|extra|/extra)>)")
"""Begins anything that is not one of the few tags figures are made with."""


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


def figure_json(figure: go.Figure) -> str:
    """A figure as JSON that cannot end the script it stands in, and whose texts cannot be read as links or other tags."""
    drawn = json.loads(plotly.io.to_json(figure, validate=False))
    drawn["layout"].pop("template", None)
    return (
        json.dumps(_harmless(drawn), ensure_ascii=True, separators=(",", ":"))
        .replace("<", "\\u003c")
        .replace(">", "\\u003e")
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


def _harmless(value: Any) -> Any:  # noqa: ANN401  (whatever JSON holds)
    """The same with every text unable to hold a tag."""
    if isinstance(value, dict):
        return {key: _harmless(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_harmless(inner) for inner in value]
    return _TAG.sub("&lt;", value) if isinstance(value, str) else value


@cache
def _template(name: str) -> jinja2.Template:
    text = resources.files("sojourn.app.report").joinpath(name).read_text("utf-8")
    made = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined)
    made.tests["grid"] = lambda block: isinstance(block, Grid)
    made.tests["twig"] = lambda block: isinstance(block, Twig)
    return made.from_string(text)
