"""A data folder for tests of the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sojourn.store.folder import Folder, create_folder

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """An empty data folder."""
    return create_folder(tmp_path / "data")
