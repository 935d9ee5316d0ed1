"""Erasing one person, bytes included.

In: an identifier of the person. Out: a receipt. Reaches log, quarantine, uploads, events table, persons table, index, what was decided
by hand and who clicked; the suppression list then refuses the person's events up to this moment on every path, and has the live state forget
the person (`app.forgetting`). Readers of other persons are not disturbed.
"""

from __future__ import annotations

import datetime as dt
import re
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sojourn.identify.actor import actor_id
from sojourn.records.errors import UnknownPerson
from sojourn.records.periods import to_us
from sojourn.store.append import without_device
from sojourn.store.clicks import forget_clicks
from sojourn.store.durable import clear_errors
from sojourn.store.erased_names import COLUMNS, ErasedNames
from sojourn.store.events import EventsTable, scan_file, write_file
from sojourn.store.flush import flush
from sojourn.store.import_jobs import forget_uploads
from sojourn.store.index_build import build_index, current_identities
from sojourn.store.log import open_log
from sojourn.store.persons_table import doubt_persons, publish_persons
from sojourn.store.privacy_requests import close_erased, unname_requests
from sojourn.store.sqlite import database, overwrite_residue, queries
from sojourn.store.state import STATE_FILE, State
from sojourn.store.timeline import readings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

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
        logged: Records of the log removed, or changed where others named the person.
        live: Identifiers removed from the live state.
        decisions: Links of the person that were decided on by hand; the decisions are removed.
        pending: Where the person still is, for whoever keeps it: `backups` made before.
    """

    erased_at: str
    actors: int
    events: int
    quarantined: int
    logged: int = 0
    live: int = 0
    decisions: int = 0
    pending: tuple[str, ...] = ("backups",)


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


def erase_again(
    folder: Folder, actors: Iterable[int], *, progress: Callable[[str, int, int], None] | None = None
) -> Receipt:
    """Erase actors that were erased before this folder was restored. For the holder of `Folder.writing`.

    Args:
        folder: The data folder.
        actors: Their numbers, all of each person.
        progress: Called with what is done.

    Raises:
        StorageFull: The disk is full; do it again when there is space.
    """
    with clear_errors(folder.path, "who was erased before is still there"):
        version = settle(folder)
        return _erase_actors(folder, version, np.array(sorted(actors), np.int64), set(), progress)


def _erase(folder: Folder, person: str, progress: Callable[[str, int, int], None] | None) -> Receipt:
    version = settle(folder)
    actors = _actors(folder, EventsTable(folder.events), version, person)
    return _erase_actors(folder, version, actors, {person}, progress)


def settle(folder: Folder) -> Version:
    """The table as it is to be searched for what is to leave it."""
    table = EventsTable(folder.events)
    table.recover()
    # What is in the log alone is found by what is then in the table too.
    flush(folder)
    # An erasure that was killed may have left both to be done.
    table.forget_history()
    publish_persons(folder)
    return table.read()


def _erase_actors(
    folder: Folder,
    version: Version,
    actors: NDArray[np.int64],
    ids: set[str],
    progress: Callable[[str, int, int], None] | None,
) -> Receipt:
    """Take actors out of everything; `ids` are names of theirs beside those that the events tell."""
    table = EventsTable(folder.events)
    now = dt.datetime.now(dt.UTC)
    names = ErasedNames(folder.secret, actors.tolist())
    found = _affected(version, actors, names)
    until = max(to_us(now), found.last_us)
    # Before the suppression list has a running worker forget them.
    live = _count_live(folder, actors)
    decided = _suppress(folder, actors, until)
    quarantined = _erase_quarantine(folder, found.ids | ids)
    forget_uploads(folder)
    logged = _erase_log(folder, names, until)
    written = [path for file in found.files if (path := _without(table, version, file, actors, names))]
    replace_for_good(folder, version, found.files, written, kind="erase", progress=progress)
    at = now.isoformat(timespec="seconds")
    with database(folder.control, "control") as control:
        number = queries("control").add_receipt(
            control, erased_at=at, actors=len(actors), events=found.events, quarantined=quarantined
        )
    close_erased(folder, set(actors.tolist()), receipt=number)
    overwrite_residue(folder.control)
    return Receipt(at, len(actors), found.events, quarantined, logged, live, decided)


def replace_for_good(
    folder: Folder,
    version: Version,
    files: Sequence[DataFile],
    written: Sequence[Path],
    *,
    kind: str,
    progress: Callable[[str, int, int], None] | None = None,
) -> None:
    """Put files of the events table in the place of others, of which nothing is left: in the table, its log, the index, the persons.

    Args:
        folder: The data folder.
        version: The table as it is.
        files: Files of it that go.
        written: What comes in their place; written, not committed.
        kind: What to call it in the table's history.
        progress: Called with what is done.
    """
    table = EventsTable(folder.events)
    doubt_persons(folder)
    table.commit(written, seq=version.seq, removes=files, kind=kind, checkpoint=True)
    table.remove_unreferenced()
    table.forget_history()
    shutil.rmtree(folder.events / "torn", ignore_errors=True)
    _renew_index(folder, progress)
    publish_persons(folder)


def _count_live(folder: Folder, actors: NDArray[np.int64]) -> int:
    if not (folder.path / STATE_FILE).exists():
        return 0
    with State(folder) as state:
        return len(state.actors(actors.tolist()))


def _suppress(folder: Folder, actors: NDArray[np.int64], until: int) -> int:
    """Refuse the person's events from now on, and drop what is kept of its numbers; returns decisions on links."""
    rows = [{"actor": int(actor), "until_us": until} for actor in actors]
    erased = {row["actor"] for row in rows}
    with database(folder.control, "control") as control:
        queries("control").suppress(control, rows)
        decided = [row for row in queries("control").link_decisions(control) if erased & set(row[:2])]
        queries("control").forget_decisions(control, rows)
        queries("control").forget_places(control, rows)
    forget_clicks(folder, erased)
    unname_requests(folder, erased)
    return len(decided)


