"""An object that is sent means what the same object means in a file."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from tests.collect.arrivals import arrival

from sojourn.api.webhooks import Webhooks
from sojourn.collect.imports.mapping import Mapping, load_mapping
from sojourn.collect.imports.read import read_batches
from sojourn.collect.protocols.mapped import check_live
from sojourn.collect.protocols.webhook import mapping_of, read_webhook
from sojourn.records.errors import BadMapping
from sojourn.records.event import Event

if TYPE_CHECKING:
    from pathlib import Path

LATE = 1_800_000_000_000_000
OBJECTS = {
    "subscriptions": "subscriptions.jsonl", "tickets": "tickets.json", "chats": "chats.jsonl", "social": "social.jsonl",
}  # fmt: skip


def sent(body: Any, mapping: Any) -> list[Event]:
    judged = read_webhook(json.dumps(body).encode(), mapping, arrival(received_at=LATE))
    events = [one for one in judged if isinstance(one, Event)]
    assert len(events) == len(judged), judged
    return events


@pytest.mark.parametrize("name", OBJECTS)
def test_a_webhook_by_a_recipe_is_the_row_of_a_file(root: Path, name: str) -> None:
    place = root / "tests/fixtures/recipes" / OBJECTS[name]
    text = place.read_text()
    objects = json.loads(text) if text.startswith("[") else [json.loads(line) for line in text.splitlines()]
    (batch,) = read_batches(place, load_mapping(name))
    rows = batch.fixed.to_pylist()
    found = Webhooks(root / "nothing").find(name)
    assert isinstance(found, Mapping)

    events = [event for one in objects for event in sent(one, found)]

    assert len(events) == len(rows)
    for n, (event, row) in enumerate(zip(events, rows, strict=True)):
        for field in ("event", "type", "sent_event", "user_id", "anonymous_id", "order_id", "revenue", "currency"):
            assert getattr(event, field) == row[field], (n, field)
        assert event.time == int(row["time"].timestamp() * 1e6)
        assert [list(pair) for pair in event.external_ids] == json.loads(row["external_ids"] or "[]")
        if row["message_id"] is not None:
            assert event.message_id == row["message_id"]
        properties = {key: values[n].as_py() for key, values in batch.properties.items() if values[n].is_valid}
        assert json.loads(event.properties) == properties | json.loads(row["rest"] or "{}")


def test_contacts_are_identified_with_traits() -> None:
    (event,) = sent(
        {"contact": {"id": 7, "email": "A@b.example"}, "Job Title": "nurse", "updated_at": "2024-01-01T00:00:00Z"},
        check_live(load_mapping("crm"), "crm"),
    )

    assert (event.type, event.event, event.user_id) == ("identify", "Identified", "7")
    assert event.external_ids == (("email", "a@b.example"),)
    assert json.loads(event.traits or "")["profession"] == "nurse"


def test_the_same_object_again_is_the_same_event() -> None:
    mapping = mapping_of({"person": "who", "event_value": "Seen"}, where="x.toml")
    first, again, other = (sent({"who": "anna", "n": n}, mapping)[0].message_id for n in (1, 1, 2))

    assert first == again != other


def test_a_list_is_opened() -> None:
    mapping = mapping_of(
        {"person": "who", "event_value": "Bought", "explode": "lines", "revenue": "sum"}, where="x.toml"
    )
    events = sent({"who": "anna", "lines": [{"sum": 1}, {"sum": 2}]}, mapping)

    assert [(event.user_id, event.revenue) for event in events] == [("anna", 1.0), ("anna", 2.0)]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"event_value": "x"}, "expected who"),
        ({"person": "a"}, "expected who"),
        ({"person": "a", "event": "e", "date": "d"}, "`date` is for files"),
        ({"person": "a", "colour": "e"}, 'has the key "colour"'),
    ],
)
def test_what_a_webhook_cannot_be_read_by_is_told(table: dict[str, Any], said: str) -> None:
    with pytest.raises(BadMapping, match=said):
        mapping_of(table, where="x.toml")


def test_a_tool_s_files_are_no_webhooks(tmp_path: Path) -> None:
    assert [Webhooks(tmp_path).find(name) for name in ("ga4", "segment", "mixpanel", "nothing")] == [None] * 4


def test_webhooks_load_nothing_that_reads_history() -> None:
    code = "import sys, sojourn.api.webhooks; print([m for m in ('pyarrow', 'numba', 'numpy') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
