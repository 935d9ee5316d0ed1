"""Bringing a folder of an older version up to this one's format, after a backup of how it was.

In: a data folder. Out: the same in the newest format, and `backups/before-format-N-....tar.zst` in it. Run as
`python -m sojourn.app.upgrading DIR` by `sojourn up`, which is copied later and therefore opens no table itself.
"""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sojourn.records.errors import SojournError
from sojourn.store.folder import FORMAT, open_folder

if TYPE_CHECKING:
    from collections.abc import Callable

    from sojourn.store.folder import Folder


class NotUpgraded(SojournError):
    """The folder could not be brought to this version's format; it is as it was."""


def upgrade_apart(folder: Folder) -> Path | None:
    """Upgrade a folder in a process of its own.

    Returns:
        The backup of how it was; None when it was up to date.

    Raises:
        NotUpgraded: It could not be; the message says why.
    """
    if folder.format >= FORMAT:
        return None
    command = [sys.executable, "-m", "sojourn.app.upgrading", str(folder.path)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603  (our own module, no shell)
    if done.returncode:
        raise NotUpgraded(f"{folder.path} is of format {folder.format}, and stays it: {done.stderr.strip()[-500:]}")
    return Path(done.stdout.strip())


def upgrade(folder: Folder, *, say: Callable[[str], None]) -> Path:
    """Back a folder up, and bring it to the newest format.

    Returns:
        The backup of how it was.

    Raises:
        FolderBusy: Somebody else writes to it, or makes a backup.
        StorageFull: There is no room for the backup; the folder is as it was.
    """
    from sojourn.app.backup import back_up  # noqa: PLC0415  (heavy, and only where there is something to do)
    from sojourn.store.migrations import migrate  # noqa: PLC0415  (the same)
    from sojourn.store.snapshot import OWN  # noqa: PLC0415  (the same)

    out = folder.path / OWN / f"before-format-{FORMAT}-{dt.datetime.now(dt.UTC):%Y%m%d-%H%M%S-%f}.tar.zst"
    back_up(folder, out, say=say, progress=lambda *_: None)
    with folder.writing():
        migrate(folder)
    return out


def main() -> None:
    """Upgrade one folder, and print where the backup is."""
    try:
        out = upgrade(open_folder(sys.argv[1]), say=lambda _: None)
    except SojournError as error:
        sys.exit(str(error))
    sys.stdout.write(f"{out}\n")


if __name__ == "__main__":
    main()
