"""What the tests of the repository itself share: the files that belong to it."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

_MADE = {".git", ".venv", "var", "dist", "build", "__pycache__"}


@pytest.fixture(scope="session")
def tracked(root: Path) -> list[Path]:
    """Every file of the repository: git's list, or in a copy without git all files that make did not make."""
    try:
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, check=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        found = [path for path in root.rglob("*") if path.is_file() and not _MADE & set(path.relative_to(root).parts)]
    else:
        found = [root / name for name in listed.split("\0") if name and (root / name).is_file()]
    assert found
    return found
