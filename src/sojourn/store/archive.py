"""One file of a folder's files: a tar compressed by zstd, its list of sizes and checksums last.

In: a folder, or such a file. Out: the other. What has no list at its end was cut and is refused; each file is compared with the list.
A file that is being written has no name until it is whole.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import os
import tarfile
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING

import msgspec
import zstandard

from sojourn.records.errors import BadBackup, BadOption
from sojourn.store.durable import clear_errors, sync_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LIST = "backup.json"
_LEVEL = 3
_CHUNK = 1 << 20
_OPEN_FILES = "/proc/self/fd"
_NOT_THERE = {errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL, errno.ENOENT}


class Packed(msgspec.Struct, frozen=True):
    """One file of a backup: its bytes and their SHA-256."""

    size: int
    sha256: str


class Contents(msgspec.Struct, frozen=True):
    """The list at the end of a backup.

    Attributes:
        sojourn: Version that made it.
        format: Of the data folder.
        taken_at: The moment it is of, ISO 8601 UTC.
        events: Events in the table.
        waiting: Events of the log that were not in the table yet.
        files: By path in the folder.
    """

    sojourn: str
    format: int
    taken_at: str
    events: int
    waiting: int
    files: dict[str, Packed] = {}

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files.values())


class _Hashed:
    """A file that is read once, and hashed on its way."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self.sha256, self.size = file, hashlib.sha256(), 0

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        data = self._file.read(size)
        self.sha256.update(data)
        self.size += len(data)
        return data

    @property
    def packed(self) -> Packed:
        """What was read."""
        return Packed(self.size, self.sha256.hexdigest())


def pack(folder: Path, out: Path, contents: Contents, *, progress: Callable[[str, int, int], None]) -> Contents:
    """Write all files of a folder, which nobody changes, into one file that has its name only when it is whole.

    Args:
        folder: The folder.
        out: Must not exist.
        contents: The list without its files.
        progress: Called with bytes done and to do.

    Returns:
        The list with its files.

    Raises:
        BadOption: `out` exists, or is in no folder.
        StorageFull: The disk is full.
    """
    if out.exists():
        raise BadOption(f"{out} exists already; name another file, or move it away")
    if not out.parent.is_dir():
        raise BadOption(f"there is no folder {out.parent}; make it first")
    with clear_errors(out.parent, f"{out.name} was not made"), _nameless(out) as file:
        packer = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True, threads=-1)
        with (
            packer.stream_writer(file, closefd=False) as stream,
            tarfile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT) as tar,
        ):
            whole = msgspec.structs.replace(contents, files=_add_all(tar, folder, progress))
            listed = msgspec.json.encode(whole)
            tar.addfile(_entry(LIST, len(listed)), io.BytesIO(listed))
    return whole


def unpack(file: Path, place: Path, *, newest: int, progress: Callable[[str, int, int], None]) -> Contents:
    """Write the files of a backup into an empty folder, durably, and compare each with the list.

    Args:
        file: The backup.
        place: Where to.
        newest: The newest format of a data folder that is understood.
        progress: Called with bytes of the backup that were read, and all of them.

    Raises:
        BadBackup: It is none, it was cut, changed, or made by a newer version; what was written so far is no data folder.
        StorageFull: The disk is full.
    """
    found: dict[str, Packed] = {}
    contents: Contents | None = None
    try:
        with clear_errors(place, f"{file.name} was not restored"), file.open("rb") as source:
            for name, data in _entries(source, file.stat().st_size, progress):
                if name == LIST:
                    contents = msgspec.json.decode(data.read(), type=Contents)
                else:
                    found[name] = _write(place, name, data)
    except FileNotFoundError as error:
        raise BadBackup(f"there is no {file}") from error
    except (tarfile.TarError, zstandard.ZstdError, msgspec.MsgspecError, EOFError) as error:
        raise BadBackup(f"{file} is no backup, or was damaged or cut ({error}); take another one") from error
    if contents is None:
        raise BadBackup(f"{file} was cut: the list at its end is missing; take another one")
    if contents.format > newest:
        raise BadBackup(f"{file} is of format {contents.format}, this version reads up to {newest}; upgrade Sojourn")
    if found != contents.files:
        wrong = sorted({name for name, _ in found.items() ^ contents.files.items()})
        raise BadBackup(f"{file} is damaged: {', '.join(wrong[:5])} differ from its list; take another one")
    _sync(place)
    return contents


