"""`sojourn backup`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sojourn.app.asking import DEFAULT_DATA, Data, Json, lines, progress_bar, say


def backup(
    file: Annotated[Path, typer.Argument(help="The backup to make, e.g. shop-2025-03-15.tar.zst; it must not exist.")],
    data: Data = DEFAULT_DATA,
    json: Json = False,
) -> None:
    """Write the data folder into one file, while everything runs: all that was acknowledged until now is in it.

    The file holds persons, keys and the folder's secret: keep it as you keep the folder. `sojourn restore` makes a folder of it.
    """
    import msgspec  # noqa: PLC0415  (heavy)

    from sojourn.app.backup import back_up  # noqa: PLC0415  (heavy)
    from sojourn.store.folder import open_folder  # noqa: PLC0415  (heavy)

    folder = open_folder(data)
    with progress_bar(quiet=json) as progress:
        done = back_up(folder, file, say=lambda text: lines([text]) if not json else None, progress=progress)
    if json:
        say(msgspec.json.encode(done).decode())
        return
    say(
        f"{file}: {done.events:,} events of the table and {done.waiting:,} of the log, as of {done.taken_at}; "
        f"{done.files:,} files, {done.bytes / 1e6:,.1f} MB, {file.stat().st_size / 1e6:,.1f} MB compressed"
    )
