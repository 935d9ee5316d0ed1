"""`sojourn.open` and `sojourn.read`: from files to questions in one call.

In: files or a folder. Out: `Journeys`. A temporary folder lives as long as the journeys read into it.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sojourn.analyse.journeys import Journeys
from sojourn.app.importing import import_files
from sojourn.collect.imports.mapping import Mapping, load_mapping
from sojourn.records.errors import BadMapping
from sojourn.store.folder import TemporaryFolder, open_folder
from sojourn.store.index import open_index

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence


def open_journeys(folder: str | os.PathLike[str], *, keep_alive: object = None) -> Journeys:
    """Open a data folder for questions; see `sojourn.open`."""
    return Journeys(open_index(open_folder(Path(folder))), _keep_alive=keep_alive)


def read_journeys(
    files: Sequence[str | os.PathLike[str]],
    *,
    data: str | os.PathLike[str] | None = None,
    **given: Any,
) -> Journeys:
    """Import files and open them; see `sojourn.read`."""
    drop = bool(given.pop("drop_duplicates", False))
    mapping = merged_mapping(given.pop("mapping", None), given)
    temporary = TemporaryFolder() if data is None else None
    place = temporary.path if temporary else Path(data or "")
    import_files([Path(file) for file in files], place, mapping, drop_duplicates=drop)
    return open_journeys(place, keep_alive=temporary)


def merged_mapping(name: str | None, given: dict[str, Any]) -> Mapping:
    """A mapping file or recipe with single fields set on top.

    Args:
        name: Path or recipe name; None for none.
        given: Fields of `Mapping`; None counts as not given.

    Raises:
        BadMapping: A field `Mapping` does not have.
    """
    base = load_mapping(name) if name else Mapping()
    known = {field.name for field in dataclasses.fields(Mapping)}
    unknown = sorted(set(given) - known)
    if unknown:
        message = f"{unknown[0]!r} is not a field of a mapping; there are {', '.join(sorted(known))}"
        raise BadMapping(message)
    values = {
        key: tuple(value.items() if isinstance(value, dict) else value) if isinstance(value, list | dict) else value
        for key, value in given.items()
        if value is not None
    }
    return dataclasses.replace(base, **values)  # type: ignore[arg-type]  # load_mapping and the command line check types
