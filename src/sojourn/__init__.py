"""Sojourn: see how people journey through your log, where they leave, and why.

`sojourn.read(file)` or `sojourn.open(folder)` give a `Journeys`; each question is one method of it. `sojourn.Client(key)` and
`sojourn.AsyncClient(key)` send events to a collector.
Importing this package is quick: what is heavy is imported by the first call that needs it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sojourn.records.errors import SojournError

if TYPE_CHECKING:
    import os

    from sojourn.analyse.journeys import Journeys
    from sojourn.client import AsyncClient, Client

__all__ = ["AsyncClient", "Client", "SojournError", "__version__", "open", "read"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:  # noqa: ANN401  (the clients, imported by whoever uses them)
    if name in ("AsyncClient", "Client"):
        from sojourn import client  # noqa: PLC0415  (brings threads, asyncio and msgspec)

        return getattr(client, name)
    message = f"sojourn has no attribute {name!r}"
    raise AttributeError(message)


def open(folder: str | os.PathLike[str]) -> Journeys:  # noqa: A001  (`sojourn.open`, as in `gzip.open`)
    """Open a data folder for questions.

    Args:
        folder: Where `sojourn import` or `sojourn.read(..., data=...)` put it.

    Raises:
        NotADataFolder: Nothing was imported there yet.
    """
    from sojourn.app.reading import open_journeys  # noqa: PLC0415  (heavy)

    return open_journeys(folder)


def read(*files: str | os.PathLike[str], data: str | os.PathLike[str] | None = None, **mapping: Any) -> Journeys:
    """Import files and open them for questions.

    Args:
        files: CSV, Parquet, JSONL or access logs, also gz or zst.
        data: The data folder to import into; None for a temporary one that goes with the result.
        mapping: `person=`, `actor=`, `time=`, `event=` and the other fields of `Mapping`, docs/imports.md; what is
            not given is guessed. `mapping=` names a mapping file or a built-in recipe.

    Raises:
        BadFile: A file cannot be read as a log.
        BadMapping: A column is not there, or cannot be guessed.
    """
    from sojourn.app.reading import read_journeys  # noqa: PLC0415  (heavy)

    return read_journeys(files, data=data, **mapping)
