"""`sojourn erase`."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer

from sojourn.app.asking import DEFAULT_DATA, Data, Json, progress_bar


def erase(
    person: Annotated[str, typer.Argument(help="A user id or anonymous id of the person.")],
    data: Data = DEFAULT_DATA,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask first.")] = False,
    json: Json = False,
) -> None:
    """Erase one person from events, index and quarantine, for good, and refuse what happened until now when it is imported again."""
    from sojourn.store.erasure import erase as erase_person  # noqa: PLC0415  (heavy)
    from sojourn.store.folder import open_folder  # noqa: PLC0415  (heavy)

    folder = open_folder(data)
    if not yes:
        typer.confirm(
            f"Erase {person} and all linked identifiers from {data}? This cannot be undone", abort=True, err=True
        )
    with folder.writing(), progress_bar(quiet=json) as progress:
        receipt = erase_person(folder, person, progress=progress)
    if json:
        typer.echo(msgspec.json.encode(receipt).decode())
        return
    typer.echo(
        f"erased {receipt.events:,} events of {receipt.actors:,} identifiers and {receipt.quarantined:,} quarantined rows; "
        "your own copies of the imported files, and backups, still hold them"
    )
