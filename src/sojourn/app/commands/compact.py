"""`sojourn compact`."""

from __future__ import annotations

import typer

from sojourn.app.asking import DEFAULT_DATA, Data, progress_bar


def compact(data: Data = DEFAULT_DATA) -> None:
    """Sort fresh events into files by actor; done by itself after many imports. Questions go on meanwhile."""
    from sojourn.store.compaction import compact as run  # noqa: PLC0415  (heavy)
    from sojourn.store.folder import open_folder  # noqa: PLC0415  (heavy)

    folder = open_folder(data)
    with folder.writing(), progress_bar(quiet=False) as progress:
        version = run(folder, progress=progress)
    typer.echo(f"{version.rows:,} events in {len(version.files)} files")
