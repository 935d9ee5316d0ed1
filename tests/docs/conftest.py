"""What the tests of the documentation share: the pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def pages(root: Path) -> dict[str, str]:
    """Text of every page a reader may open, by path inside the repository."""
    paths = [*root.glob("*.md"), *(root / "docs").rglob("*.md"), *(root / "examples").rglob("*.md")]
    return {path.relative_to(root).as_posix(): path.read_text() for path in sorted(paths)}
