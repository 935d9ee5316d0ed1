"""What a user names as a file, as files that can be read: standard input and pipes kept for a moment, archives unpacked.

In: a path. Out: `Part`s, each a file of its own with the name to call it by. Never leaves a copy behind.
"""

from __future__ import annotations

import contextlib
import shutil
import stat
import sys
import tempfile
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sojourn.records.errors import BadFile

if TYPE_CHECKING:
    from collections.abc import Iterator

STANDARD_INPUT = Path("-")
_ZIP = b"PK\x03\x04"
_OFFICE = ("[Content_Types].xml", "mimetype")
_JUNK = ("__MACOSX/", ".DS_Store", "Thumbs.db")


@dataclass(frozen=True, slots=True)
class Part:
    """A file to read: where it is, and what to call it."""

    path: Path
    name: str


def check_there(file: Path) -> None:
    """Say clearly what is wrong with a path before anything is made.

    Raises:
        BadFile: It is not there, or is a folder.
    """
    if file == STANDARD_INPUT:
        return
    if file.is_dir():
        message = f"{file} is a folder; name the files in it, for instance {file}/*"
        raise BadFile(message)
    if not file.exists():
        message = f"there is no file {file}"
        raise BadFile(message)


@contextlib.contextmanager
def incoming(file: Path) -> Iterator[Iterator[Part]]:
    """The files that a name stands for: itself, a copy of what a pipe gives, or the members of a zip archive one by one.

    Raises:
        BadFile: The archive is damaged, locked with a password, or a document of an office program.
    """
    with contextlib.ExitStack() as stack:
        place, name = file, str(file)
        if file == STANDARD_INPUT or _is_pipe(file):
            name = "stdin" if file == STANDARD_INPUT else name
            place = _kept(file, Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sojourn-"))))
        if not _begins_as_zip(place):
            yield iter((Part(place, name),))
            return
        try:
            archive = stack.enter_context(zipfile.ZipFile(place))
        except (zipfile.BadZipFile, OSError) as error:
            message = f"{name} is a zip archive that is cut or damaged: {error}"
            raise BadFile(message) from error
        yield _members(archive, name, stack)


def _is_pipe(file: Path) -> bool:
    try:
        mode = file.stat().st_mode
    except OSError:
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISCHR(mode) or stat.S_ISSOCK(mode)


def _kept(file: Path, folder: Path) -> Path:
    """What a pipe gives, as a file: a log is looked at before it is read."""
    kept = folder / "log"
    with kept.open("wb") as copy:
        if file == STANDARD_INPUT:
            shutil.copyfileobj(sys.stdin.buffer, copy)
        else:
            with file.open("rb") as given:
                shutil.copyfileobj(given, copy)
    return kept


def _begins_as_zip(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(_ZIP)) == _ZIP
    except OSError:
        return False


def _members(archive: zipfile.ZipFile, name: str, stack: contextlib.ExitStack) -> Iterator[Part]:
    """The files of an archive, one at a time on disk."""
    found = [one for one in archive.infolist() if not one.is_dir() and one.file_size and not _is_junk(one.filename)]
    if any(one.filename in _OFFICE for one in found):
        message = f"{name} is a document of an office program; save the sheet as CSV and import that"
        raise BadFile(message)
    if not found:
        message = f"{name} is a zip archive without a file in it"
        raise BadFile(message)
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sojourn-")))
    for one in found:
        member = folder / "member"
        try:
            with archive.open(one) as packed, member.open("wb") as copy:
                shutil.copyfileobj(packed, copy)
        except RuntimeError as error:
            message = f"{name} is locked with a password; unpack it, and import the files"
            raise BadFile(message) from error
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
            # The last is what zipfile raises for a way of packing that it does not know.
            message = f"{one.filename} in {name} cannot be unpacked: {error}"
            raise BadFile(message) from error
        yield Part(member, f"{name}/{one.filename}")


def _is_junk(member: str) -> bool:
    return member.startswith(_JUNK[0]) or Path(member).name in _JUNK


def matching(files: list[Path]) -> list[Path]:
    """The files with patterns such as `logs/*.csv` replaced by what they match, where the shell has not done it.

    Raises:
        BadFile: A pattern matches no file.
    """
    found: list[Path] = []
    for file in files:
        pattern = str(file)
        if not any(mark in pattern for mark in "*?[") or file.exists():
            found.append(file)
            continue
        matches = sorted(Path(file.anchor).glob(str(file.relative_to(file.anchor))))
        if not matches:
            message = f"no file matches {file}"
            raise BadFile(message)
        found += [match for match in matches if match.is_file()]
    return found
