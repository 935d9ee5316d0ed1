"""The log of a Delta table: made to outlive a power cut, and cut off behind an erasure.

In: a table's folder and a version. Out: nothing. Never decides what a commit holds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deltalake import DeltaTable

from sojourn.store.durable import sync_all, sync_file, sync_folder

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def log_of(root: Path) -> Path:
    """The folder of a table's log."""
    return root / "_delta_log"


def log_version(path: Path) -> int:
    """Version that a file of the log belongs to; -1 when it belongs to none."""
    head = path.name.split(".")[0]
    return int(head) if head.isdigit() else -1


def sync_commit(root: Path, version: int, adds: Iterable[Path], *, checkpoint: bool) -> None:
    """Force a commit's log entry and all folders to the disk; its data files are synced before.

    Args:
        root: The table's folder.
        version: Version of the commit.
        adds: Data files it added.
        checkpoint: Write a checkpoint too, which readers then begin at.
    """
    log = log_of(root)
    if checkpoint:
        DeltaTable(str(root), version=version).create_checkpoint()
        sync_all(path for path in log.iterdir() if path.is_file() and path.suffix != ".json")
    sync_file(log / f"{version:020d}.json")
    for folder in {log, root, root.parent, *(path.parent for path in adds)}:
        sync_folder(folder)


def forget_history(root: Path, version: int) -> None:
    """Delete what the log says of versions before a durable one that has a checkpoint.

    An entry tells the times of events that were erased since. Readers of those versions have lost their data files already.
    """
    log = log_of(root)
    # A checkpoint made now could be torn by a power cut, with nothing behind it.
    if not (log / f"{version:020d}.checkpoint.parquet").exists():
        return
    for path in list(log.iterdir()):
        if 0 <= log_version(path) < version:
            path.unlink()
    sync_folder(log)
