"""The same events over the collector and in a file make the same persons and the same profiles."""

from __future__ import annotations

import dataclasses
import json
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.collect.arrivals import arrival
from tests.thoroughness import THOROUGH

from sojourn.analyse.journeys import Journeys
from sojourn.app.effects import FoldRules
from sojourn.app.exporting import export_events
from sojourn.app.importing import import_files
from sojourn.app.worker import Worker
from sojourn.collect.imports.mapping import load_mapping
from sojourn.collect.protocols.segment import open_request, read_request
from sojourn.identify.link import actors_of
from sojourn.records.event import Event
from sojourn.signals.catalogue import Catalogue, Count
from sojourn.signals.program import compile_catalogue
from sojourn.signals.state import State as Signals
from sojourn.signals.state import read
from sojourn.store.events import EventsTable
from sojourn.store.folder import Folder, TemporaryFolder, create_folder, open_folder
from sojourn.store.index import open_index
from sojourn.store.log import Log
from sojourn.store.state import State
from sojourn.store.tail import read_version

if TYPE_CHECKING:
    from pathlib import Path

Message = dict[str, Any]

NAMES = (
    "Page Viewed", "Identified", "Store Visited", "Store Purchase Completed", "Alias Created", "Login", "Group Joined", "e",
)  # fmt: skip
COUNTED = Count(name="events", kind="behavioral", says="events", of=NAMES)
PROGRAM = compile_catalogue(Catalogue(signals=(COUNTED,)))
NOON = 1_700_000_000_000_000
SEVERAL: list[Message] = [
    {"type": "page", "anonymousId": "phone"},
    {"type": "page", "anonymousId": "laptop"},
    {"type": "identify", "anonymousId": "laptop", "userId": "anna", "traits": {"email": "Anna@Shop.Example "}},
    # The till knows the card alone, then the card and the address.
    {"type": "track", "event": "Store Visited", "context": {"externalIds": {"loyalty_card": "77"}}},
    {
        "type": "track",
        "event": "Store Purchase Completed",
        "context": {
            "externalIds": [{"type": "loyalty_card", "id": "77"}, {"type": "email", "id": "anna@shop.example"}]
        },
    },
    {"type": "alias", "userId": "anna", "previousId": "phone"},
    {"type": "alias", "userId": "anna-old", "previousId": "anna"},
    {"type": "track", "event": "Login", "userId": "ben", "anonymousId": "undefined"},
    {"type": "track", "event": "Login", "userId": "anonymous", "anonymousId": "tablet"},
    {"type": "group", "userId": "ben", "groupId": "acme", "traits": {"email": "office@acme.example"}},
]


def numbered(messages: list[Message]) -> list[Message]:
    """With an id, and the time of receipt of an archive."""
    made = []
    for n, message in enumerate(messages):
        when = f"2023-11-14T22:{n // 60:02}:{n % 60:02}Z"
        made.append({**message, "messageId": f"m{n}", "timestamp": when, "receivedAt": when})
    return made


def twins(place: Path) -> tuple[Folder, Folder]:
    """Two folders with one secret: it numbers actors, and decides between links of one event."""
    live = create_folder(place / "live")
    shutil.copytree(live.path, place / "bulk")
    return live, open_folder(place / "bulk")


def collected(folder: Folder, messages: list[Message]) -> None:
    """Over the collector's decoder and the log."""
    body = json.dumps({"batch": messages}).encode()
    judged = read_request(open_request(body), arrival(received_at=NOON))
    events = [one for one in judged if isinstance(one, Event)]
    assert len(events) == len(judged), judged
    Log(folder).append(events)


def from_file(folder: Folder, messages: list[Message], place: Path, *, proven: bool = True) -> None:
    """Over a file of the same messages."""
    place.write_text("".join(json.dumps(message) + "\n" for message in messages))
    result = import_files(
        [place], folder.path, dataclasses.replace(load_mapping("segment"), proven=proven), source="web"
    )
    assert result.imported == len(messages), result


