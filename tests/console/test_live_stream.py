from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.api.test_live_events import event

from sojourn.api.live_events import LiveTail
from sojourn.console.views import live
from sojourn.store.folder import create_folder
from sojourn.store.log import Log

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sojourn.store.folder import Folder


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return create_folder(tmp_path)


def read(tail: LiveTail, *, seconds: float, then: Callable[[], object] = bool) -> list[str]:
    """What a stream says within so many seconds, `then` being done as soon as it is open."""

    async def reading() -> list[str]:
        end = asyncio.get_running_loop().time() + seconds
        found = []
        async for text in live.messages(tail, lambda: asyncio.get_running_loop().time() > end):
            if not found:
                then()
            found.append(text)
        return found

    return asyncio.run(reading())


def told(messages: list[str]) -> list[Any]:
    return [json.loads(line[6:]) for text in messages for line in text.splitlines() if line.startswith("data: ")]


def test_what_arrives_is_said_with_the_place_to_resume_after(folder: Folder) -> None:
    log, tail = Log(folder), LiveTail(folder)
    log.append([event(0)])
    tail.latest()

    messages = read(tail, seconds=0.4, then=lambda: log.append([event(1, properties='{"a":"</script>\\n\\ndata: x"}')]))

    assert messages[0] == "retry: 2000\n\n"
    assert messages[1].startswith("id: 1\ndata: ")
    assert messages[1].count("\n") == 3, "what a customer wrote cannot begin a line of its own"
    [said] = told(messages)
    assert [one["seq"] for one in said["events"]] == [1]
    assert not live._OPEN


def test_a_place_moves_on_without_events_that_match(folder: Folder) -> None:
    log = Log(folder)
    log.append([event(n) for n in range(3)])

    assert read(LiveTail(folder, ["event = 'Bought'"]), seconds=0.1)[1:] == ["id: 2\n\n"]


def test_a_quiet_stream_says_that_it_lives(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "_HEARTBEAT_S", 0.0)

    assert ": nothing new\n\n" in read(LiveTail(folder), seconds=0.1)
