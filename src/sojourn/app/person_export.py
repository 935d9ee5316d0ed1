"""Everything that is known of one person, for the person: the right of access.

In: a data folder and an identifier. Out: one JSON object: identifiers, links, every event as it was sent, the live profile. Never says
anything of another person. docs/export.md
"""

from __future__ import annotations

import datetime as dt
import io
from typing import IO, TYPE_CHECKING, Any

import msgspec

from sojourn.analyse.results import plain
from sojourn.app.exporting import export_events_of
from sojourn.app.live import live_profile
from sojourn.identify.persons import Fate
from sojourn.records.errors import UnknownPerson
from sojourn.store.timeline import find_person

if TYPE_CHECKING:
    from collections.abc import Callable

    from sojourn.analyse.journeys import Journeys

_COUNTING = frozenset((Fate.JOINED.words, Fate.TOGETHER.words))


def export_person(
    journeys: Journeys, identifier: str, out: IO[bytes], *, progress: Callable[[str, int, int], None]
) -> int:
    """Write all that is known of one person.

    Args:
        journeys: Of the whole data folder.
        identifier: Any identifier of the person, as `store.timeline.find_person` reads it.
        out: Where to.
        progress: Called with what is done.

    Returns:
        Events written.

    Raises:
        UnknownPerson: No event carries the identifier.
    """
    index = journeys.index
    number = find_person(index, identifier)
    if number is None:
        message = f"no event carries the id {identifier!r}; `sojourn sql` over the view `persons` lists the known ones"
        raise UnknownPerson(message)
    actors = index.identities.actors_of(number)
    lines = io.BytesIO()
    written = export_events_of(index.folder, actors, lines, progress=progress)
    history = journeys.person(identifier)
    live = live_profile(index.folder, identifier)
    found: dict[str, Any] = {
        "person": identifier,
        "exported_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "identities": [plain(one) for one in history.identities],
        # A refused or revoked link names somebody else.
        "links": [plain(one) for one in journeys.links(identifier).links if one.outcome in _COUNTING],
        "profile": None if live is None else live.to_dict(),
        "events": [msgspec.Raw(line) for line in lines.getvalue().splitlines()],
    }
    out.write(msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n")
    return written
