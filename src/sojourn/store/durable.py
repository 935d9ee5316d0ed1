"""Making files outlive a power cut.

In: paths. Out: nothing. Never decides what to write, only when it is safe.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def sync_file(path: Path) -> None:
    """Force a file's bytes to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(path: Path) -> None:
    """Force a folder's entries (names, renames, removals) to the disk."""
    sync_file(path)


def sync_all(files: Iterable[Path]) -> None:
    """Force files and then the folders that hold them to the disk."""
    paths = list(files)
    for path in paths:
        sync_file(path)
    for folder in {path.parent for path in paths}:
        sync_folder(folder)


def replace_file(path: Path, content: bytes) -> None:
    """Write a small file so that, whenever the machine stops, it holds either the old or the new content."""
    fresh = path.with_name(path.name + ".new")
    with fresh.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    sync_folder(path.parent)
