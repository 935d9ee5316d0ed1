"""`sojourn links`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from sojourn.app.asking import DEFAULT_DATA, Data, Json, Scope, Zone, progress_bar, show
from sojourn.records.errors import BadOption

if TYPE_CHECKING:
    from pathlib import Path

_ACTIONS = ("revoke", "restore", "ignore", "heed")


def links(
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="PERSON | revoke LINK... | restore LINK... | ignore ID... | heed ID...",
            help="Any identifier of a person; or links by their names, to part what they join, or to join it again; or "
            "identifiers that name nobody here, such as a test account, or somebody again.",
            show_default=False,
        ),
    ],
    data: Data = DEFAULT_DATA,
    time_zone: Zone = "UTC",
    json: Json = False,
) -> None:
    """Show why a person's identifiers are one person, and take back what is wrong; every question follows at once."""
    if words[0] in _ACTIONS and len(words) > 1:
        _act(words[0], words[1:], data, as_json=json)
        return
    if len(words) > 1:
        message = f"name one person, or say {', '.join(_ACTIONS)} first; got {' '.join(words)!r}"
        raise BadOption(message)
    with progress_bar(quiet=json) as progress:
        found = Scope(data, time_zone=time_zone).journeys(progress=progress).links(words[0])
    show(found, as_json=json)


def _act(action: str, names: list[str], data: Path, *, as_json: bool) -> None:
    from sojourn.api.person_changes import decide_links  # noqa: PLC0415  (heavy)
    from sojourn.app.console import COMMAND_LINE  # noqa: PLC0415  (heavy)
    from sojourn.store.audit import record  # noqa: PLC0415  (heavy)
    from sojourn.store.folder import open_folder  # noqa: PLC0415  (heavy)
    from sojourn.store.link_control import ignore_id  # noqa: PLC0415  (heavy)

    folder = open_folder(data)
    if action in ("revoke", "restore"):
        decide_links(folder, names, revoked=action == "revoke", who=COMMAND_LINE)
    else:
        for name in names:
            ignore_id(folder, name, ignored=action == "ignore")
            whom = "nobody" if action == "ignore" else "somebody again"
            record(folder, who=COMMAND_LINE, what=f"had an identifier name {whom}")
    if as_json:
        typer.echo(msgspec.json.encode({"done": action, "names": names}).decode())
        return
    done = {"revoke": "revoked", "restore": "restored", "ignore": "ignored from now on", "heed": "heeded again"}[action]
    typer.echo(f"{done}: {', '.join(names)}")
