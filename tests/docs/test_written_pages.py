"""Pages written from the program say what the program says today."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sojourn.app.pages import pages

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("name", sorted(pages()))
def test_a_written_page_is_up_to_date(root: Path, name: str) -> None:
    """`make docs` writes them anew."""
    assert (root / "docs" / name).read_text() == pages()[name]


def test_every_command_and_option_has_a_meaning(root: Path) -> None:
    text = (root / "docs" / "cli.md").read_text()
    rows = [line for line in text.splitlines() if line.startswith("| `")]

    assert rows
    assert "(no description)" not in text
    assert not [row for row in rows if row.endswith("|  |")]
