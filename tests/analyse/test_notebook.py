"""Results in a notebook."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from sojourn.analyse.show import notebook
from tests.analyse.logs import log

if TYPE_CHECKING:
    from sojourn.analyse.funnel import Funnel

NASTY = "view</script><script>alert(1)</script>\x1b[31m"


@pytest.fixture
def funnel(monkeypatch: pytest.MonkeyPatch) -> Funnel:
    monkeypatch.setattr(notebook, "_EMBEDDED", {})
    rows: list[Any] = [("anna", n, NASTY if n % 2 else "buy", {}) for n in range(6)]
    return log(rows).funnel([NASTY, "buy"])


def test_an_output_holds_tables_and_figure_and_asks_no_server(funnel: Funnel) -> None:
    shown = funnel._repr_html_()

    assert "dropped" in shown
    assert f'"x":[{funnel.steps[0].count},{funnel.steps[1].count}]' in shown.replace(" ", "")
    assert not re.search(r"""(src|href)\s*=|@import|url\(|fetch\(|https?://(?!www\.w3\.org)""", shown)


def test_what_a_log_wrote_cannot_be_read_as_a_tag_or_an_escape(funnel: Funnel) -> None:
    shown = funnel._repr_html_()

    assert "<script>alert" not in shown
    assert "\x1b" not in shown
    assert "view&lt;/script&gt;&lt;script&gt;" in shown


def test_the_script_is_in_the_first_output_and_in_the_same_cell_run_again(
    funnel: Funnel, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = []
    for cell in ("one", "two", "one"):
        monkeypatch.setattr(notebook, "_cell", lambda cell=cell: cell)
        sizes.append(len(funnel._repr_html_()))

    assert sizes[0] > 1_000_000
    assert sizes[1] < 20_000
    assert sizes[2] > 1_000_000


def test_plot_gives_a_figure_and_a_result_shows_as_html_and_as_text(funnel: Funnel) -> None:
    assert type(funnel.plot()).__name__ == "Figure"
    bundle = funnel._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain"}
    assert bundle["text/plain"] == str(funnel)
