"""docs/worlds.md says what is there: every cause, every field of the truth, every event, and figures that are so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from sojourn.simulate import CAUSES, WORLDS, simulate
from sojourn.simulate.truth import CauseTruth, Outcome, PersonTruth

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture(scope="module")
def page(root: Path) -> str:
    return (root / "docs" / "worlds.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("record", [PersonTruth, Outcome, CauseTruth])
def test_every_field_of_the_truth_has_a_row(record: Any, page: str) -> None:
    for field in msgspec.structs.fields(record):
        assert f"| `{field.encode_name}` | " in page


@pytest.mark.parametrize("name", WORLDS)
def test_every_cause_has_its_marker_and_steps_on_the_page(name: Any, page: str) -> None:
    page = section(page, name)
    for cause in CAUSES[name]:
        assert f"| `{cause.name}` | {cause.story} | `{cause.marker.event}`" in page
        assert f"| `{cause.name}` | `{cause.outcome}` | `{cause.before}` | `{cause.after}` | " in page
        assert f"{cause.exposed_share:.0%} | {cause.leave_share:.0%} |" in page


@pytest.mark.parametrize("name", WORLDS)
def test_every_event_is_on_the_page(name: Any, page: str, world: Callable[..., Any]) -> None:
    log = world(name, persons={"shop": 1000, "software": 300, "streaming": 250}[name])
    column = WORLDS.index(name)
    rows = {cells[0]: cells[1:] for cells in map(cells_of, page.split("## Events")[1].splitlines())}
    for event in log.summary["events"]:
        assert rows[f"`{event}`"][column] == "yes", event


def cells_of(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def section(page: str, name: str) -> str:
    """What the page says of one world's causes."""
    return page.split("## Planted causes")[1].split("\n### ")[WORLDS.index(name) + 1]


@pytest.mark.long
@pytest.mark.parametrize("name", WORLDS)
def test_the_figures_are_those_of_the_default_world(name: Any, page: str, tmp_path: Path) -> None:
    told = msgspec.json.decode(simulate(name, tmp_path).summary.read_bytes())
    rows = [cells_of(line) for line in section(page, name).splitlines()]
    figures = {row[0]: row[4:7] for row in rows if len(row) == 8}
    for cause, truth in told["causes"].items():
        assert figures[f"`{cause}`"] == [
            f"{truth['met']:,}", f"{truth['left']:,}", f"{100 * truth['effect']:.2f} points"
        ]  # fmt: skip
