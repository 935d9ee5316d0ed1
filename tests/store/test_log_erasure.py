"""Erasing a person from the log, bytes included: every page of it is decoded and searched."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from sojourn.store.erasure import erase
from sojourn.store.flush import flush
from sojourn.store.index import open_index
from sojourn.store.log import Log
from tests.store.everything import mentions
from tests.store.log_events import event
from tests.store.rows import Row, batch, store

if TYPE_CHECKING:
    from pathlib import Path

    from sojourn.store.folder import Folder

WORDS = ("anna", "annas-phone", "Lindenstrasse", "msg-anna", "anna@example.org")
THEIRS = [
    event("a1", second=1, anonymous="annas-phone", properties={"street": "Lindenstrasse"}),
    event("msg-anna", second=2, user="anna", anonymous="annas-phone", external_ids=(("email", "anna@example.org"),)),
]
OTHERS = [
    event("b1", second=3, user="ben", anonymous="bens-phone"),
    event("b2", second=4, user="ben", anonymous="annas-phone"),
    event("c1", second=5, anonymous="annabel"),
]


def kept(log: Log) -> list[tuple[str, str | None, str | None]]:
    return [(found.message_id, found.user_id, found.anonymous_id) for _, found in log.read(-1)]


@pytest.mark.parametrize("flushed", [False, True])
def test_nothing_of_an_erased_person_is_left_in_the_log_and_a_resend_adds_nothing(
    folder: Folder,
    root: Path,
    flushed: bool,  # noqa: FBT001  (a case)
) -> None:
    day = [1_704_067_200.0]
    log = Log(folder, now=lambda: day[0])
    log.append([THEIRS[0], *OTHERS[:1]])
    day[0] += 86_400
    log.append([THEIRS[1], *OTHERS[1:]])
    # Another process has the log open all the while, as a collector has.
    code = "import sys; from sojourn.store.folder import open_folder; from sojourn.store.log import Log; log = Log(open_folder(sys.argv[1])); log.read(-1); print(1, flush=True); input(); log.read(-1); print(len(log.read(-1)))"
    other = subprocess.Popen(
        [sys.executable, "-c", code, folder.path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "1\n"
    if flushed:
        with folder.writing():
            flush(folder)
    assert all(mentions(folder.path, word) for word in WORDS)

    with folder.writing():
        receipt = erase(folder, "anna")

    assert receipt.events == 2
    assert {word: mentions(folder.path, word) for word in WORDS} == {word: [] for word in WORDS}
    assert kept(log) == [("b1", "ben", "bens-phone"), ("b2", "ben", None), ("c1", None, "annabel")]
    assert other.communicate("\n")[0] == "3\n"
    assert log.append([*THEIRS, *OTHERS]).fresh == [False] * 5
    assert open_index(folder).manifest.rows == 3


def test_a_new_event_of_the_person_is_somebody_new(folder: Folder) -> None:
    log = Log(folder)
    log.append([*THEIRS, *OTHERS])
    with folder.writing():
        erase(folder, "anna")

    log.append([event("again", second=2, user="anna"), event("later", second=999_999_999, user="anna")])

    assert open_index(folder).manifest.rows == 4, "the one before the erasure is refused, the one after it is not"


def test_an_import_and_a_live_event_of_an_erased_person_go_alike(folder: Folder) -> None:
    log = Log(folder)
    store(folder, batch([Row(user="anna", second=1, message_id="x"), Row(user="ben", second=2)]), source="web")
    log.append([event("y", second=3, user="anna")])

    with folder.writing():
        erase(folder, "anna")

    assert mentions(folder.path, "anna") == []
    assert log.append([event("x", user="anna")]).fresh == [False]
    assert store(folder, batch([Row(user="anna", second=1, message_id="x")]), source="web").imported == 0


def test_an_environment_that_a_killed_erasure_left_goes_with_the_next(folder: Folder) -> None:
    log = Log(folder)
    log.append([*THEIRS, *OTHERS])
    left = log.path / "2024-01-01.7"
    left.mkdir()
    (left / "data.mdb").write_bytes(b"anna")

    with folder.writing():
        erase(folder, "anna")

    assert not left.exists()
