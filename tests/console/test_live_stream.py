from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.api.test_live_events import event
from tests.console.visitors import user

from sojourn.api.accounts import Accounts
from sojourn.api.live_events import LiveTail
from sojourn.console.views import live
from sojourn.store import logins
from sojourn.store.folder import create_folder
from sojourn.store.log import Log

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sojourn.console.asked import Backing
    from sojourn.store.folder import Folder


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "_SESSION_S", 0.05)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return create_folder(tmp_path)


def read(tail: LiveTail, *, seconds: float, then: Callable[[], object] = bool) -> list[str]:
    """What a stream says within so many seconds, `then` being done as soon as it is open."""

    async def reading() -> list[str]:
        end = asyncio.get_running_loop().time() + seconds
        found: list[str] = []

        async def over() -> bool:
            return asyncio.get_running_loop().time() > end

        async for text in live.messages(tail, over):
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


def test_the_page_has_the_latest_events_as_text_and_where_to_go_on(empty: Backing) -> None:
    folder = empty.history.folder
    evil = "<img src=x onerror=alert(1)>"
    Log(folder).append(
        [event(n, evil if n == 3 else "Looked", user_id=evil, properties='{"a":"<b>"}') for n in range(4)]
    )
    browser = user(empty, role="viewer")

    page = browser.get("/live").text
    assert "/live/stream?after=3" in page
    assert "<img src=x" not in page
    assert page.count("&lt;img src=x onerror=alert(1)&gt;") >= 5
    assert "<b>" not in page.split("<tbody>")[1].split("</tbody>")[0]
    assert "/persons/%3Cimg%20src" in page
    filtered = browser.get("/live", params={"where": "event = 'Looked'"}).text
    assert "/live/stream?after=3&amp;where=event" in filtered
    assert filtered.split("<tbody>")[1].count("<tr>") == 4, "three events, and the template of a row"


def test_an_empty_page_says_how_to_begin(empty: Backing) -> None:
    assert "Make a key" in user(empty, role="viewer").get("/live").text


def test_a_stream_ends_with_the_session(empty: Backing, monkeypatch: pytest.MonkeyPatch) -> None:
    Log(empty.history.folder).append([event(0)])
    browser = user(empty, role="viewer")
    folder = empty.history.folder
    # The stream is open when the session ends: the test client reads it when it is over.
    real = Accounts.session

    def ending(self: Accounts, token: str) -> object:
        found = real(self, token)
        logins.end_session(folder, token)
        return found

    monkeypatch.setattr(Accounts, "session", ending)
    with browser.stream("GET", "/live/stream?after=-1", headers={"last-event-id": "-1"}) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        text = "".join(answer.iter_text())
    assert "id: 0\ndata: " in text
