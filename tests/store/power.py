"""A power cut: what a process has synced stays, whatever else it wrote may be cut short, missing or come back.

In the process that will be killed, `record` takes the place of `os.fsync` and writes to a journal outside the data
folder which inode was synced with which size, and which names a folder held when it was synced. `cut` then makes of the
folder what a disk may hold that kept no more than that: unsynced files are cut to a random length or dropped, names that
were never synced are dropped or changed back, and names whose removal was never synced come back.

SQLite and LMDB sync their files themselves, in C, where this does not see it: their files are left as they are. That they
survive is their promise (`synchronous=full`; LMDB's default), tested by them. The folders they lie in are ours to sync.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import stat
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator


@dataclass
class Journal:
    """What was synced, on disk beside the data folder.

    Attributes:
        path: A folder of the journal's own; copies of synced files stay there under their inode.
    """

    path: Path

    def record(self, descriptor: int) -> None:
        """Note a sync, instead of doing it: what the machine's cache holds is what survives a kill."""
        found = os.fstat(descriptor)
        place = Path(f"/proc/self/fd/{descriptor}").readlink()
        if stat.S_ISDIR(found.st_mode):
            self._write(self._folder(place))
        else:
            self._write({"file": found.st_ino, "size": found.st_size, "changed": found.st_mtime_ns})

    def phase(self, name: str) -> None:
        """Note what the process is about to do."""
        self._write({"phase": name})

    def begin(self, folder: Path) -> None:
        """Start anew: all there is in a folder, and the folder's own name, is on the disk."""
        shutil.rmtree(self.path, ignore_errors=True)
        self.path.mkdir()
        for place, _, names in os.walk(folder):
            for name in names:
                found = (Path(place) / name).stat()
                self._write({"file": found.st_ino, "size": found.st_size, "changed": found.st_mtime_ns})
            self._write(self._folder(Path(place)))
        self._write(self._folder(folder.parent))

    def read(self) -> Iterator[dict[str, Any]]:
        """Its lines."""
        for line in (self.path / "lines").read_text().splitlines():
            yield json.loads(line)

    def copy_of(self, inode: int) -> Path:
        """Another name of a file that was in a synced folder, so that it can come back."""
        return self.path / f"inode-{inode}"

    def _folder(self, place: Path) -> dict[str, Any]:
        entries = {}
        for entry in os.scandir(place):
            entries[entry.name] = entry.inode()
            if (
                entry.is_file(follow_symlinks=False)
                and not _of_a_database(entry.name)
                and self.path not in place.parents
            ):
                copy = self.copy_of(entry.inode())
                # Another process may have made the same copy, or removed the file.
                with contextlib.suppress(FileExistsError, FileNotFoundError):
                    copy.hardlink_to(entry.path)
        return {"folder": place.stat().st_ino, "entries": entries}

    def _write(self, line: dict[str, Any]) -> None:
        descriptor = os.open(self.path / "lines", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(descriptor, json.dumps(line).encode() + b"\n")
        os.close(descriptor)


@dataclass
class Damage:
    """What a power cut did.

    Attributes:
        phase: What the process was doing.
        done: How many files were cut, dropped, undone or restored.
    """

    phase: str = "starting"
    done: Counter[str] = field(default_factory=Counter)


def cut(folder: Path, journal: Journal, chance: random.Random) -> Damage:
    """Leave of a data folder what a disk may hold, and start the journal anew."""
    synced: dict[int, tuple[int, int]] = {}
    entries: dict[int, dict[str, int]] = {}
    damage = Damage()
    for line in journal.read():
        if "file" in line:
            synced[line["file"]] = (line["size"], line["changed"])
        elif "folder" in line:
            entries[line["folder"]] = line["entries"]
        else:
            damage.phase = line["phase"]
    # Files before names: a name that is changed back brings back a copy, which is whole or was cut with its original.
    for place in [place for place in sorted(folder.rglob("*")) if place.is_file()]:
        _cut_file(place, synced, chance, damage.done)
    tops = [folder.parent] if folder.parent.stat().st_ino in entries else []
    for place in [*tops, folder, *sorted(folder.rglob("*"))]:
        if place.is_dir() and (place == folder.parent or place.is_relative_to(folder)):
            only = {folder.name} if place == folder.parent else None
            _cut_names(place, entries.get(place.stat().st_ino, {}), journal, chance, damage.done, only)
    journal.begin(folder)
    return damage


def _cut_file(place: Path, synced: dict[int, tuple[int, int]], chance: random.Random, done: Counter[str]) -> None:
    if _of_a_database(place.name):
        return
    found = place.stat()
    size, changed = synced.get(found.st_ino, (0, 0))
    if (size, changed) == (found.st_size, found.st_mtime_ns):
        return
    if found.st_ino not in synced and chance.random() < 0.3:
        place.unlink()
        done["dropped"] += 1
        return
    # Rewritten without a sync: nothing of it is sure. Grown: what was synced is.
    first = size if size < found.st_size and changed else 0
    length = chance.choice([first, chance.randint(first, found.st_size)])
    if length < found.st_size:
        os.truncate(place, length)
        done["cut"] += 1


def _cut_names(
    place: Path,
    known: dict[str, int],
    journal: Journal,
    chance: random.Random,
    done: Counter[str],
    only: set[str] | None,
) -> None:
    """Undo, by chance, what happened to the names in a folder since it was synced."""
    now = {entry.name: entry.inode() for entry in os.scandir(place)}
    former = {inode: name for name, inode in known.items()}
    for name, inode in now.items():
        if known.get(name) == inode or _of_a_database(name) or name == "writer.lock" or (only and name not in only):
            continue
        if chance.random() < 0.5:
            before = journal.copy_of(known[name]) if name in known else None
            _forget(place, name, former.get(inode), before, done)
    for name, inode in known.items():
        gone = (
            name not in {path.name for path in place.iterdir()}
            and not _of_a_database(name)
            and (not only or name in only)
        )
        if gone and journal.copy_of(inode).exists() and chance.random() < 0.5:
            shutil.copy2(journal.copy_of(inode), place / name)
            done["restored"] += 1


def _forget(place: Path, name: str, former: str | None, replaced: Path | None, done: Counter[str]) -> None:
    """A name that was not synced: what it replaced is there again, or its file has its former name, or none."""
    if replaced is not None and replaced.exists():
        # A file is replaced in one step: there is the old one or the new one, never none.
        (place / name).unlink()
        shutil.copy2(replaced, place / name)
    elif former is not None and not (place / former).exists():
        (place / name).rename(place / former)
    elif (place / name).is_dir():
        shutil.rmtree(place / name)
    else:
        (place / name).unlink()
    done["undone"] += 1


def _of_a_database(name: str) -> bool:
    return ".sqlite" in name or name.endswith(".mdb")


def watched(journal: Journal, places: dict[str, tuple[Any, str]]) -> None:
    """Write to the journal when functions are entered.

    Args:
        journal: The journal.
        places: Phase -> module or class, and the name of its function.
    """
    for phase, (owner, name) in places.items():
        setattr(owner, name, _noting(journal, phase, getattr(owner, name)))


def _noting(journal: Journal, phase: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def noted(*given: Any, **named: Any) -> Any:
        journal.phase(phase)
        return function(*given, **named)

    return noted
