"""`sojourn users`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from sojourn.app.asking import DEFAULT_DATA, Data, Json, say

if TYPE_CHECKING:
    from sojourn.store.folder import Folder

users = typer.Typer(
    no_args_is_help=True, help="List, make and disable who may log in to the console, and print one-time links."
)
Address = Annotated[
    str | None,
    typer.Option(help="Where the console is reached, before the path of the link; if not given, where it runs."),
]
_USUAL = "http://127.0.0.1:8000"


@users.command("list")
def list_(data: Data = DEFAULT_DATA, json: Json = False) -> None:
    """List the users there are and were."""
    from sojourn.store.folder import open_folder  # noqa: PLC0415  (heavy)
    from sojourn.store.users import list_users  # noqa: PLC0415  (heavy)

    found = list_users(open_folder(data))
    if json:
        typer.echo(msgspec.json.encode({"users": found}).decode())
        return
    for one in found:
        state = f"disabled {one.disabled_at}" if one.disabled_at else "open"
        password = "password" if one.has_password else "no password yet"
        say(f"{one.name}  {one.role}  {state}  {password}  last seen {one.seen_at or 'never'}")
    if not found:
        say("no users yet; `sojourn users link` prints a link that makes the first admin")


@users.command()
def create(
    name: Annotated[str, typer.Argument(help="As the user logs in.")],
    role: Annotated[
        str, typer.Option(help="viewer, analyst, marketer or admin: each may do what those before it may.")
    ] = "viewer",
    address: Address = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Make a user, and print the one-time link with which they set a password."""
    from sojourn.api.accounts import Accounts  # noqa: PLC0415  (heavy)
    from sojourn.app.console import COMMAND_LINE  # noqa: PLC0415  (heavy)
    from sojourn.store.folder import create_folder  # noqa: PLC0415  (heavy)

    folder = create_folder(data)
    _print_link(folder, address, Accounts(folder).create(name, role, who=COMMAND_LINE))


@users.command()
def link(
    name: Annotated[str | None, typer.Argument(help="Whom it logs in; none: it makes the first admin.")] = None,
    address: Address = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Print a link that logs in once, within an hour; one printed before for the same user works no more."""
    from sojourn.api.accounts import Accounts  # noqa: PLC0415  (heavy)
    from sojourn.app.console import COMMAND_LINE  # noqa: PLC0415  (heavy)
    from sojourn.store.folder import create_folder  # noqa: PLC0415  (heavy)

    folder = create_folder(data)
    _print_link(folder, address, Accounts(folder).make_link(name, who=COMMAND_LINE))


@users.command()
def disable(name: Annotated[str, typer.Argument(help="Of the user.")], data: Data = DEFAULT_DATA) -> None:
    """Log a user out everywhere, and let nobody log in as it; an admin can enable it in Settings."""
    from sojourn.api.accounts import Accounts  # noqa: PLC0415  (heavy)
    from sojourn.app.console import COMMAND_LINE  # noqa: PLC0415  (heavy)
    from sojourn.store.folder import open_folder  # noqa: PLC0415  (heavy)

    Accounts(open_folder(data)).disable(name, who=COMMAND_LINE)
    say(f"{name} is disabled")


def _print_link(folder: Folder, address: str | None, token: str) -> None:
    from sojourn.store.running import running  # noqa: PLC0415  (heavy)

    found = running(folder, "console")
    address = address or (found and found.address) or _USUAL
    typer.echo(f"{address.rstrip('/')}/link/{token}")
    say("The link works once, within an hour.", err=True)