def _erase_log(folder: Folder, names: ErasedNames, until: int) -> int:
    """Take the person's records out of the log, before the table's: while those are there the erasure can be done again."""
    log = open_log(folder)
    return 0 if log is None else log.rewrite(lambda event: names.without(event, until))


def _renew_index(folder: Folder, progress: Callable[[str, int, int], None] | None) -> None:
    """A new index in place of the old one, which readers use until then and which must not outlive this."""
    try:
        build_index(folder, progress=progress)
    except BaseException:
        shutil.rmtree(folder.index, ignore_errors=True)
        raise


def _actors(folder: Folder, table: EventsTable, version: Version, person: str) -> NDArray[np.int64]:
    """All actors of the person that an identifier belongs to."""
    given = {actor_id(folder.secret, kind, value) for kind, value in readings(person)}
    seen: set[int] = set()
    for group in table.scan(version, ["linked_actor", "actor"]):
        for name in ("linked_actor", "actor"):
            seen |= given & set(np.unique(group[name].fill_null(0).to_numpy()).tolist())
    identities = current_identities(folder, version)
    # An e-mail address or a card may be named by links alone.
    seen |= {one for one in given if len(identities.connected(np.array([one], np.int64)))}
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


_NAMING = ("actor", "linked_actor", "user_id", "anonymous_id", "time", *COLUMNS)


def _affected(version: Version, actors: NDArray[np.int64], names: ErasedNames) -> _Found:
    """Find the person's events, and events of others that name the person."""
    ids: set[str] = set()
    files, events, last = [], 0, 0
    for file in version.files:
        named = False
        for group in scan_file(file.path, _NAMING):
            mine, linked = _of(group, "actor", actors), _of(group, "linked_actor", actors)
            values, told = names.named(group)
            ids |= values
            named = named or told or bool((mine | linked).any())
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


def _without(
    table: EventsTable, version: Version, file: DataFile, actors: NDArray[np.int64], names: ErasedNames
) -> Path | None:
    """The file without the person's events; None when nothing is left."""
    path = table.new_file(file.bucket)
    columns = table.schema(version).names
    kept = (names.stripped(_kept(group, actors)) for group in scan_file(file.path, columns, version.promoted))
    return path if write_file(path, kept) else None


def _kept(rows: pa.Table, actors: NDArray[np.int64]) -> pa.Table:
    """Events of others; one of them on a device of the person stays, and no longer names the device."""
    rows = rows.filter(pa.array(~_of(rows, "actor", actors)))
    linked = _of(rows, "linked_actor", actors)
    return without_device(rows, linked) if linked.any() else rows


def _erase_quarantine(folder: Folder, ids: set[str]) -> int:
    """Remove quarantined rows that name the person."""
    if not ids:
        return 0
    named = re.compile(b"|".join(rb"(?<!\w)" + re.escape(value.encode()) + rb"(?!\w)" for value in sorted(ids)))
    with database(folder.quarantine, "quarantine") as quarantine:
        rows = queries("quarantine").texts(quarantine)
        keys = [{"key": key} for key, raw, detail in rows if named.search(raw) or named.search(detail.encode())]
        queries("quarantine").erase(quarantine, keys)
    if keys:
        overwrite_residue(folder.quarantine)
    return len(keys)
