"""`sojourn import`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from sojourn.app import mapping_options as of
from sojourn.app.asking import DEFAULT_DATA, Data, Json, compile_once, lines, progress_bar, say, show

if TYPE_CHECKING:
    from pathlib import Path

    from sojourn.records.errors import SojournError

SOME_REJECTED = 3
"""Exit code when the import is done and some rows are in quarantine."""
SOME_SKIPPED = 1
"""Exit code when some of several files are no event logs; the others are imported."""


@of.with_column_options
def import_(  # noqa: PLR0913  (one argument an option)
    files: of.Files,
    data: Data = DEFAULT_DATA,
    *,
    columns: of.Columns,
    time_zone: Annotated[str | None, typer.Option(help="Zone of times that name none; default UTC.")] = None,
    source: Annotated[
        str, typer.Option(help="Name the events are kept under; message ids are unique within it.")
    ] = "import",
    drop_duplicates: Annotated[
        bool, typer.Option("--drop-duplicates", help="Skip rows equal to an earlier row of the file.")
    ] = False,
    json: Json = False,
) -> None:
    """Import event logs into a data folder, exactly once: importing a file again adds only its new rows.

    The last line says what became of every row. Exit code 3 means done, with rows in quarantine; 1 that a file is no event log
    (of several files the others are imported).
    """
    from sojourn.app.importing import import_files  # noqa: PLC0415  (heavy)
    from sojourn.collect.imports.incoming import check_there, matching  # noqa: PLC0415  (heavy)

    files = matching(files)
    if len(files) == 1:
        check_there(files[0])
    mapping = columns.mapping(time_zone=time_zone)
    compile_once()
    with progress_bar(quiet=json) as progress:
        result = import_files(
            files,
            data,
            mapping,
            source=source,
            drop_duplicates=drop_duplicates,
            on_guess=lambda guesses: lines(list(guesses)),
            on_progress=progress,
            on_bad_file=_tell if len(files) > 1 else None,
        )
    if result.rejected:
        rows = "1 row is" if result.rejected == 1 else f"{result.rejected:,} rows are"
        lines([f"{rows} in quarantine; see `sojourn events --rejected --data {data}`"])
    if json:
        show(result, as_json=True)
    else:
        say(result.sentence())
    if result.skipped_files:
        raise typer.Exit(SOME_SKIPPED)
    if result.rejected:
        raise typer.Exit(SOME_REJECTED)


def _tell(file: Path, error: SojournError) -> None:
    name = "" if str(file) in str(error) else f"{file}: "
    lines([f"sojourn: skipped: {name}{error}"])
