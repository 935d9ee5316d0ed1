"""A disk that fills up while events come: 503, nothing lost that was answered 200, and on again when there is space."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.clients.running import collector, get, made_key, post

from sojourn.store.folder import open_folder
from sojourn.store.log import Log
from sojourn.store.quarantine import count_rejected

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.long

TEXT = "x" * 4_000


def batch(number: int) -> dict[str, object]:
    return {
        "batch": [
            {
                "type": "track",
                "event": "Seen",
                "userId": "anna",
                "messageId": f"{number}-{n}",
                "properties": {"text": TEXT},
            }
            for n in range(10)
        ]
    }


def bad(number: int) -> dict[str, object]:
    return {"batch": [{"type": "track", "userId": f"{number}", "properties": {"text": TEXT}}] * 10}


def fill(disk: Path) -> Path:
    """A file that takes what is left, all but a little."""
    import os

    filler = disk / "filler"
    free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
    filler.write_bytes(bytes(max(0, free - (1 << 20))))
    return filler


@pytest.mark.parametrize("what", ["log", "quarantine"])
def test_a_full_disk_is_503_and_then_over(what: str, small_disk: Callable[[int], Path]) -> None:
    disk = small_disk(64)
    data = disk / "data"
    key = made_key(data)
    make = batch if what == "log" else bad
    accepted = 200 if what == "log" else 400
    with collector(data, "--port", "8601") as port:
        assert post(port, key, make(0))[0] == accepted
        filler = fill(disk)
        statuses = []
        for number in range(1, 2000):
            statuses.append(post(port, key, make(number))[0])
            if statuses[-1] == 503:
                break
        assert statuses[-1] == 503
        assert set(statuses) <= {accepted, 503}
        status, answer = post(port, key, make(len(statuses)))
        assert status == accepted or answer["code"] == "storage"
        assert get(port, "/health") == 200

        filler.unlink()

        assert get(port, "/ready") == 200
        assert post(port, key, make(len(statuses)))[0] == accepted
        assert post(port, key, make(len(statuses)))[0] == accepted

    folder = open_folder(data)
    if what == "log":
        ids = [event.message_id for _, event in Log(folder).read(-1, 1_000_000)]
        assert len(ids) == len(set(ids))
        assert set(ids) == {f"{number}-{n}" for number in range(len(statuses) + 1) for n in range(10)}
    else:
        assert count_rejected(folder)["no_event"] == 10 * (len(statuses) + 1)
