"""How a data folder begins: whether anything is in it, the first event of a new source, the catalogue of signals.

In: a data folder. Out: what is there, and a catalogue put in its place. Never replaces a catalogue that somebody changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sojourn.api.live_events import Seen, seen
from sojourn.records.errors import BadOption
from sojourn.signals.catalogue import Catalogue
from sojourn.signals.default_catalogues import BRANCHES, default_catalogue, path_of
from sojourn.store import audit
from sojourn.store.durable import clear_errors, replace_file
from sojourn.store.events import EventsTable
from sojourn.store.log import open_log
from sojourn.store.sources import list_keys

if TYPE_CHECKING:
    from sojourn.signals.default_catalogues import Branch
    from sojourn.store.folder import Folder

_LOOKED_AT = 2_000
_SAYS: dict[Branch, str] = {
    "shop": "Looks at products, searches, fills a cart, orders, comes back: Segment's e-commerce events.",
    "software": "Signs up, sets up, invites others, uses features, upgrades: software sold to companies.",
    "streaming": "Watches, listens, finishes, follows, subscribes: media and streaming.",
}


@dataclass(frozen=True, slots=True)
class CatalogueOffered:
    """A catalogue that comes with the program.

    Attributes:
        branch: shop, software or streaming.
        says: What it is about.
        signals: How many signals it has.
        scores: How many scores.
        chosen: Whether it is the folder's, unchanged.
    """

    branch: str
    says: str
    signals: int
    scores: int
    chosen: bool


@dataclass(frozen=True, slots=True)
class Beginning:
    """How far somebody is who begins.

    Attributes:
        has_events: Whether any event was ever collected or imported.
        sources: Sources that have an open key, by name.
        catalogues: What can be chosen.
        own_catalogue: Whether the folder has one that somebody changed or wrote.
    """

    has_events: bool
    sources: tuple[str, ...]
    catalogues: tuple[CatalogueOffered, ...]
    own_catalogue: bool


def has_events(folder: Folder) -> bool:
    """Whether any event was ever collected or imported."""
    log = open_log(folder)
    if log is not None and log.last_seq() >= 0:
        return True
    return folder.events.exists() and EventsTable(folder.events).read().rows > 0


def beginning(folder: Folder) -> Beginning:
    """How far somebody is who begins."""
    own = folder.path / Catalogue.FILE
    text = own.read_bytes() if own.exists() else None
    offered = tuple(
        CatalogueOffered(
            branch,
            _SAYS[branch],
            len(default_catalogue(branch).signals),
            len(default_catalogue(branch).scores),
            text == path_of(branch).read_bytes(),
        )
        for branch in BRANCHES
    )
    sources = sorted({key.source for key in list_keys(folder) if key.revoked_at is None})
    return Beginning(
        has_events(folder), tuple(sources), offered, text is not None and not any(one.chosen for one in offered)
    )


def newest_of(folder: Folder, source: str) -> Seen | None:
    """The newest event of a source among the log's last 2,000; None: none of them is of it."""
    log = open_log(folder)
    found = log.latest(_LOOKED_AT) if log is not None else []
    return next((seen(seq, event) for seq, event in reversed(found) if event.source == source), None)


def choose_catalogue(folder: Folder, branch: str, *, who: str) -> None:
    """Put a catalogue of the program into the folder; a running worker follows it within seconds.

    Raises:
        BadOption: There is no such catalogue, or the folder has one that somebody changed.
    """
    if branch not in BRANCHES:
        message = f"expected one of {', '.join(BRANCHES)}, got {branch[:40]!r}"
        raise BadOption(message)
    if beginning(folder).own_catalogue:
        message = f"the folder has a {Catalogue.FILE} of its own, which this would overwrite; change it on the page Signals and scores"
        raise BadOption(message)
    with clear_errors(folder.path, "no catalogue was chosen"):
        replace_file(folder.path / Catalogue.FILE, path_of(branch).read_bytes())
    audit.record(folder, who=who, what="chose a catalogue of signals", detail={"catalogue": branch})
