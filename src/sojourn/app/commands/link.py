"""`sojourn link`."""

from __future__ import annotations

import os
import time
from typing import Annotated

import msgspec
import typer

from sojourn.app.asking import DEFAULT_DATA, Data, Json, say
from sojourn.records.errors import BadOption


def link(  # noqa: PLR0913  (one argument an option)
    target: Annotated[str, typer.Argument(help="Where the link goes; none for --open.")] = "",
    *,
    data: Data = DEFAULT_DATA,
    email: Annotated[str | None, typer.Option(help="E-mail address of the recipient.")] = None,
    user: Annotated[str | None, typer.Option(help="User id of the recipient.")] = None,
    message: Annotated[str, typer.Option(help="Name of the message the link is in.")] = "message",
    base: Annotated[str, typer.Option(help="Address of the collector.")] = "http://127.0.0.1:8001",
    opening: Annotated[
        bool, typer.Option("--open", help="The pixel that tells of opening, instead of a link.")
    ] = False,
    json: Json = False,
) -> None:
    """Make the address of a signed link for one recipient of a message, or of the pixel that tells of opening."""
    from sojourn.api.links import link_address, pixel_address  # noqa: PLC0415  (only here)
    from sojourn.identify.click_token import Token, sign  # noqa: PLC0415  (only here)
    from sojourn.store.folder import open_folder  # noqa: PLC0415  (only here)

    if (email is None) == (user is None):
        wrong = "expected --email or --user, one of them: whom the message is written to"
        raise BadOption(wrong)
    if opening == bool(target):
        wrong = "expected the address the link goes to, or --open and none"
        raise BadOption(wrong)
    token = Token(
        id=os.urandom(16).hex(),
        message=message,
        kind="user" if email is None else "email",
        value=user if user is not None else (email or "").strip().lower(),
        target=target,
        issued=time.time_ns() // 1_000,
        purpose="open" if opening else "click",
    )
    text = sign(token, open_folder(data).secret)
    address = pixel_address(base, text) if opening else link_address(base, text)
    if json:
        say(msgspec.json.encode({"address": address, "token": token.id}).decode())
    else:
        say(address)
