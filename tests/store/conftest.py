"""A data folder for tests of the store, and disks that turn read-only."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from sojourn.store.folder import Folder, create_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here nothing cuts the power; `test_crash.py` looks at what is synced, in processes of its own."""
    monkeypatch.setattr("os.fsync", lambda _descriptor: None)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """An empty data folder."""
    return create_folder(tmp_path / "data")


@pytest.fixture
def read_only() -> Iterator[Callable[[Path], None]]:
    """`read_only(disk)` makes a small disk read-only until the test ends."""
    mounted: list[Path] = []

    def remount(disk: Path) -> None:
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        mounted.append(disk)

    yield remount
    for disk in mounted:
        subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
