"""A file as a stream of unpacked bytes, however it is packed.

In: a path. Out: chunks of bytes, how many packed bytes they took, and where the stream broke if it did.
Never loses what could be unpacked before a break, never holds more than a chunk.
"""

from __future__ import annotations

import codecs
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, Literal

import pyarrow as pa

from sojourn.records.errors import BadFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Packing = Literal["plain", "gzip", "zstd"]

CHUNK = 1 << 20
_GZIP = 31  # zlib's word for: a gzip header, the largest window
_ZSTD_STEP = 1 << 18
_MAGIC: tuple[tuple[bytes, Packing], ...] = ((b"\x1f\x8b", "gzip"), (b"\x28\xb5\x2f\xfd", "zstd"))
_OTHER = (
    (b"PK\x03\x04", "a zip archive within an archive: unpack it, and import the files"),
    (b"BZh", "packed by bzip2: unpack it with `bunzip2`, or pack it again with gzip or zstd"),
    (b"\xfd7zXZ", "packed by xz: unpack it with `unxz`, or pack it again with gzip or zstd"),
    (b"SQLite format 3", "a SQLite database: export the table as CSV"),
    (b"\xd0\xcf\x11\xe0", "an old spreadsheet: save it as CSV"),
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "a picture"),
    (b"\x7fELF", "a program"),
    (b"ORC", "an ORC file: write it as Parquet"),
    (b"Obj\x01", "an Avro file: write it as Parquet"),
    (b"ARROW1", "an Arrow file: write it as Parquet"),
)


@dataclass(slots=True)
class Source:
    """One opened file. `done` and `broken` change while `chunks` is read.

    Attributes:
        path: Where it is.
        name: What to call it.
        size: Its size in packed bytes.
        packing: How it is packed, told by its first bytes.
        encoding: Encoding of its text; text in another encoding than UTF-8 is recoded on the way.
        done: Packed bytes taken so far.
        broken: Why the stream ended early, if it did.
    """

    path: Path
    name: str
    size: int
    packing: Packing
    encoding: str = "utf-8"
    done: int = 0
    broken: str | None = field(default=None)

    def chunks(self) -> Iterator[bytes]:
        """Unpacked bytes in UTF-8, in order; ends early with `broken` set where the file does."""
        raw = {"plain": self._plain, "gzip": self._gzip, "zstd": self._zstd}[self.packing]()
        text = raw if _is_utf8(self.encoding) else self._recode(raw)
        return (chunk for chunk in text if chunk)

    def _plain(self) -> Iterator[bytes]:
        with self.path.open("rb") as file:
            while chunk := self._read(file, CHUNK):
                yield chunk

    def _read(self, file: BinaryIO, count: int) -> bytes:
        try:
            chunk = file.read(count)
        except OSError as error:
            self.broken = f"the disk stopped reading after {self.done} bytes: {error.strerror or error}"
            return b""
        self.done += len(chunk)
        return chunk

    def _gzip(self) -> Iterator[bytes]:
        with self.path.open("rb") as file:
            unpack, within = zlib.decompressobj(wbits=_GZIP), False
            while chunk := self._read(file, CHUNK // 4):
                while chunk:
                    before = unpack.copy()
                    try:
                        yield unpack.decompress(chunk, CHUNK * 4)
                    except zlib.error as error:
                        yield _finely(before, chunk)
                        self.broken = f"gzip is damaged near byte {self.done} of {self.size}: {error}"
                        return
                    chunk, within = unpack.unconsumed_tail, True
                    if unpack.eof:
                        chunk = unpack.unused_data.lstrip(b"\0")
                        unpack, within = zlib.decompressobj(wbits=_GZIP), False
                        if chunk and not chunk.startswith(_MAGIC[0][0][:1]):
                            self.broken = f"{len(chunk)} bytes near byte {self.done} follow the end of the gzip stream and are not gzip"
                            return
            if within:
                yield unpack.flush()
                self.broken = f"gzip ends too early, after all {self.size} bytes of the file: the file is cut"

    def _zstd(self) -> Iterator[bytes]:
        given = 0
        try:
            with (
                self.path.open("rb") as file,
                pa.CompressedInputStream(pa.PythonFile(file, mode="r"), "zstd") as stream,
            ):
                while chunk := stream.read(_ZSTD_STEP):
                    given += len(chunk)
                    self.done = min(file.tell(), self.size)
                    yield chunk
        except OSError as error:
            yield from self._end_of_zstd(given)
            self.broken = f"zstd is cut or damaged near byte {self.done} of {self.size}: {error}"

    def _end_of_zstd(self, given: int) -> Iterator[bytes]:
        """The bytes between the last whole step and the break, read ever more finely."""
        with self.path.open("rb") as file, pa.CompressedInputStream(pa.PythonFile(file, mode="r"), "zstd") as stream:
            try:
                while given > 0:
                    given -= len(stream.read(min(given, _ZSTD_STEP)))
                while chunk := stream.read(1):
                    yield chunk
            except OSError:
                return

    def _recode(self, raw: Iterator[bytes]) -> Iterator[bytes]:
        # Bytes that are wrong in the given encoding come out as bytes that are wrong in UTF-8: their row is rejected later.
        decode = codecs.getincrementaldecoder(self.encoding)(errors="surrogateescape").decode
        try:
            for chunk in raw:
                yield decode(chunk).encode("utf-8", "surrogateescape")
            yield decode(b"", final=True).encode("utf-8", "surrogateescape")
        except UnicodeError as error:
            raise BadFile(f"{self.name} is not {self.encoding}: {error}; say --encoding with the right one") from error


def _finely(unpack: zlib._Decompress, chunk: bytes) -> bytes:
    """What can be unpacked of a chunk before the byte at which it breaks."""
    pieces: list[bytes] = []
    for place in range(len(chunk)):
        try:
            pieces.append(unpack.decompress(chunk[place : place + 1]))
        except zlib.error:
            break
    return b"".join(pieces)


def _is_utf8(encoding: str) -> bool:
    try:
        return codecs.lookup(encoding).name in ("utf-8", "utf-8-sig", "ascii")
    except LookupError as error:
        raise BadFile(
            f'the encoding "{encoding}" is not known; usual ones are utf-8, latin-1, cp1252, utf-16, shift_jis'
        ) from error


def open_source(path: Path, encoding: str, *, name: str | None = None) -> Source:
    """Look at the file and say how it is packed.

    Raises:
        BadFile: It does not exist, is a directory, is empty, may not be read, or is of a kind that is no event log.
    """
    called = name or str(path)
    if path.is_dir():
        raise BadFile(f"{called} is a directory; name the files in it, for example {path}/*")
    try:
        with path.open("rb") as file:
            head = file.read(16)
            size = path.stat().st_size
    except FileNotFoundError as error:
        raise BadFile(f"{called} does not exist") from error
    except OSError as error:
        raise BadFile(f"{called} cannot be read: {error.strerror or error}") from error
    if not head:
        raise BadFile(f"{called} is empty")
    for magic, what in _OTHER:
        if head.startswith(magic):
            raise BadFile(f"{called} is {what}")
    packing: Packing = next((packing for magic, packing in _MAGIC if head.startswith(magic)), "plain")
    _is_utf8(encoding)
    return Source(path=path, name=called, size=size, packing=packing, encoding=encoding)
