"""Opening a data folder for a question, and showing the answer.

In: options of a command. Out: `Journeys`, and results on the terminal or as JSON.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sojourn.records.visible import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sojourn.analyse.journeys import Journeys
    from sojourn.analyse.results import Persons

Data = Annotated[Path, typer.Option("--data", "-d", help="The data folder.", envvar="SOJOURN_DATA")]
Where = Annotated[
    list[str] | None, typer.Option("--where", "-w", help="Only events that match, e.g. \"path like '/pricing%'\".")
]
From = Annotated[str | None, typer.Option("--from", help="Only events from this moment on, e.g. 2024-03-01.")]
Until = Annotated[str | None, typer.Option("--until", help="Only events before this moment.")]
By = Annotated[
    str | None, typer.Option("--by", help="Break down by a column or property, `first COLUMN` or `last COLUMN`.")
]
Zone = Annotated[str, typer.Option("--time-zone", help="Where days begin, e.g. Europe/Berlin.")]
Bots = Annotated[bool, typer.Option("--bots", help="Count self-declared crawlers too.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
In = Annotated[
    str | None,
    typer.Option("--in", help="Tell amounts in this currency, e.g. EUR; else in the one most of them have."),
]
RatesFile = Annotated[
    Path | None,
    typer.Option("--rates", help="CSV of date, currency, rate: what one unit is worth in --in from that day on."),
]
ListPersons = Annotated[bool, typer.Option("--persons", help="List the persons counted instead of the numbers.")]
CatalogueFile = Annotated[
    str | None,
    typer.Option(
        "--catalogue",
        help="A file, or shop, software, streaming; else signals.yaml of the data folder or the branch that fits.",
    ),
]
At = Annotated[
    str | None, typer.Option("--at", help="Read at this moment: what was received by then; else the log's end.")
]

DEFAULT_DATA = Path("sojourn-data")


@dataclass(frozen=True, slots=True)
class Scope:
    """Which events a question is asked of; the options every question takes.

    Attributes:
        data: The data folder.
        where: Predicates that must all match.
        start: First moment.
        until: Moment after the last.
        time_zone: IANA name.
        bots: Whether crawlers count.
    """

    data: Path = DEFAULT_DATA
    where: tuple[str, ...] = ()
    start: str | None = None
    until: str | None = None
    time_zone: str = "UTC"
    bots: bool = False

    def journeys(self, *, progress: Callable[[str, int, int], None] | None = None) -> Journeys:
        """Open the folder and narrow it."""
        compile_once()
        from sojourn.analyse.journeys import Journeys  # noqa: PLC0415  (heavy)
        from sojourn.store.folder import open_folder  # noqa: PLC0415  (heavy)
        from sojourn.store.index import open_index  # noqa: PLC0415  (heavy)

        journeys = Journeys(open_index(open_folder(self.data), progress=progress)).in_zone(self.time_zone)
        for predicate in self.where:
            journeys = journeys.where(predicate)
        if self.start or self.until:
            journeys = journeys.between(self.start, self.until)
        return journeys.including_bots() if self.bots else journeys


def compile_once() -> None:
    """Compile the kernels with a line of progress when this is the first start on this machine."""
    from sojourn.app import warming  # noqa: PLC0415  (heavy)
    from sojourn.app.commands.warm import compile_kernels  # noqa: PLC0415  (heavy)

    if not warming.is_warm():
        compile_kernels()


def show(result: Any, *, as_json: bool) -> None:  # noqa: ANN401  (any Result or Persons)
    """Print a result on the terminal, or as one JSON object."""
    if as_json:
        import msgspec  # noqa: PLC0415  (heavy)

        typer.echo(msgspec.json.encode(result.to_dict()).decode())
        return
    from sojourn.app.printing import print_result  # noqa: PLC0415  (rich is heavy)

    print_result(result)


def show_persons(persons: Persons, *, as_json: bool) -> None:
    """Print persons one a line, or as one JSON object."""
    if as_json:
        show(persons, as_json=True)
        return
    for person in persons:
        say(person)


def progress_bar(*, quiet: bool) -> Any:  # noqa: ANN401  (a context manager)
    """A progress bar on stderr, with rate, for what takes over a second; see `Progress`."""
    from sojourn.app.progress import Progress  # noqa: PLC0415  (rich is heavy)

    return Progress(quiet=quiet)


def lines(texts: Iterator[str] | list[str]) -> None:
    """Print lines on stderr, so that stdout stays the answer."""
    for text in texts:
        say(text, err=True)


def say(text: str, *, err: bool = False) -> None:
    """Print a line as it is read, whatever a log, a file's name or an error brought into it (`records.visible`)."""
    typer.echo(visible(text), err=err)
