"""`sojourn doctor`."""

from __future__ import annotations

import typer

from sojourn.app.asking import DEFAULT_DATA, Data, Json, say


def doctor(data: Data = DEFAULT_DATA, json: Json = False) -> None:
    """Say what is wrong with a data folder, and what to do about it; ends with code 1 when something is.

    Looks at the events table's log, the index, the cursors, the locks, the format and the disk.
    """
    import msgspec  # noqa: PLC0415  (heavy)

    from sojourn.store.checkup import check_folder  # noqa: PLC0415  (heavy)

    found = check_folder(data)
    if json:
        say(msgspec.json.encode({"data": str(data), "ok": not found, "findings": found}).decode())
    else:
        for finding in found:
            say(f"{finding.check}: {finding.found}")
            say(f"  do: {finding.do}")
        if not found:
            say(f"{data}: all is well")
    if found:
        raise typer.Exit(1)
