from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from sojourn.records.errors import BadFile

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

ROWS = 60_000
# Ids that do not compress, so that half of the packed bytes hold about half of the rows.
LOG = (
    "user_id,event,timestamp\n"
    + "".join(f"{n * 0x9E3779B97F4A7C15 % 2**64:016x},view,2024-01-01 10:00:{n % 60:02}\n" for n in range(ROWS))
).encode()


def zstd(content: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(content)
    return sink.getvalue().to_pybytes()


@pytest.mark.parametrize("pack", [gzip.compress, zstd], ids=["gzip", "zstd"])
def test_packed_files_are_unpacked_whatever_their_name(
    written: Callable[..., Any], pack: Callable[[bytes], bytes]
) -> None:
    assert written(pack(LOG), name="log.dat").accepted == ROWS


def test_gzip_files_joined_to_one_are_read_to_the_end(written: Callable[..., Any]) -> None:
    assert written(gzip.compress(LOG) + gzip.compress(b"u,view,2024-01-01\n")).accepted == ROWS + 1


@pytest.mark.parametrize("pack", [gzip.compress, zstd], ids=["gzip", "zstd"])
@pytest.mark.parametrize("share", [0.3, 0.9, 0.999])
def test_a_cut_file_gives_all_that_can_be_read_and_one_rejected_row(
    written: Callable[..., Any], pack: Callable[[bytes], bytes], share: float
) -> None:
    packed = pack(LOG)
    log = written(packed[: int(len(packed) * share)])

    (rejected,) = log.rejected
    assert rejected.reason == "unreadable"
    assert rejected.line == log.accepted + 2  # the header, and every row before it
    assert rejected.raw == LOG.splitlines()[rejected.line - 1][: len(rejected.raw)]
    assert log.accepted > 0.5 * share * ROWS


def test_a_damaged_gzip_says_where_it_breaks(written: Callable[..., Any]) -> None:
    packed = bytearray(gzip.compress(LOG))
    packed[len(packed) // 2 : len(packed) // 2 + 1000] = bytes(1000)
    log = written(bytes(packed))

    assert [row.reason for row in log.rejected].count(
        "unreadable"
    ) == 1  # what is unpacked after the damage may be rejected, too
    assert "gzip is damaged near byte" in log.rejected[-1].detail
    assert log.column("user_id")[:3] == [line.split(",")[0] for line in LOG.decode().splitlines()[1:4]]
    assert log.accepted > 0.4 * ROWS


def test_rubbish_after_the_end_of_a_gzip_is_told(written: Callable[..., Any]) -> None:
    log = written(gzip.compress(LOG) + b"rubbish")

    assert log.accepted == ROWS
    assert "are not gzip" in log.rejected[0].detail


def test_a_gzip_cut_within_its_header_holds_nothing(written: Callable[..., Any]) -> None:
    with pytest.raises(BadFile, match=r"holds no row.*file is cut"):
        written(gzip.compress(LOG)[:5])


@pytest.mark.parametrize(("magic", "said"), [(b"BZh91AY", "bunzip2"), (b"\xfd7zXZ\0", "unxz"), (b"%PDF-1.7", "a PDF")])
def test_files_of_other_kinds_are_refused_with_a_way_out(written: Callable[..., Any], magic: bytes, said: str) -> None:
    with pytest.raises(BadFile, match=said):
        written(magic + b" and more")


def test_progress_ends_at_the_size_of_the_packed_file(tmp_path: Any) -> None:
    from sojourn.collect.imports.mapping import Mapping
    from sojourn.collect.imports.read import read_batches

    path = tmp_path / "log.csv.gz"
    path.write_bytes(gzip.compress(LOG))
    seen: list[tuple[int, int]] = []
    list(read_batches(path, Mapping(), on_progress=lambda done, size: seen.append((done, size))))

    assert seen[-1] == (path.stat().st_size, path.stat().st_size)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<!DOCTYPE html>\n<html>\n<body>\n", "is HTML or XML"),
        (b'<?xml version="1.0"?>\n<log>\n<event/>\n', "is HTML or XML"),
        (b"a.csv" + bytes(252) + b"ustar\x0000" + bytes(300), "is a tar archive"),
    ],
)
def test_files_of_other_kinds_are_told_by_their_content(content: bytes, said: str, written: Callable[..., Any]) -> None:
    with pytest.raises(BadFile, match=said):
        written(content)


def test_two_lines_of_a_small_file_in_another_encoding_are_enough(written: Callable[..., Any]) -> None:
    text = "user,time,event,city\nanna,2024-01-02,view,Zürich\nben,2024-01-02,view,Köln\n"

    with pytest.raises(BadFile, match="say --encoding cp1252"):
        written(text.encode("latin-1"))
    assert written(text.encode("latin-1"), encoding="latin-1").property("city") == ["Zürich", "Köln"]
