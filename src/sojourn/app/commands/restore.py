"""`sojourn restore`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sojourn.app.asking import DEFAULT_DATA, Data, Json, progress_bar, say
from sojourn.records.errors import BadOption


def restore(  # noqa: PLR0913  (each is an option)
    file: Annotated[Path | None, typer.Argument(help="A backup that `sojourn backup` made.")] = None,
    data: Data = DEFAULT_DATA,
    erased_in: Annotated[
        Path | None,
        typer.Option(help="The data folder that was in use: who was erased there is erased in the restored one too."),
    ] = None,
    release: Annotated[
        bool, typer.Option("--release", help="Show what the restored folder would send, ask, and let it.")
    ] = False,
    drop: Annotated[
        bool, typer.Option("--drop", help="With --release: pass over what waits instead of sending it.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --release: do not ask.")] = False,
    json: Json = False,
) -> None:
    """Make a data folder of a backup, in a place that is empty; a file that was cut or changed is refused.

    Nothing is sent from it (`sojourn export segments --webhook`) until `sojourn restore --release` has shown what would be.
    """
    if (file is None) != release:
        message = "name a backup to restore, or a restored folder: `sojourn restore --release --data DIR`"
        raise BadOption(message)
    if file is not None:
        _restore(file, data, erased_in, json=json)
    else:
        _release(data, drop=drop, yes=yes, json=json)


def _restore(file: Path, data: Path, erased_in: Path | None, *, json: bool) -> None:
    import msgspec  # noqa: PLC0415  (heavy)

    from sojourn.app.backup import restore as restore_from  # noqa: PLC0415  (heavy)

    with progress_bar(quiet=json) as progress:
        done = restore_from(file, data, erased_in=erased_in, progress=progress)
    if json:
        say(msgspec.json.encode(done).decode())
        return
    say(f"{data}: {done.events:,} events of the table and {done.waiting:,} of the log, as of {done.taken_at}")
    if erased_in is not None:
        say(f"{done.erased_again:,} identifiers that were erased since are erased here too")
    else:
        say("who was erased since is in it: `--erased-in` takes that from the folder that was in use")
    say(f"nothing is sent from it until `sojourn restore --release --data {data}`")


def _release(data: Path, *, drop: bool, yes: bool, json: bool) -> None:
    import msgspec  # noqa: PLC0415  (heavy)

    from sojourn.app.console import COMMAND_LINE  # noqa: PLC0415  (heavy)
    from sojourn.store.folder import open_folder  # noqa: PLC0415  (heavy)
    from sojourn.store.held import held, release, waiting  # noqa: PLC0415  (heavy)

    folder = open_folder(data)
    since = held(folder)
    found = waiting(folder)
    if json:
        say(msgspec.json.encode({"held": since is not None, "waiting": found, "dropped": drop}).decode())
    elif since is None:
        say(f"nothing is held in {data}")
    else:
        say(f"restored {since.restored_at} from a backup of {since.taken_at}")
        for one in found:
            ends = f": {one.first} ... {one.last}" if one.moves else ""
            say(f"{one.receiver}: {one.moves:,} moves{ends}")
        if not found:
            say("no receiver was ever told anything")
    if since is None:
        return
    if not yes:
        question = (
            "Pass over them, and send what comes from now on?" if drop else "Send them, and what comes from now on?"
        )
        typer.confirm(question, abort=True, err=True)
    release(folder, "drop" if drop else "send", who=COMMAND_LINE)
