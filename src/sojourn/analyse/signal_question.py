"""What every question about signals asks first: which catalogue, and read when.

In: journeys, a catalogue or where to find one, a moment. Out: `SignalQuestion`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sojourn.analyse.consent import unscored
from sojourn.analyse.signal_pass import last_moment, received_at, signal_blocks
from sojourn.records.errors import BadCatalogue, BadOption, UnknownColumn
from sojourn.records.moments import moment_us
from sojourn.signals.catalogue import Catalogue
from sojourn.signals.catalogue_file import load_catalogue
from sojourn.signals.default_catalogues import BRANCHES, default_catalogue, fitting_branch
from sojourn.signals.predicates import columns_of
from sojourn.signals.program import Program, compile_catalogue

if TYPE_CHECKING:
    import datetime as dt
    import os
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from sojourn.analyse.journeys import Journeys
    from sojourn.analyse.parts import Part
    from sojourn.analyse.results import Persons

_NAMED = 4
CatalogueOption = Catalogue | str | Path | None


@dataclass(frozen=True, slots=True)
class SignalQuestion:
    """Which catalogue, read when.

    Attributes:
        program: The compiled catalogue.
        source: Where it came from: a file's name, or the name of a branch.
        at_us: When it is read, microseconds since 1970 UTC.
        unscored: Numbers of the persons whose consent forbids it; they are left out.
        note: What the reader should know; empty when nothing.
        since_us: Another moment that it is compared with; None for none.
        unscored_since: As `unscored`, at that moment.
    """

    program: Program
    source: str
    at_us: int
    unscored: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    note: str = ""
    since_us: int | None = None
    unscored_since: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))

    def wanted(self, part: Part) -> NDArray[np.bool_] | None:
        """Which persons of a part are read; None for everybody."""
        return ~np.isin(part.person, self.unscored) if len(self.unscored) else None

    def left_out(self, journeys: Journeys | None) -> int:
        """How many persons of some journeys are not read."""
        parts = journeys.parts() if journeys is not None and len(self.unscored) else []
        return sum(int(np.isin(part.person, self.unscored).sum()) for part in parts)

    def counted(self, journeys: Journeys, kind: str) -> Persons:
        """The persons in `persons_total`, or those in `persons_unscored`.

        Args:
            journeys: What was asked.
            kind: scored or unscored.
        """
        if kind not in ("scored", "unscored"):
            raise BadOption(f"expected scored or unscored, got {kind!r}")

        def chosen(part: Part) -> NDArray[np.int64]:
            if kind == "unscored":
                return part.person[np.isin(part.person, self.unscored)]
            blocks = signal_blocks(part, self.program, [self.at_us], only=self.wanted(part))
            return np.concatenate([np.empty(0, np.int64), *(block.person[block.begun(0)] for block in blocks)])

        return journeys.persons_of(journeys.map(chosen, journeys.parts()))


def read_question(
    journeys: Journeys,
    catalogue: CatalogueOption | os.PathLike[str],
    at: str | dt.date | None,
    since: str | dt.date | None = None,
) -> SignalQuestion:
    """Find and compile the catalogue, and settle the time.

    Args:
        journeys: The log.
        catalogue: A `Catalogue`; a file; `shop`, `software` or `streaming`; None for `signals.yaml` of the data folder, else the
            branch that fits the log's events.
        at: A moment; None for the first by which everything has happened and was received.
        since: Another moment to compare with; None for none.

    Raises:
        BadCatalogue: There is no such catalogue, or it is wrong.
        BadOption: `at` or `since` is no moment.
    """
    found, source = find_catalogue(journeys, catalogue)
    program = compile_catalogue(found)
    prepare(journeys, [program])
    at_us = last_moment(journeys) if at is None else moment_us(at, time_zone=journeys.time_zone)
    since_us = None if since is None else moment_us(since, time_zone=journeys.time_zone)
    silent = unscored(journeys, [at_us] if since_us is None else [at_us, since_us])
    return SignalQuestion(program, source, at_us, silent[0], _note(program, journeys), since_us, silent[-1])


def _note(program: Program, journeys: Journeys) -> str:
    """That the catalogue speaks of other events than the log has."""
    named = {name for slot in program.slots for name in slot.events or ()}
    found = [name for name in journeys.events if name in named]
    if found or not named or not journeys.events:
        return ""
    has, knows = ", ".join(list(journeys.events)[:_NAMED]), ", ".join(sorted(named)[:_NAMED])
    return (
        f"None of the catalogue's events is in this log: it has {has}; the catalogue knows {knows} and more. Import the log with a mapping "
        "file whose table `names` says which is which (docs/imports.md), or write a catalogue of your own (docs/signals.md)."
    )


def find_catalogue(journeys: Journeys, catalogue: CatalogueOption | os.PathLike[str]) -> tuple[Catalogue, str]:
    """The catalogue, and where it came from."""
    if isinstance(catalogue, Catalogue):
        return catalogue, "given"
    if catalogue is None:
        own = journeys.index.folder.path / Catalogue.FILE
        if own.exists():
            return load_catalogue(own), Catalogue.FILE
        branch = fitting_branch(journeys.events)
        return default_catalogue(branch), branch
    for branch in BRANCHES:
        if str(catalogue) == branch:
            return default_catalogue(branch), branch
    file = Path(catalogue)
    if not file.exists():
        raise BadCatalogue(f"expected a file, or one of {', '.join(BRANCHES)}; there is no file {str(catalogue)!r}")
    return load_catalogue(file), file.name


def prepare(journeys: Journeys, programs: Iterable[Program]) -> None:
    """Build the columns that programs read, before threads ask for them."""
    names = {"received_at"}
    for program in programs:
        for slot in program.slots:
            names |= {name for name in (slot.value, slot.key) if name is not None}
            names |= columns_of(slot.where) if slot.where is not None else set()
        names |= set(traits_of(program))
    for name in sorted(names - {"event", "time.hour", "time.weekday"}):
        try:
            journeys.index.column(name)
        except UnknownColumn:
            continue
    for part in journeys.parts():
        received_at(part)


def traits_of(program: Program) -> list[str]:
    """Columns of traits that stages, scores and segments read."""
    from sojourn.analyse.profiles import HistoryRules  # noqa: PLC0415  (it stands on what this prepares)

    return HistoryRules(program).traits
