"""The catalogue of signals of a data folder: read, checked, saved, with its earlier versions.

In: a data folder, text. Out: the text in force, what is wrong in another, and what was in force before. A running worker follows a saved
one within seconds; the version it replaces is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from sojourn.records.errors import BadCatalogue, NotADataFolder
from sojourn.signals.catalogue import Catalogue, Segment
from sojourn.signals.catalogue_edit import with_segment, without_segment
from sojourn.signals.catalogue_file import Problem, problems_of, read_catalogue
from sojourn.signals.default_catalogues import Branch, fitting_branch, path_of
from sojourn.store.audit import record
from sojourn.store.catalogue_versions import (
    CatalogueVersion,
    catalogue_version,
    catalogue_versions,
    keep_draft,
    put_in_force,
    version_in_force,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sojourn.api.history import History
    from sojourn.store.folder import Folder


@dataclass(frozen=True, slots=True)
class SignalsFile:
    """A catalogue.

    Attributes:
        text: As it was written, YAML.
        source: `signals.yaml`; or the name of the branch whose catalogue serves while the folder has none of its own.
        version: Number of the version in force; 0: it is as it came, or was changed by hand since.
    """

    text: str
    source: str
    version: int


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
        return SignalsFile(own.read_text(encoding="utf-8"), Catalogue.FILE, version_in_force(folder))
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


def save_signals(folder: Folder, text: str, *, who: str, note: str = "") -> SignalsFile:
    """Put a catalogue in force; the one before is kept.

    Args:
        folder: The data folder.
        text: YAML.
        who: For the history and the audit log.
        note: Why, for the history.

    Raises:
        BadCatalogue: It is none; each line of the message names line and path. What is in force stays.
        StorageFull: The disk is full.
    """
    _check(text)
    version = put_in_force(folder, text, who=who, note=note)
    record(folder, who=who, what="saved the catalogue of signals", detail={"version": version, "note": note})
    return SignalsFile(text, Catalogue.FILE, version)


def try_signals(folder: Folder, text: str, *, who: str, note: str = "") -> int:
    """Keep a catalogue as a draft that can be tried on the past; what is in force stays.

    Args:
        folder: The data folder.
        text: YAML.
        who: For the history.
        note: Why.

    Returns:
        The draft's number among the versions.

    Raises:
        BadCatalogue: It is none.
    """
    _check(text)
    return keep_draft(folder, text, who=who, note=note)


def signal_versions(folder: Folder) -> tuple[CatalogueVersion, ...]:
    """The catalogues that were in force, newest first."""
    return tuple(one for one in catalogue_versions(folder) if one.in_force)


def signal_tries(folder: Folder) -> tuple[CatalogueVersion, ...]:
    """The catalogues that were in force or tried, newest first."""
    return tuple(catalogue_versions(folder))


def signals_version(folder: Folder, number: int) -> CatalogueVersion:
    """One of them.

    Raises:
        BadOption: There is none of that number.
    """
    return catalogue_version(folder, number)


def _check(text: str) -> None:
    problems = problems_of(text)
    if problems:
        raise BadCatalogue("\n".join(f"{Catalogue.FILE}:{p.line}: {p.path}: {p.says}" for p in problems))


def segments_in_force(history: History) -> tuple[Segment, ...]:
    """The segments of the catalogue in force; none when it cannot be read."""
    try:
        return read_catalogue(signals_file(history).text).segments
    except BadCatalogue:
        # What is wrong with it is told where its numbers would stand.
        return ()


def change_segment(
    history: History, given: Mapping[str, str], *, who: str, instead_of: str | None = None
) -> SignalsFile:
    """Add a segment to the catalogue in force, or change one; everything else stays as it was written.

    Args:
        history: The folder's journeys: without a catalogue of its own it is that which fits its events.
        given: `name`, `says` and `where`.
        who: For the history and the audit log.
        instead_of: Name of the segment that is changed; None for a new one.

    Raises:
        BadCatalogue: The segment does not fit; each line of the message names what is wrong.
    """
    try:
        segment = msgspec.convert(dict(given), Segment)
    except msgspec.ValidationError as error:
        raise BadCatalogue(f"this is no segment: {str(error)[0].lower()}{str(error)[1:]}") from error
    text = with_segment(signals_file(history).text, segment, instead_of=instead_of)
    note = f"{'changed' if instead_of else 'added'} the segment {segment.name}"
    return save_signals(history.folder, text, who=who, note=note)


def drop_segment(history: History, name: str, *, who: str) -> SignalsFile:
    """Take a segment out of the catalogue in force.

    Raises:
        BadCatalogue: It has none of that name.
    """
    text = without_segment(signals_file(history).text, name)
    return save_signals(history.folder, text, who=who, note=f"took out the segment {name}")
