"""The catalogue of signals of a data folder: read, checked, saved, with its earlier versions.

In: a data folder, text. Out: the text in force, what is wrong in another, and what was in force before. A running worker follows a saved
one within seconds; the version it replaces is kept.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sojourn.records.errors import BadCatalogue, NotADataFolder
from sojourn.signals.catalogue import Catalogue
from sojourn.signals.catalogue_file import Problem, problems_of
from sojourn.signals.default_catalogues import Branch, fitting_branch, path_of
from sojourn.store.audit import record
from sojourn.store.durable import clear_errors, replace_file

if TYPE_CHECKING:
    from pathlib import Path

    from sojourn.api.history import History
    from sojourn.store.folder import Folder

VERSIONS = "signal-versions"
"""Folder inside a data folder with the catalogues that were in force before."""


@dataclass(frozen=True, slots=True)
class SignalsFile:
    """A catalogue.

    Attributes:
        text: As it was written, YAML.
        source: `signals.yaml`; or the name of the branch whose catalogue serves while the folder has none of its own.
        version: How often it was saved here; 0: it is as it came.
    """

    text: str
    source: str
    version: int


@dataclass(frozen=True, slots=True)
class SignalsVersion:
    """A catalogue that was in force.

    Attributes:
        version: Its number, from 0.
        replaced_at: When another took its place, ISO 8601 UTC.
        text: As it was written.
    """

    version: int
    replaced_at: str
    text: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What is wrong in the text of a catalogue.

    Attributes:
        ok: Whether nothing is.
        problems: In the order of their lines.
    """

    ok: bool
    problems: tuple[Problem, ...]


def signals_file(history: History) -> SignalsFile:
    """The catalogue in force."""
    folder = history.folder
    own = folder.path / Catalogue.FILE
    if own.exists():
        return SignalsFile(own.read_text(encoding="utf-8"), Catalogue.FILE, len(_kept(folder)))
    branch: Branch = "shop"
    try:
        from sojourn.api.scope import Scope  # noqa: PLC0415  (only for a folder without a catalogue)

        branch = fitting_branch(history.journeys(Scope()).events)
    except NotADataFolder:
        # Without events none fits better than another; the worker begins with the same one.
        branch = "shop"
    return SignalsFile(path_of(branch).read_text(encoding="utf-8"), branch, 0)


def default_text(branch: Branch) -> str:
    """The catalogue that comes with the program for a branch."""
    return path_of(branch).read_text(encoding="utf-8")


def check_signals(text: str) -> Checked:
    """What is wrong in a text."""
    problems = problems_of(text)
    return Checked(not problems, problems)


def save_signals(folder: Folder, text: str, *, who: str) -> SignalsFile:
    """Put a catalogue in force; the one before is kept.

    Args:
        folder: The data folder.
        text: YAML.
        who: For the audit log.

    Raises:
        BadCatalogue: It is none; each line of the message names line and path. What is in force stays.
        StorageFull: The disk is full.
    """
    problems = problems_of(text)
    if problems:
        raise BadCatalogue("\n".join(f"{Catalogue.FILE}:{p.line}: {p.path}: {p.says}" for p in problems))
    own = folder.path / Catalogue.FILE
    with clear_errors(folder.path, "the catalogue was not saved"):
        if own.exists():
            place = folder.path / VERSIONS
            place.mkdir(exist_ok=True)
            replace_file(place / f"{len(_kept(folder)):06d}.yaml", own.read_bytes())
        replace_file(own, text.encode())
    version = len(_kept(folder))
    record(folder, who=who, what="saved the catalogue of signals", detail={"version": version})
    return SignalsFile(text, Catalogue.FILE, version)


def signal_versions(folder: Folder) -> tuple[SignalsVersion, ...]:
    """The catalogues that were in force before, newest first."""
    made = []
    for number, file in enumerate(_kept(folder)):
        at = dt.datetime.fromtimestamp(file.stat().st_mtime, dt.UTC).isoformat(timespec="seconds")
        made.append(SignalsVersion(number, at, file.read_text(encoding="utf-8")))
    return tuple(reversed(made))


def _kept(folder: Folder) -> list[Path]:
    place = folder.path / VERSIONS
    return sorted(place.glob("*.yaml")) if place.is_dir() else []
