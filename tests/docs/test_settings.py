"""Every environment variable the program reads has a row in the documentation."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def test_every_environment_variable_is_explained(root: Path, pages: dict[str, str]) -> None:
    source = "\n".join(path.read_text() for path in (root / "src").rglob("*.py"))
    read = set(re.findall(r"\b(?:SOJOURN|NUMBA)_[A-Z_]+[A-Z]\b", source))
    explained = set(re.findall(r"^\| `([A-Z_]+)` \|", "\n".join(pages.values()), flags=re.MULTILINE))

    assert read <= explained
