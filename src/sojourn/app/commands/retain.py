"""`sojourn retain`."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer

from sojourn.app.asking import DEFAULT_DATA, Data, Json, progress_bar


def retain(
    data: Data = DEFAULT_DATA,
    days: Annotated[
        int | None,
        typer.Option(
            min=1, max=3_650, help="Keep what happened in the last so many whole days; else as the settings say."
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask first.")] = False,
    json: Json = False,
) -> None:
    """Take events that are older than they are kept out of every store, for good, and refuse them from then on.

    The keeper does it by itself once a day where the settings say for how many days events are kept.
    """
    from sojourn.api.erasures import told_before  # noqa: PLC0415  (heavy)
    from sojourn.app import expiring  # noqa: PLC0415  (heavy)
    from sojourn.store.folder import open_folder  # noqa: PLC0415  (heavy)

    folder = open_folder(data)
    before = expiring.needed_limit(folder, days)
    if not yes:
        told = told_before(folder, before) or "No event is that old; from now on such events are refused"
        typer.confirm(f"{told}. This cannot be undone; go on", abort=True, err=True)
    with progress_bar(quiet=json) as progress:
        done = expiring.retain(folder, before, progress=progress)
    typer.echo(msgspec.json.encode(done).decode() if json else done.sentence())
