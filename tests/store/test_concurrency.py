"""One process writes while another reads: never an error, and always an old or the new complete answer."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from sojourn.app.importing import import_files
from sojourn.collect.imports.mapping import Mapping
from sojourn.records.errors import FolderBusy
from sojourn.store.compaction import compact
from sojourn.store.erasure import erase
from sojourn.store.folder import open_folder
from sojourn.store.index import open_index
from sojourn.store.index_build import build_index

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sojourn.app.importing import ImportResult

MAPPING = Mapping(person="user", actor="device", time="time", event="event")


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A data folder with the numbers 0 to 1,999, one an event."""
    imported(tmp_path, 0, 2000)
    return tmp_path / "data"


def imported(place: Path, first: int, last: int, *, bad: int = 0) -> ImportResult:
    """Import rows with the numbers `first` to `last`; some log in, which moves earlier events of their device.

    `bad` rows more have no time and are rejected.
    """
    path = place / f"{first}.csv"
    rows = [f"{f'u{n % 50}' if n % 3 else ''},d{n % 50},{1_704_067_200 + n},view,{n}" for n in range(first, last)]
    rows += [f"u{n},,soon,view,{first}" for n in range(bad)]
    path.write_text("\n".join(["user,device,time,event,n", *rows]) + "\n")
    return import_files([path], place / "data", MAPPING)


@contextmanager
def asked_meanwhile(data: Path, root: Path) -> Iterator[list[dict[str, Any]]]:
    """A second process asks; its answers are in the list when the block has ended."""
    answers: list[dict[str, Any]] = []
    with subprocess.Popen(
        [sys.executable, "-m", "tests.store.asking", data],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=root,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield answers
        out, err = process.communicate("enough\n", timeout=120)
    assert process.returncode == 0, err
    answers += [json.loads(line) for line in out.splitlines()]


@pytest.mark.long
def test_a_second_process_sees_each_import_whole_or_not_at_all(shop: Path, root: Path) -> None:
    """Small ones, which readers merge in, and large ones, which make a new index; and what was seen stays seen."""
    sizes = [2000]
    with asked_meanwhile(shop, root) as answers:
        for size in (200, 6000, 100, 3000):
            imported(shop.parent, sizes[-1], sizes[-1] + size)
            sizes.append(sizes[-1] + size)

    *rounds, end = answers
    held = [answer["index"][0] for answer in rounds]
    assert len(rounds) >= 2
    assert set(held) <= set(sizes)
    assert {answer["sql"] for answer in rounds} <= set(sizes)
    assert held == sorted(held)
    assert end["held"] == [2000, 0, 1999]


@pytest.mark.long
def test_a_second_process_reads_on_through_compactions_and_new_indexes(shop: Path, root: Path) -> None:
    folder = open_folder(shop)
    sizes = [2000]
    with asked_meanwhile(shop, root) as answers:
        for _ in range(4):
            imported(shop.parent, sizes[-1], sizes[-1] + 150)
            sizes.append(sizes[-1] + 150)
            with folder.writing():
                compact(folder)
                build_index(folder)

    held = [answer["index"][0] for answer in answers[:-1]]
    assert held == sorted(held)
    assert set(held) <= set(sizes)


@pytest.mark.long
def test_a_second_process_reads_on_through_an_erasure(shop: Path, root: Path) -> None:
    """The last number is of a person of its own, so that what remains is still counted up."""
    path = shop.parent / "last.csv"
    path.write_text("user,device,time,event,n\nlast,,1804067200,view,2000\n")
    import_files([path], shop, MAPPING)
    folder = open_folder(shop)
    with asked_meanwhile(shop, root) as answers, folder.writing():
        erase(folder, "last")

    *rounds, end = answers
    assert {answer["index"][0] for answer in rounds} <= {2001, 2000}
    assert end["held"][0] in (2001, 2000)
    assert open_index(folder).manifest.rows == 2000


@pytest.mark.long
def test_rejected_rows_are_read_while_an_import_rejects_more(shop: Path, root: Path) -> None:
    """All of an import or none, and neither side waits long for the other: the journal is locked for its commit only."""
    totals = [0]
    with asked_meanwhile(shop, root) as answers:
        for n in range(4):
            imported(shop.parent, 2000 + 100 * n, 2100 + 100 * n, bad=15_000)
            totals.append(totals[-1] + 15_000)

    seen = [answer["rejected"] for answer in answers[:-1]]
    assert len(seen) >= 2
    assert set(seen) <= set(totals)
    assert seen == sorted(seen)
    assert {answer["rows"] for answer in answers[:-1]} <= {0, 20}
    assert max(answer["waited"] for answer in answers[:-1]) < 5


def test_of_two_writers_one_is_told_to_wait(tmp_path: Path) -> None:
    """Whatever the order, what was acknowledged is there once."""
    done: list[int] = []

    def write(n: int) -> None:
        try:
            done.append(imported(tmp_path, n * 1000, n * 1000 + 500).imported)
        except FolderBusy:
            done.append(0)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))

    assert max(done) == 500
    assert open_index(open_folder(tmp_path / "data")).manifest.rows == sum(done)
