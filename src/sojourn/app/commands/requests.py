"""`sojourn requests`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from sojourn.app.asking import DEFAULT_DATA, Data, Json, say

if TYPE_CHECKING:
    from sojourn.api.privacy_requests import PrivacyRequest

requests = typer.Typer(
    no_args_is_help=True, help="List, add and close what persons asked about their data: access, erasure, objection."
)


@requests.command("list")
def list_(
    state: Annotated[str, typer.Option(help="all, open, overdue, done or refused.")] = "all",
    data: Data = DEFAULT_DATA,
    json: Json = False,
) -> None:
    """List the requests there are and were, open ones by the day they are due."""
    from sojourn.api.privacy_requests import privacy_requests, which  # noqa: PLC0415  (heavy)
    from sojourn.store.folder import open_folder  # noqa: PLC0415  (heavy)

    found = privacy_requests(open_folder(data), state=which(state))
    if json:
        typer.echo(msgspec.json.encode(found).decode())
        return
    for one in found.requests:
        say(_line(one))
    say(f"{found.open:,} open, {found.overdue:,} of them overdue; {found.done:,} done, {found.refused:,} refused")


@requests.command()
def add(  # noqa: PLR0913  (the options of a request)
    kind: Annotated[str, typer.Argument(help="access, erasure, objection or rectification.")],
    person: Annotated[str, typer.Argument(help="An identifier of the person: a user id, an e-mail address, ...")],
    received: Annotated[str, typer.Option(help="Day it came, such as 2026-01-31; else today.")] = "",
    due: Annotated[str, typer.Option(help="Day by which it has to be answered; else a month later.")] = "",
    note: Annotated[str, typer.Option(help="How it came.")] = "",
    data: Data = DEFAULT_DATA,
    json: Json = False,
) -> None:
    """Note what somebody asked. Nobody needs to be known by the identifier."""
    from sojourn.api.privacy_requests import add_privacy_request  # noqa: PLC0415  (heavy)
    from sojourn.app.console import COMMAND_LINE  # noqa: PLC0415  (heavy)
    from sojourn.store.folder import open_folder  # noqa: PLC0415  (heavy)

    made = add_privacy_request(
        open_folder(data), kind, person, received_on=received, due_on=due, note=note, who=COMMAND_LINE
    )
    _show(made, as_json=json)


@requests.command()
def close(
    number: Annotated[int, typer.Argument(help="Of the request, as `sojourn requests list` shows it.")],
    outcome: Annotated[str, typer.Argument(help="done or refused.")],
    reason: Annotated[str | None, typer.Option(help="Why; a refusal needs it.")] = None,
    data: Data = DEFAULT_DATA,
    json: Json = False,
) -> None:
    """Say that a request was done, or why it is refused. `sojourn erase` closes those for an erasure by itself."""
    from sojourn.api.privacy_requests import close_privacy_request  # noqa: PLC0415  (heavy)
    from sojourn.app.console import COMMAND_LINE  # noqa: PLC0415  (heavy)
    from sojourn.store.folder import open_folder  # noqa: PLC0415  (heavy)

    _show(close_privacy_request(open_folder(data), number, outcome, reason=reason, who=COMMAND_LINE), as_json=json)


def _show(one: PrivacyRequest, *, as_json: bool) -> None:
    if as_json:
        typer.echo(msgspec.json.encode(one).decode())
    else:
        say(_line(one))


def _line(one: PrivacyRequest) -> str:
    whose = one.person or f"(no longer named, {one.hash})"
    receipt = "" if one.receipt is None else f", erasure {one.receipt}"
    why = "" if one.reason is None else f": {one.reason}"
    stands = f"due {one.due_on}" if one.closed_at is None else f"{one.state} {one.closed_at}{receipt}{why}"
    return f"{one.id}  {one.kind}  {whose}  received {one.received_on}  {stands}"
