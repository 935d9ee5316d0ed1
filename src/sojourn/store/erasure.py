"""Erasing one person, bytes included.

In: an identifier of the person. Out: a receipt. Reaches log, quarantine, events table, persons table and index; the suppression
list then refuses the person's events up to this moment on every import. Readers of other persons are not disturbed.
"""

from __future__ import annotations

import datetime as dt
import re
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sojourn.identify.actor import actor_id
from sojourn.identify.link import ANONYMOUS, Actor, own_actor
from sojourn.records.errors import UnknownPerson
from sojourn.records.periods import to_us
from sojourn.store.append import without_device
from sojourn.store.durable import clear_errors
from sojourn.store.events import EventsTable, scan_file, write_file
from sojourn.store.flush import flush
from sojourn.store.index_build import build_index, current_identities
from sojourn.store.log import open_log
from sojourn.store.persons_table import doubt_persons, publish_persons
from sojourn.store.sqlite import database, queries

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from sojourn.records.event import Event
    from sojourn.store.events import DataFile, Version
    from sojourn.store.folder import Folder


@dataclass(frozen=True, slots=True)
class Receipt:
    """What an erasure removed.

    Attributes:
        erased_at: When, ISO 8601 UTC.
        actors: Identifiers of the person.
        events: Events removed from the table and the index.
        quarantined: Rows removed from quarantine.
    """

    erased_at: str
    actors: int
    events: int
    quarantined: int


def erase(folder: Folder, person: str, *, progress: Callable[[str, int, int], None] | None = None) -> Receipt:
    """Erase a person. For the holder of `Folder.writing`.

    Args:
        folder: The data folder.
        person: A user id or anonymous id of the person; all identifiers linked with it go too.
        progress: Called with what is done.

    Raises:
        UnknownPerson: No event carries the identifier.
        StorageFull: The disk is full; do it again when there is space.
    """
    with clear_errors(folder.path, f"{person} is not erased yet"):
        return _erase(folder, person, progress)


def _erase(folder: Folder, person: str, progress: Callable[[str, int, int], None] | None) -> Receipt:
    table = EventsTable(folder.events)
    table.recover()
    # What is in the log alone is found by what is then in the table too.
    flush(folder)
    # An erasure that was killed may have left both to be done.
    table.forget_history()
    publish_persons(folder)
    version = table.read()
    actors = _actors(folder, table, version, person)
    now = dt.datetime.now(dt.UTC)
    found = _affected(version, actors)
    until = max(to_us(now), found.last_us)
    with database(folder.control, "control") as control:
        queries("control").suppress(control, ({"actor": int(a), "until_us": until} for a in actors))
    quarantined = _erase_quarantine(folder, found.ids | {person})
    _erase_log(folder, actors, until)
    written = [path for file in found.files if (path := _without(table, version, file, actors))]
    doubt_persons(folder)
    table.commit(written, seq=version.seq, removes=found.files, kind="erase", checkpoint=True)
    table.remove_unreferenced()
    table.forget_history()
    shutil.rmtree(folder.events / "torn", ignore_errors=True)
    _renew_index(folder, progress)
    publish_persons(folder)
    receipt = Receipt(now.isoformat(timespec="seconds"), len(actors), found.events, quarantined)
    with database(folder.control, "control") as control:
        queries("control").add_receipt(
            control, erased_at=receipt.erased_at, actors=len(actors), events=found.events, quarantined=quarantined
        )
    return receipt


def _erase_log(folder: Folder, actors: NDArray[np.int64], until: int) -> None:
    """Take the person's records out of the log, before the table's: while those are there the erasure can be done again."""
    log = open_log(folder)
    if log is None:
        return
    erased = set(actors.tolist())

    def number(actor: Actor) -> int:
        return actor_id(folder.secret, actor.kind, actor.value, namespace=actor.namespace)

    def kept(event: Event) -> Event | None:
        own = own_actor(event)
        if event.time <= until and own is not None and number(own) in erased:
            return None
        device = Actor(ANONYMOUS, event.anonymous_id or "")
        if event.user_id and event.anonymous_id and number(device) in erased:
            # Somebody else's event on the person's device stays, and no longer names the device.
            return msgspec.structs.replace(event, anonymous_id=None)
        return event

    log.rewrite(kept)


