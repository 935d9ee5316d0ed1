"""`sojourn keys`."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
import typer

from sojourn.app.asking import DEFAULT_DATA, Data, Json, say
from sojourn.records.errors import BadOption

keys = typer.Typer(no_args_is_help=True, help="Make, list and revoke the keys that sources send with.")


@keys.command()
def create(
    name: Annotated[str, typer.Argument(help="Name of the source: a site, an app, a shop system.")],
    kind: Annotated[
        Literal["browser", "server"],
        typer.Option(
            help="`browser`: public, writes for its own device only; `server`: secret, its user ids count as proven."
        ),
    ] = "server",
    role: Annotated[
        Literal["viewer", "analyst", "marketer", "admin"] | None,
        typer.Option(help="What else a server key may do: read persons, ask questions, send messages, everything."),
    ] = None,
    consent: Annotated[
        Literal["required", "assumed"] | None,
        typer.Option(
            help="`required`: cookieless until granted (default for browsers); `assumed`: granted until denied."
        ),
    ] = None,
    data: Data = DEFAULT_DATA,
    json: Json = False,
) -> None:
    """Make a key. It is shown once and kept hashed."""
    from sojourn.store.folder import create_folder  # noqa: PLC0415  (heavy)
    from sojourn.store.sources import create_key  # noqa: PLC0415  (heavy)

    key, source = create_key(create_folder(data), name, kind=kind, role=role, consent=consent)
    if json:
        typer.echo(msgspec.json.encode({"key": key, "source": source.name}).decode())
        return
    typer.echo(key)
    # Apart from the key, so that `KEY=$(sojourn keys create web)` holds nothing else.
    say(f"{kind} key of {name}, consent {source.consent}; it cannot be shown again", err=True)


@keys.command("list")
def list_(data: Data = DEFAULT_DATA, json: Json = False) -> None:
    """List the keys there are and were; none can be read back."""
    from sojourn.store.folder import open_folder  # noqa: PLC0415  (heavy)
    from sojourn.store.sources import list_keys  # noqa: PLC0415  (heavy)

    found = list_keys(open_folder(data))
    if json:
        typer.echo(msgspec.json.encode({"keys": found}).decode())
        return
    for one in found:
        state = f"revoked {one.revoked_at}" if one.revoked_at else "open"
        role = f", {one.role}" if one.role else ""
        say(f"{one.id}  {one.source}  {one.kind}{role}, consent {one.consent}, made {one.created_at}, {state}")


@keys.command()
def revoke(
    which: Annotated[
        str,
        typer.Argument(help="A key, its number in `sojourn keys list`, or the name of a source for all of its keys."),
    ],
    data: Data = DEFAULT_DATA,
    json: Json = False,
) -> None:
    """End keys: running collectors refuse them within two seconds."""
    from sojourn.store.folder import open_folder  # noqa: PLC0415  (heavy)
    from sojourn.store.sources import revoke_keys  # noqa: PLC0415  (heavy)

    ended = revoke_keys(open_folder(data), which)
    if not ended:
        raise BadOption("no open key is that, has that number or is of that source; `sojourn keys list` shows them")
    if json:
        typer.echo(msgspec.json.encode({"revoked": ended}).decode())
        return
    typer.echo(f"revoked {ended} key{'s' if ended > 1 else ''}")


@keys.command()
def secret(
    name: Annotated[str, typer.Argument(help="Name of a source with a browser key.")],
    data: Data = DEFAULT_DATA,
    json: Json = False,
) -> None:
    """Print the secret with which your server signs user ids for pages: HMAC-SHA256, sent as `context.userHash`."""
    from sojourn.store.folder import open_folder  # noqa: PLC0415  (heavy)
    from sojourn.store.sources import user_secret  # noqa: PLC0415  (heavy)

    found = user_secret(open_folder(data), name)
    if found is None:
        message = f"{name} has no open browser key; `sojourn keys create {name} --kind browser` makes one"
        raise BadOption(message)
    typer.echo(msgspec.json.encode({"source": name, "user_secret": found}).decode() if json else found)