def _add_all(tar: tarfile.TarFile, folder: Path, progress: Callable[[str, int, int], None]) -> dict[str, Packed]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    size = sum(path.stat().st_size for path in paths)
    done, files = 0, {}
    for path in paths:
        name = path.relative_to(folder).as_posix()
        with path.open("rb") as file:
            hashed = _Hashed(file)
            tar.addfile(_entry(name, path.stat().st_size), hashed)
        files[name] = hashed.packed
        done += hashed.size
        progress("packing", done, size)
    return files


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o600
    return entry


@contextlib.contextmanager
def _nameless(out: Path) -> Iterator[IO[bytes]]:
    """A file that gets its name when the block ends well; killed before, nothing of it is left where the system can do that."""
    part: Path | None = None
    descriptor = _without_name(out.parent)
    if descriptor is None:
        part = out.with_name(f"{out.name}.part")
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
            try:
                # With a folder named, though the path needs none, the link of /proc is followed.
                os.link(
                    f"{part}" if part is not None else f"{_OPEN_FILES}/{descriptor}",
                    out,
                    src_dir_fd=descriptor,
                    follow_symlinks=True,
                )
            except FileExistsError as error:
                raise BadOption(f"{out} was made by somebody else meanwhile; name another file") from error
    finally:
        if part is not None:
            part.unlink(missing_ok=True)
    sync_folder(out.parent)


def _without_name(folder: Path) -> int | None:
    """An open file in a folder without a name there; None where the system or the disk has no such thing."""
    if not hasattr(os, "O_TMPFILE") or not Path(_OPEN_FILES).is_dir():
        return None
    try:
        return os.open(folder, os.O_WRONLY | os.O_TMPFILE, 0o600)
    except OSError as error:
        if error.errno in _NOT_THERE:
            return None
        raise


def _entries(
    source: IO[bytes], size: int, progress: Callable[[str, int, int], None]
) -> Iterator[tuple[str, IO[bytes]]]:
    """Names and contents, in order; names that lead out of the folder are refused."""
    stream = _Unpacked(source)
    with tarfile.open(fileobj=stream, mode="r|") as tar:  # type: ignore[call-overload] # only `read` is called
        for entry in tar:
            path = PurePosixPath(entry.name)
            data = tar.extractfile(entry) if entry.isreg() else None
            if data is None or path.is_absolute() or ".." in path.parts:
                raise tarfile.ReadError(f"{entry.name!r} is no file of a data folder")
            yield entry.name, data
            progress("unpacking", source.tell(), size)
    while stream.read(_CHUNK):
        # To the end, where the checksum of the whole is.
        pass


class _Unpacked:
    """What a compressed stream holds; one that stops before its end says so."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source, self._held = source, b""
        self._unpack = zstandard.ZstdDecompressor().decompressobj()

    def read(self, size: int) -> bytes:
        """So many bytes, fewer at the end.

        Raises:
            EOFError: It was cut.
        """
        while len(self._held) < size and not self._unpack.eof:
            chunk = self._source.read(_CHUNK)
            if not chunk:
                raise EOFError("it was cut")
            self._held += self._unpack.decompress(chunk)
        found, self._held = self._held[:size], self._held[size:]
        return found


def _write(place: Path, name: str, data: IO[bytes]) -> Packed:
    path = place / name
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    hashed = _Hashed(data)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        while chunk := hashed.read(_CHUNK):
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    return hashed.packed


def _sync(place: Path) -> None:
    for path in [place, *(one for one in place.rglob("*") if one.is_dir())]:
        sync_folder(path)
