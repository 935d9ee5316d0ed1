"""`sojourn erase`."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer

from sojourn.app.asking import DEFAULT_DATA, Data, Json, progress_bar


def erase(
    person: Annotated[
        str, typer.Argument(help="A user id, anonymous id or e-mail address of the person, or `loyalty_card:4711`.")
    ],
    data: Data = DEFAULT_DATA,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask first.")] = False,
    json: Json = False,
) -> None:
    """Erase one person from every store, for good, and refuse what happened until now when it is sent or imported again.

    A running worker takes the person out of the live state itself; this waits until it has.
    """
    from sojourn.app.forgetting import forget_live  # noqa: PLC0415  (heavy)
    from sojourn.app.live import fold_rules  # noqa: PLC0415  (heavy)
    from sojourn.store.erasure import erase as erase_person  # noqa: PLC0415  (heavy)
    from sojourn.store.folder import open_folder  # noqa: PLC0415  (heavy)

    folder = open_folder(data)
    if not yes:
        typer.confirm(
            f"Erase {person} and all linked identifiers from {data}? This cannot be undone", abort=True, err=True
        )
    try:
        with folder.writing(), progress_bar(quiet=json) as progress:
            receipt = erase_person(folder, person, progress=progress)
    finally:
        # Also when there is no such person any more: an erasure that was killed may have left this to be done.
        forget_live(folder, lambda: fold_rules(folder))
    if json:
        typer.echo(msgspec.json.encode(receipt).decode())
        return
    typer.echo(
        f"erased {receipt.events:,} events of {receipt.actors:,} identifiers, {receipt.quarantined:,} quarantined rows, "
        f"{receipt.logged:,} records of the log and {receipt.live:,} identifiers of the live state; "
        "your own copies of the imported files, and backups, still hold them"
    )
