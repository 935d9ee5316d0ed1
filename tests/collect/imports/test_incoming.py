"""What a user may name as a file: archives, pipes, standard input and patterns."""

from __future__ import annotations

import gzip
import io
import os
import sys
import threading
import zipfile
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from sojourn.collect.imports.incoming import check_there, incoming, matching
from sojourn.records.errors import BadFile

if TYPE_CHECKING:
    from pathlib import Path


def parts(path: Path) -> list[tuple[str, bytes]]:
    with incoming(path) as found:
        return [(part.name, part.path.read_bytes()) for part in found]


def archive(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members.items():
            packed.writestr(name, content)
    return path


def test_a_file_is_itself(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"x")

    assert parts(tmp_path / "a.csv") == [(str(tmp_path / "a.csv"), b"x")]


def test_an_archive_is_its_files_without_what_systems_leave_in_it(tmp_path: Path) -> None:
    members = {
        "a/": b"",
        "a/1.csv": b"one",
        "__MACOSX/1.csv": b"x",
        "a/.DS_Store": b"x",
        "empty.csv": b"",
        "2.gz": gzip.compress(b"2"),
    }
    path = archive(tmp_path / "log.zip", **members)

    assert parts(path) == [(f"{path}/a/1.csv", b"one"), (f"{path}/2.gz", members["2.gz"])]


@pytest.mark.parametrize(
    ("members", "said"),
    [({"[Content_Types].xml": b"x", "xl/a.xml": b"x"}, "office program"), ({"a/": b""}, "without a file")],
)
def test_archives_that_are_no_logs(members: dict[str, bytes], said: str, tmp_path: Path) -> None:
    with pytest.raises(BadFile, match=said):
        parts(archive(tmp_path / "log.zip", **members))


def test_an_archive_that_is_cut_or_damaged_says_so(tmp_path: Path) -> None:
    whole = archive(tmp_path / "log.zip", a=os.urandom(5000)).read_bytes()
    (tmp_path / "cut.zip").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "damaged.zip").write_bytes(whole[:1000] + b"\0" * 500 + whole[1500:])

    for name in ("cut.zip", "damaged.zip"):
        with pytest.raises(BadFile, match=r"cut or damaged|cannot be unpacked"):
            parts(tmp_path / name)


def test_a_pipe_is_kept_while_it_is_read(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(b"user,time\n",))
    writer.start()

    assert parts(pipe) == [(str(pipe), b"user,time\n")]
    writer.join()


def test_a_dash_is_standard_input(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"user\n")))
    dash = tmp_path.relative_to(tmp_path) / "-"

    check_there(dash)
    assert parts(dash) == [("stdin", b"user\n")]


def test_patterns_are_opened_where_the_shell_did_not(tmp_path: Path) -> None:
    for name in ("b.csv", "a.csv", "[x].csv"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "c.csv").mkdir()

    assert matching([tmp_path / "?.csv"]) == [tmp_path / "a.csv", tmp_path / "b.csv"]
    assert matching([tmp_path / "[x].csv"]) == [tmp_path / "[x].csv"]
    with pytest.raises(BadFile, match="no file matches"):
        matching([tmp_path / "*.log"])
