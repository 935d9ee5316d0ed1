"""`sojourn export`."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import IO, Annotated, Any, Literal, get_args

import typer

from sojourn.app.asking import (
    DEFAULT_DATA,
    Bots,
    Data,
    From,
    Scope,
    Until,
    Where,
    Zone,
    progress_bar,
    say,
)
from sojourn.records.errors import BadOption

What = Literal["events", "profiles", "segments", "person"]
Format = Literal["segment", "jsonl", "parquet", "csv"]
_LOOK_S = 1.0
_AGAIN_S = 60.0


def export(  # noqa: PLR0913  (one argument an option)
    what: Annotated[What, typer.Argument(help="What to export.")] = "events",
    person: Annotated[str | None, typer.Argument(help="With `person`: any identifier of the person.")] = None,
    data: Data = DEFAULT_DATA,
    form: Annotated[
        Format | None,
        typer.Option(
            "--format",
            help="Left out: what the file's name ends in, .csv or .parquet; else segment (one JSON message a line) of events, and jsonl of "
            "the others.",
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="File to write; default: standard output.")] = None,
    webhook: Annotated[
        str | None, typer.Option(help="Tell this address who entered and left segments, one signed request each.")
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", help="With --webhook: go on telling as it happens.")] = False,
    allow_private: Annotated[
        bool,
        typer.Option("--allow-private", help="With --webhook: also an address in a private network, also without TLS."),
    ] = False,
    where: Where = None,
    start: From = None,
    until: Until = None,
    time_zone: Zone = "UTC",
    bots: Bots = False,
) -> None:
    """Write events as they came, live profiles, members of segments, or all of one person; or tell a CRM who enters segments.

    Events come in the order of the log, as Segment messages, Parquet or CSV, bots only with --bots. `person ID` is one JSON object of
    everything that is known of a person, for the person.
    """
    if (what == "person") != (person is not None):
        message = "`sojourn export person ID` names one person, and nothing else does"
        raise BadOption(message)
    if webhook is not None:
        _tell(what, data, webhook, follow=follow, allow_private=allow_private)
        return
    if follow or allow_private:
        message = "--follow and --allow-private are for --webhook"
        raise BadOption(message)
    chosen = form or _usual(what, out)
    if what == "person" and form is not None:
        message = "a person is written as one JSON object; leave --format out"
        raise BadOption(message)
    if (chosen == "segment") != (what == "events") and chosen in ("segment", "jsonl"):
        message = f"{what} are written as {', '.join(_formats(what))}, not as {chosen}"
        raise BadOption(message)
    if out is None and chosen == "parquet" and sys.stdout.isatty():
        message = "Parquet is not for a terminal; name a file with --out"
        raise BadOption(message)
    scope = Scope(data, tuple(where or ()), start, until, time_zone, bots)
    if what != "events" and scope != Scope(data, (), None, None, "UTC", False):  # noqa: FBT003  (as above)
        message = f"which events to write can be said of events only: {what} are those of this moment"
        raise BadOption(message)
    if out is None:
        written = _write(what, scope, sys.stdout.buffer, chosen, person)
    else:
        with out.open("wb") as file:
            written = _write(what, scope, file, chosen, person)
    say(f"{written:,} {'events' if person else what} written" + (f" to {out}" if out else ""), err=True)


def _usual(what: What, out: Path | None) -> Format:
    ending = "" if out is None or what == "person" else out.suffix.lower()
    if ending in (".csv", ".parquet"):
        return "csv" if ending == ".csv" else "parquet"
    return "segment" if what == "events" else "jsonl"


def _formats(what: What) -> list[str]:
    return [one for one in get_args(Format) if one != ("jsonl" if what == "events" else "segment")]


def _write(what: What, scope: Scope, out: IO[bytes], form: Any, person: str | None) -> int:  # noqa: ANN401  (checked before)
    with progress_bar(quiet=False) as progress:
        if what == "person":
            from sojourn.app.person_export import export_person  # noqa: PLC0415  (heavy)

            return export_person(scope.journeys(progress=progress), person or "", out, progress=progress)
        if what == "events":
            from sojourn.app.exporting import export_events  # noqa: PLC0415  (heavy)

            return export_events(scope.journeys(progress=progress), out, form, progress=progress)
        from sojourn.app.profile_export import export_profiles  # noqa: PLC0415  (heavy)
        from sojourn.store.folder import open_folder  # noqa: PLC0415  (heavy)

        return export_profiles(open_folder(scope.data), what, out, form, progress=progress)


def _tell(what: What, data: Path, url: str, *, follow: bool, allow_private: bool) -> None:
    from sojourn.app.outbound import NotDelivered, Outbound, webhook_secret  # noqa: PLC0415  (heavy)
    from sojourn.app.profile_export import tell_moves  # noqa: PLC0415  (heavy)
    from sojourn.store.folder import open_folder  # noqa: PLC0415  (heavy)

    if what != "segments":
        message = "a webhook is told of segments: `sojourn export segments --webhook URL`"
        raise BadOption(message)
    folder = open_folder(data)
    secret = webhook_secret(folder.secret, url)
    outbound = Outbound(url, secret, allow_private=allow_private)
    say(f"signed with {secret}", err=True)
    while True:
        try:
            done = tell_moves(folder, outbound, url)
        except NotDelivered as error:
            if not follow:
                raise
            say(f"sojourn: {error}", err=True)
            time.sleep(_AGAIN_S)
            continue
        if done.taken or done.refused or not follow:
            wrong = f", {len(done.refused):,} refused by the receiver" if done.refused else ""
            say(f"{done.taken:,} moves told{wrong}", err=True)
        if not follow:
            return
        time.sleep(_LOOK_S)
