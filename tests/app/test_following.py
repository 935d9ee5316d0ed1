"""`sojourn events --follow`: what is accepted is seen at once."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from typing import IO, TYPE_CHECKING

import pytest
from tests.store.log_events import event, events

from sojourn.app.following import follow
from sojourn.store.folder import create_folder
from sojourn.store.log import Log

if TYPE_CHECKING:
    from pathlib import Path


def test_events_of_before_are_not_shown_and_new_ones_are_in_their_order(tmp_path: Path) -> None:
    folder = create_folder(tmp_path / "data")
    log = Log(folder)
    log.append(events(0, 3))
    anna = event("a", second=5, user="anna", properties={"path": "/x"}, external_ids=(("email", "a@b.c"),))
    lines = follow(folder, as_json=True)
    threading.Timer(0.2, log.append, ([anna, event("b")],)).start()

    found = [json.loads(next(lines)) for _ in range(2)]

    assert [(one["seq"], one["message_id"]) for one in found] == [(3, "a"), (4, "b")]
    assert found[0]["properties"] == {"path": "/x"}
    assert found[0]["time"] == "2024-01-01T00:00:05.000Z"
    assert found[0]["external_ids"] == [["email", "a@b.c"]]


def test_a_folder_that_has_no_log_yet_is_waited_for(tmp_path: Path) -> None:
    folder = create_folder(tmp_path / "data")
    lines = follow(folder, as_json=False)
    threading.Timer(0.2, lambda: Log(folder).append([event("a", user="anna", properties={"n": 1})])).start()

    assert next(lines) == '2024-01-01T00:00:00.000Z  Page Viewed  anna  {"n":1}'


@pytest.mark.long
def test_the_command_shows_each_event_that_comes_in_the_order_it_came(tmp_path: Path) -> None:
    folder = create_folder(tmp_path / "data")
    log = Log(folder)
    command = [sys.executable, "-m", "sojourn", "events", "--follow", "--json", "--data", str(folder.path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        seen: list[int] = []
        shown = threading.Thread(target=_numbers, args=(process.stdout, seen))
        shown.start()
        sent = 0
        # How long the command takes to begin is not known: events come until it has shown ten of them.
        while len(seen) < 10 and shown.is_alive():
            log.append([event(str(sent))])
            sent += 1
            time.sleep(0.05)
        process.terminate()
        shown.join()

    assert len(seen) >= 10
    assert seen == list(range(seen[0], seen[0] + len(seen)))


def _numbers(lines: IO[str], seen: list[int]) -> None:
    """Note the ids of the events shown, as they come."""
    seen.extend(int(json.loads(line)["message_id"]) for line in lines)