def _renew_index(folder: Folder, progress: Callable[[str, int, int], None] | None) -> None:
    """A new index in place of the old one, which readers use until then and which must not outlive this."""
    try:
        build_index(folder, progress=progress)
    except BaseException:
        shutil.rmtree(folder.index, ignore_errors=True)
        raise


def _actors(folder: Folder, table: EventsTable, version: Version, person: str) -> NDArray[np.int64]:
    """All actors of the person that an identifier belongs to."""
    given = {actor_id(folder.secret, "user", person), actor_id(folder.secret, "anonymous", person)}
    seen: set[int] = set()
    for group in table.scan(version, ["linked_actor", "actor"]):
        for name in ("linked_actor", "actor"):
            seen |= given & set(np.unique(group[name].fill_null(0).to_numpy()).tolist())
    identities = current_identities(folder, version)
    if not seen:
        message = f"no event carries the id {person!r}; `sojourn sql` over the view `persons` lists the known ones"
        raise UnknownPerson(message)
    named = np.array(sorted(seen), np.int64)
    persons = np.unique(identities.persons(named))
    return np.unique(np.concatenate([named, persons, *(identities.actors_of(int(one)) for one in persons)]))


@dataclass(frozen=True, slots=True)
class _Found:
    """What there is of a person: identifiers as they were sent, files to rewrite, how many events, the latest time."""

    ids: set[str]
    files: list[DataFile]
    events: int
    last_us: int


def _of(rows: pa.Table, column: str, actors: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Rows whose actor, or linked actor, is one of these."""
    values = rows[column].fill_null(0).to_numpy()
    mine: NDArray[np.bool_] = np.isin(values, actors) & (values != 0)
    return mine


def _affected(version: Version, actors: NDArray[np.int64]) -> _Found:
    """Find the person's events, and events of others that name one of the person's devices."""
    ids: set[str] = set()
    files, events, last = [], 0, 0
    for file in version.files:
        named = False
        for group in scan_file(file.path, ["actor", "linked_actor", "user_id", "anonymous_id", "time"]):
            mine, linked = _of(group, "actor", actors), _of(group, "linked_actor", actors)
            named = named or bool((mine | linked).any())
            theirs = group.filter(pa.array(mine))
            if not theirs.num_rows:
                continue
            events += theirs.num_rows
            last = max(last, pc.max(theirs["time"].cast(pa.int64())).as_py() or 0)
            for column in ("user_id", "anonymous_id"):
                ids |= {value for value in theirs[column].unique().to_pylist() if value}
        if named:
            files.append(file)
    return _Found(ids, files, events, last)


def _without(table: EventsTable, version: Version, file: DataFile, actors: NDArray[np.int64]) -> Path | None:
    """The file without the person's events; None when nothing is left."""
    path = table.new_file(file.bucket)
    names = table.schema(version).names
    kept = (_kept(group, actors) for group in scan_file(file.path, names, version.promoted))
    return path if write_file(path, kept) else None


def _kept(rows: pa.Table, actors: NDArray[np.int64]) -> pa.Table:
    """Events of others; one of them on a device of the person stays, and no longer names the device."""
    rows = rows.filter(pa.array(~_of(rows, "actor", actors)))
    linked = _of(rows, "linked_actor", actors)
    return without_device(rows, linked) if linked.any() else rows


def _erase_quarantine(folder: Folder, ids: set[str]) -> int:
    """Remove quarantined rows that name the person."""
    named = re.compile(b"|".join(rb"(?<!\w)" + re.escape(value.encode()) + rb"(?!\w)" for value in sorted(ids)))
    with database(folder.quarantine, "quarantine") as quarantine:
        rows = queries("quarantine").texts(quarantine)
        keys = [{"key": key} for key, raw, detail in rows if named.search(raw) or named.search(detail.encode())]
        queries("quarantine").erase(quarantine, keys)
    return len(keys)