def persons(folder: Folder) -> set[frozenset[str]]:
    """Persons, as the ids of their events."""
    version = read_version(folder)
    ids: dict[int, str] = {}
    for rows in EventsTable(folder.events).scan(version, ("seq", "message_id")):
        ids |= dict(zip(rows["seq"].to_pylist(), rows["message_id"].to_pylist(), strict=True))
    found = set()
    for bucket in open_index(folder).buckets:
        for n in range(len(bucket.person)):
            seqs = np.asarray(bucket.seq[bucket.offset[n] : bucket.offset[n + 1]])
            found.add(frozenset(ids[int(seq)] for seq in seqs))
    return found


def profiles(folder: Folder, messages: list[Message]) -> dict[str, float]:
    """How many events the profile counts to whom a user, a device, a card or an address belongs."""
    found = {}
    with State(folder) as state:
        rules = FoldRules(folder.secret, PROGRAM)
        worker = Worker(folder, Log(folder), state, rules)
        while worker.catch_up():
            pass
        for actor in {actor for message in messages for actor in actors_of(as_event(message))}:
            kept = state.actors([rules.number(actor)])
            for one in kept.values():
                signals = Signals.from_bytes(state.profiles([one.person])[one.person])
                found[f"{actor.kind} {actor.value}"] = float(read(PROGRAM, signals, 2 * NOON)[0])
    return found


def as_event(message: Message) -> Event:
    (event,) = read_request(open_request(json.dumps(message).encode()), arrival(received_at=NOON))
    assert isinstance(event, Event)
    return event


@pytest.mark.parametrize("proven", [True, False])
def test_the_persons_of_a_file_are_those_of_the_collector(tmp_path: Path, *, proven: bool) -> None:
    live, bulk = twins(tmp_path)
    messages = numbered(SEVERAL)
    collected(live, messages)
    from_file(bulk, messages, tmp_path / "log.jsonl", proven=proven)

    anna = frozenset(f"m{n}" for n in (0, 1, 2, 3, 4, 5, 6))
    assert persons(live) == {anna, frozenset({"m7", "m9"}), frozenset({"m8"})}
    assert persons(bulk) == persons(live)
    assert profiles(bulk, messages) == profiles(live, messages)
    assert profiles(live, messages)["loyalty_card 77"] == pytest.approx(7)


def test_an_export_of_events_makes_the_same_persons_again(tmp_path: Path) -> None:
    live, bulk = twins(tmp_path)
    collected(live, numbered(SEVERAL))
    with (tmp_path / "export.jsonl").open("wb") as out:
        export_events(Journeys(open_index(live)), out, "segment", progress=lambda *_: None)
    import_files([tmp_path / "export.jsonl"], bulk.path, load_mapping("segment"), source="web")

    assert persons(bulk) == persons(live)


IDS = ["a", "b", "c", "null", "0", "anonymous", "00000000-0000-0000-0000-000000000000"]
CARDS = st.dictionaries(
    st.sampled_from(["email", "loyalty_card"]), st.sampled_from(["1", "2", "x@y.example"]), max_size=2
)


@st.composite
def any_message(draw: st.DrawFn) -> Message:
    some = st.none() | st.sampled_from(IDS)
    said = {"userId": draw(some), "anonymousId": draw(some), "context": {"externalIds": draw(CARDS)}}
    kind = draw(st.sampled_from(["track", "identify", "alias"]))
    message = {"type": kind, "event": "e", **{name: value for name, value in said.items() if value}}
    if kind == "alias":
        message["previousId"] = draw(st.sampled_from(IDS))
    if kind == "identify":
        message["traits"] = {"email": draw(st.sampled_from(["X@Y.example", "nobody"]))}
    # A file's row that says `null` and nothing else names nobody, and is rejected: then it has a name here.
    named = {**message, "anonymousId": draw(st.sampled_from(["d", "e"]))}
    return message if {said["userId"], said["anonymousId"]} & {"a", "b", "c"} else named


@settings(
    max_examples=10 if THOROUGH else 3,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.generate],
)
@given(st.lists(any_message(), min_size=1, max_size=12))
def test_any_messages_make_the_same_persons_by_both_paths(messages: list[Message]) -> None:
    sent = numbered(messages)
    place = TemporaryFolder()
    live, bulk = twins(place.path)
    collected(live, sent)
    from_file(bulk, sent, bulk.path / "log.jsonl")

    assert persons(bulk) == persons(live)
    assert profiles(bulk, sent) == profiles(live, sent)
