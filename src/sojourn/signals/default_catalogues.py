"""The catalogues that come with the program: for a shop, for software sold to companies, for streaming and media.

In: a name, or the names of a log's events. Out: a `Catalogue`. They are written for Segment's names of events and are meant to be
copied and changed.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from sojourn.signals.catalogue_file import load_catalogue
from sojourn.signals.program import compile_catalogue

if TYPE_CHECKING:
    from collections.abc import Collection

    from sojourn.signals.catalogue import Catalogue

Branch = Literal["shop", "software", "streaming"]
BRANCHES: tuple[Branch, ...] = get_args(Branch)


def path_of(branch: Branch) -> Path:
    """Where the file of a branch is."""
    return Path(__file__).parent / "catalogues" / f"{branch}.yaml"


@cache
def default_catalogue(branch: Branch) -> Catalogue:
    """The catalogue of a branch."""
    return load_catalogue(path_of(branch))


def fitting_branch(events: Collection[str]) -> Branch:
    """The branch whose catalogue names the largest share of its events among these; the first of equals."""
    known = set(events)

    def share(branch: Branch) -> float:
        slots = compile_catalogue(default_catalogue(branch)).slots
        names = {name for slot in slots for name in slot.events or ()}
        return len(names & known) / len(names)

    return max(BRANCHES, key=share)
