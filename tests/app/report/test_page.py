"""The page stands alone, and what customers wrote in it stays text."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import plotly.graph_objects as go
import plotly.offline
import pytest
from tests.analyse.logs import log
from typer.testing import CliRunner

from sojourn.analyse.show.notebook import figure_json
from sojourn.app.cli import app

if TYPE_CHECKING:
    from pathlib import Path

    from sojourn.app.report.report import Report

ATTACKS = (
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(2)>",
    '"><svg onload=alert(3)>',
    "<a href='https://evil.example/'>click</a>",
    "{{ 7 * 7 }}",
    "[bold red]markup[/nothing]",
    "javascript:alert(4)",
)


class Elements(HTMLParser):
    """Every element of a page with its attributes, and the text of its scripts."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def elements(page: str) -> list[tuple[str, dict[str, str | None]]]:
    parser = Elements()
    parser.feed(page)
    return parser.found


@pytest.fixture(scope="module")
def attacked() -> Report:
    """A report on a log whose events, channels and pages are attacks."""
    rows = []
    for n in range(40):
        for k, event in enumerate(["view", ATTACKS[n % len(ATTACKS)], "purchase"][: 1 + n % 3]):
            rows.append(
                (
                    f"p{n}",
                    f"2024-01-{1 + n % 9:02d} 10:{k:02d}",
                    event,
                    {"channel": ATTACKS[n % 5], "path": ATTACKS[(n + k) % 6]},
                )
            )
    told: Report = log(rows).report(source=ATTACKS[0])
    return told


def test_nothing_is_loaded_from_outside(attacked: Report) -> None:
    page = attacked.html()

    for tag, attributes in elements(page):
        assert tag not in {"link", "img", "iframe", "object", "embed", "base", "form"}, tag
        for name in ("src", "srcset", "data", "action", "poster", "background"):
            assert name not in attributes, (tag, name)
        assert (attributes.get("href") or "#").startswith("#")
    own = page.replace(plotly.offline.get_plotlyjs(), "")
    assert not re.search(r"@import|url\(|fetch\(|XMLHttpRequest|new Image|sendBeacon|WebSocket", own)


def test_a_policy_forbids_every_request(attacked: Report) -> None:
    policies = [
        a["content"]
        for tag, a in elements(attacked.html())
        if tag == "meta" and a.get("http-equiv") == "Content-Security-Policy"
    ]

    assert policies == [
        "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:"
    ]


def test_the_drawing_library_is_in_it_once(attacked: Report) -> None:
    assert attacked.html().count(plotly.offline.get_plotlyjs()) == 1


@pytest.mark.parametrize("whole", [True, False], ids=["page", "notebook"])
def test_what_customers_wrote_makes_no_element(attacked: Report, *, whole: bool) -> None:
    page = attacked.html() if whole else attacked._repr_html_()

    found = elements(page)
    scripts = [attributes for tag, attributes in found if tag == "script"]
    figures = [attributes for attributes in scripts if attributes.get("type") == "application/json"]
    assert len(scripts) - len(figures) == (2 if whole else 0)
    assert not [tag for tag, _ in found if tag in {"img", "svg"}]
    assert not [name for _, attributes in found for name in attributes if name.startswith("on")]
    assert "evil.example" in page
    assert not [attributes for tag, attributes in found if tag == "a" and "evil" in (attributes.get("href") or "")]
    assert "{{ 7 * 7 }}" in page.replace("&#39;", "'")


def test_what_customers_wrote_is_shown_as_they_wrote_it(attacked: Report) -> None:
    assert "[bold red]markup[/nothing]" in attacked.html()
    assert "[bold red]markup[/nothing]" in str(attacked)


def test_a_figures_texts_cannot_be_links_or_end_their_script() -> None:
    figure = go.Figure(
        go.Bar(x=[1], y=["</script><a href='https://evil.example'>x</a>"], hovertemplate="%{y}<br>n<extra></extra>")
    )

    text = figure_json(figure)

    assert "<" not in text
    assert "\\u003ca href" not in text
    assert "&lt;a href" in text
    assert "\\u003cbr\\u003en\\u003cextra\\u003e" in text


def test_every_figure_has_a_table_of_its_numbers(attacked: Report) -> None:
    page = attacked.html()
    places = [match.start() for match in re.finditer(r'<div class="figure"', page)]

    assert places
    for start, end in zip(places, [*places[1:], len(page)], strict=True):
        assert "<table>" in page[start:end]


def test_tables_are_readable_without_eyes(attacked: Report) -> None:
    page = attacked.html()
    found = elements(page)

    headings = [tag for tag, _ in found if re.fullmatch(r"h\d", tag)]
    assert headings[0] == "h1"
    assert set(headings[1:]) == {"h2"}
    assert [attributes["lang"] for tag, attributes in found if tag == "html"] == ["en"]
    assert all(attributes.get("scope") in ("col", "row") for tag, attributes in found if tag == "th")
    regions = [attributes for tag, attributes in found if attributes.get("class") == "scroll"]
    assert all(attributes["tabindex"] == "0" and attributes["aria-label"] for attributes in regions)
    ids = [attributes["id"] for _, attributes in found if attributes.get("id")]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(
    ("ink", "paper"),
    [
        *(("#1b1f24", paper) for paper in ("#ffffff", "#f3f5f7")),
        *(("#57606a", paper) for paper in ("#ffffff", "#f3f5f7")),
        ("#00609a", "#ffffff"),
        *(("#e8eaed", paper) for paper in ("#14171a", "#1d2125")),
        *(("#a9b1ba", paper) for paper in ("#14171a", "#1d2125")),
        ("#6cb8ee", "#14171a"),
    ],
)
def test_text_stands_out_from_its_paper_as_wcag_aa_asks(attacked: Report, ink: str, paper: str) -> None:
    def light(colour: str) -> float:
        parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    page = attacked.html()
    assert ink in page
    assert paper in page
    bright, dark = sorted((light(ink), light(paper)), reverse=True)
    assert (bright + 0.05) / (dark + 0.05) >= 4.5


def test_the_command_writes_the_page(tmp_path: Path) -> None:
    file, page = tmp_path / "log.csv", tmp_path / "out.html"
    file.write_text(
        "user_id,time,event\n"
        + "".join(f"u{n},2024-01-0{1 + n % 5},{e}\n" for n in range(9) for e in ("view", "purchase")[: 1 + n % 2])
    )

    done = CliRunner().invoke(app, ["report", str(file), "--html", str(page)])

    assert done.exit_code == 0, done.output
    assert page.read_text().startswith("<!doctype html>")
    assert "Of 9 persons who reach view, 4 (44.4 %) go on to purchase" in page.read_text()
