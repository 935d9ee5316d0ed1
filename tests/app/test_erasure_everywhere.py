"""A person with everything there is, erased: every file of the folder is decoded and searched, then everything comes again."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import logging
import threading
from typing import TYPE_CHECKING, Any

import pytest
import structlog
from tests.api.conftest import Server
from tests.store.everything import mentions
from typer.testing import CliRunner

from sojourn.app import forgetting
from sojourn.app.cli import app
from sojourn.app.forgetting import forget_live
from sojourn.app.keeper import Keeper, KeeperOptions
from sojourn.app.live import fold_rules, live_profile, worker_of
from sojourn.identify.link import ANONYMOUS, USER, Actor, Evidence
from sojourn.records.errors import BadOption, FolderBusy, SojournError
from sojourn.records.rejected import Reason, Rejected
from sojourn.store.folder import Folder, create_folder
from sojourn.store.index import open_index
from sojourn.store.link_control import decide, decisions
from sojourn.store.log import Log
from sojourn.store.quarantine import keep_rejected
from sojourn.store.sources import create_key
from sojourn.store.state import Changes, Move, State

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WORDS = (
    "anna", "annas-phone", "annas-laptop", "anna@example.org", "card-4711", "Lindenstrasse", "order-of-anna", "msg-anna-1",
    "campaign-of-anna", "Beekeeper", "anna in a file",
)  # fmt: skip
"""Identifiers of anna, and values that only her events have."""
NOW = dt.datetime.now(dt.UTC)


def message(number: int, user: str | None, device: str | None, name: str, **more: Any) -> dict[str, Any]:
    """One Segment message of a few minutes ago."""
    at = (NOW - dt.timedelta(minutes=30 - number)).isoformat()
    ids = {"userId": user, "anonymousId": device}
    sent = {
        "type": "track",
        "event": name,
        "messageId": f"msg-{user or device}-{number}",
        "timestamp": at,
        "sentAt": at,
    }
    return sent | {name: value for name, value in ids.items() if value} | more


def external(kind: str, value: str) -> dict[str, str]:
    return {"id": value, "type": kind, "collection": "users", "encoding": "none"}


SENT = [
    message(0, None, "annas-phone", "Product Viewed", properties={"street": "Lindenstrasse", "product_id": "p1"}),
    message(1, "anna", "annas-phone", "Product Added", properties={"product_id": "p1"}),
    message(2, "anna", "annas-laptop", "x", type="identify", traits={"email": "anna@example.org", "profession": "Beekeeper"}),
    message(3, "anna", None, "Order Completed", properties={"order_id": "order-of-anna", "revenue": 40},
            context={"campaign": {"name": "campaign-of-anna"}, "externalIds": [external("loyalty_card", "card-4711"), external("email", "anna@example.org")]}),
    message(4, "ben", "bens-phone", "Product Added", properties={"product_id": "p1", "street": "Ringweg"}),
    # Ben once paid with the card of somebody else, and was once on her phone.
    message(5, "ben", None, "Order Completed", properties={"order_id": "o2", "revenue": 9},
            context={"externalIds": [external("loyalty_card", "card-4711"), external("crm", "ben-7")]}),
    message(6, "ben", "annas-phone", "Product Viewed", properties={"product_id": "p2"}),
]  # fmt: skip
FILE = [
    {"type": "track", "event": "Store Visited", "userId": "anna", "messageId": "f1", "timestamp": "2024-03-01T10:00:00Z",
     "properties": {"note": "anna in a file"}},
    {"type": "track", "event": "Store Visited", "userId": "carl", "messageId": "f2", "timestamp": "2024-03-01T11:00:00Z"},
]  # fmt: skip


class Shop:
    """A data folder with a collector, a worker, a keeper and a file to import."""

    def __init__(self, path: Path) -> None:
        self.folder: Folder = create_folder(path / "data")
        self.file = path / "visits.jsonl"
        self.file.write_text("".join(json.dumps(line) + "\n" for line in FILE))
        self.body = json.dumps({"batch": SENT}).encode()
        self.key, _ = create_key(self.folder, "server", kind="server")

    def send(self) -> list[bool]:
        """The same bytes to a new collector; which of the events are new."""
        server = Server(self.folder)
        try:
            basic = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
            assert server.call("POST", "/v1/batch", self.body, basic).status == 200
            return Log(self.folder).append(server.log.events).fresh
        finally:
            server.close()

    def work(self) -> None:
        with worker_of(self.folder) as worker:
            worker.catch_up()

    def keep(self) -> None:
        with self.folder.alone("keeper"):
            Keeper(self.folder, KeeperOptions(every_s=0.0, rows=1)).flush()

    def run(self, *command: str) -> Any:
        """What a command prints; an import that rejects rows ends with a number of its own."""
        found = CliRunner().invoke(app, [*command, "--data", str(self.folder.path)])
        if found.exception is not None and not isinstance(found.exception, SystemExit):
            raise found.exception
        return found.stdout

    def number(self, kind: str, value: str) -> int:
        return fold_rules(self.folder).number(Actor(kind, value))

    def found(self) -> dict[str, list[str]]:
        return {word: places for word in WORDS if (places := mentions(self.folder.path, word))}


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """Everything once: half of it in the table, half in the log alone, all of it in the state."""
    made = Shop(tmp_path)
    made.run("import", str(made.file), "--json")
    made.send()
    made.work()
    made.keep()
    open_index(made.folder).column("street")
    keep_rejected(made.folder, "server", [Rejected("server", 1, Reason.BAD_TIME, "", b'{"email":"anna@example.org"}')])
    with State(made.folder) as state:
        # A move of a time when her phone was a person by itself, and one when it was taken for ben's.
        numbers = (made.number(ANONYMOUS, "annas-phone"), made.number(USER, "ben"))
        state.write(Changes(moves=[Move(n, "annas-phone", "in a segment", True, 1, 1) for n in numbers]), cursors={})
    # Phone and card are hers, it was decided: without it they are whose they were last.
    ben = made.number(USER, "ben")
    phone, card = made.number(ANONYMOUS, "annas-phone"), made.number("loyalty_card", "card-4711")
    revoked = [
        (min(ben, phone), max(ben, phone), Evidence.SAME_EVENT),
        (min(ben, card), max(ben, card), Evidence.EXTERNAL_ID),
    ]
    decide(made.folder, revoked, revoked=True)
    return made


@contextlib.contextmanager
def working(shop: Shop) -> Iterator[None]:
    """A worker beside what the test does."""
    stop, ready = threading.Event(), threading.Event()

    def run() -> None:
        with worker_of(shop.folder) as worker:
            ready.set()
            worker.run(stop)

    thread = threading.Thread(target=run)
    thread.start()
    assert ready.wait(30)
    try:
        yield
    finally:
        stop.set()
        thread.join()


@pytest.mark.long
def test_before_it_the_search_finds_every_word_and_the_state_among_the_places(shop: Shop) -> None:
    found = shop.found()

    assert set(found) == set(WORDS)
    for word in ("anna", "annas-phone", "Beekeeper"):
        assert any(place.startswith("state.sqlite") for place in found[word]), word
    assert any("LMDB" in place for place in found["card-4711"])


@pytest.mark.parametrize(
    ("named", "beside"),
    [
        pytest.param("anna", False, id="no worker", marks=pytest.mark.long),
        pytest.param("anna", True, id="a worker beside it"),
        pytest.param("loyalty_card:card-4711", False, id="by a card", marks=pytest.mark.long),
    ],
)
def test_nothing_is_left_anywhere_and_nothing_comes_back(shop: Shop, named: str, *, beside: bool) -> None:
    with working(shop) if beside else contextlib.nullcontext():
        receipt = json.loads(shop.run("erase", named, "--yes", "--json"))
        assert shop.found() == {}

    assert (receipt["actors"], receipt["events"], receipt["quarantined"], receipt["decisions"]) == (5, 5, 1, 2)
    assert (receipt["live"], receipt["pending"]) == (2, ["backups"])
    assert decisions(shop.folder) == []

    assert shop.send() == [False] * len(SENT)
    again = json.loads(shop.run("import", str(shop.file), "--json"))
    assert (again["imported"], again["duplicates"], again["rejected"]) == (0, 1, 1)
    shop.work()
    shop.keep()
    (shop.folder.path / "state.sqlite").unlink()
    shop.work()
    assert shop.found() == {}, "neither resent, nor imported, nor replayed into a new state"
    assert_away(shop)


def assert_away(shop: Shop) -> None:
    """From questions, person, profile and exports; ben and carl are there."""
    for one in ("anna", "annas-phone", "anna@example.org", "loyalty_card:card-4711"):
        assert live_profile(shop.folder, one) is None
        with pytest.raises(SojournError):
            shop.run("person", one, "--json")
    for what in ("events", "profiles"):
        text = shop.run("export", what)
        assert not [word for word in WORDS if word in text]
        assert "ben" in text
    ben = live_profile(shop.folder, "ben")
    assert ben is not None
    assert ben.events == 3
    assert open_index(shop.folder).manifest.rows == 4


def test_one_person_s_export_is_all_that_is_known_of_her_and_nothing_of_others(shop: Shop) -> None:
    found = json.loads(shop.run("export", "person", "anna@example.org"))

    assert [event["messageId"] for event in found["events"]] == ["f1", *(one["messageId"] for one in SENT[:4])]
    assert found["events"][1]["properties"] == SENT[0]["properties"]
    assert {(one["kind"], one["id"]) for one in found["identities"]} == {
        ("user", "anna"), ("anonymous", "annas-phone"), ("anonymous", "annas-laptop"), ("email", "anna@example.org"),
        ("loyalty_card", "card-4711"),
    }  # fmt: skip
    assert {one["evidence"] for one in found["links"]} == {"same event", "external id"}
    assert found["profile"]["traits"] == {"email": "anna@example.org", "profession": "Beekeeper"}
    assert not {"ben", "carl", "bens-phone"} & set(json.dumps(found).replace('"', " ").split())


@pytest.mark.long
@pytest.mark.parametrize("words", [("person",), ("events", "anna"), ("person", "anna", "--format", "csv")])
def test_one_person_s_export_names_one_person(shop: Shop, words: tuple[str, ...]) -> None:
    with pytest.raises(BadOption):
        shop.run("export", *words)


@pytest.mark.long
def test_a_second_erasure_says_there_is_nobody_and_finishes_what_a_killed_one_left(shop: Shop) -> None:
    """Killed before the live state was reached: the suppression list knows whom it has to forget."""
    from sojourn.store.erasure import erase

    with shop.folder.writing():
        erase(shop.folder, "anna")
    assert shop.found()

    with pytest.raises(SojournError, match="no event carries"):
        shop.run("erase", "anna", "--yes")

    assert shop.found() == {}


@pytest.mark.long
def test_a_worker_that_does_not_get_to_it_is_said(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forgetting, "_is_forgotten", lambda *_: False)

    with shop.folder.alone("worker"), pytest.raises(FolderBusy, match="the live state is not after 0 s"):
        forget_live(shop.folder, lambda: fold_rules(shop.folder), wait_s=0.0)


@pytest.mark.long
def test_our_own_lines_of_log_name_nobody(shop: Shop, caplog: pytest.LogCaptureFixture, capfd: Any) -> None:
    """Collector, worker and keeper at work, a poisoned event and an erasure among it."""
    with structlog.testing.capture_logs() as lines, caplog.at_level(logging.DEBUG):
        shop.send()
        with working(shop):
            shop.keep()
            shop.run("erase", "anna", "--yes", "--json")

    said = f"{lines} {caplog.text} {capfd.readouterr()}"
    assert not [word for word in WORDS if word in said]
