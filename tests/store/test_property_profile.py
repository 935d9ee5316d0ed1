"""The profile of properties: which there are, and on which events."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import sojourn
from sojourn.store.events import EventsTable
from sojourn.store.property_profile import property_rows

if TYPE_CHECKING:
    from pathlib import Path


def test_rows_by_property_and_event(tmp_path: Path) -> None:
    """Three views with a price, one order with revenue; lists and objects are left out."""
    lines = [
        {
            "type": "track",
            "event": "Order Completed" if number == 3 else "Product Viewed",
            "userId": f"u{number}",
            "timestamp": f"2024-01-01T00:0{number}:00Z",
            "properties": {"revenue": 5.0, "products": [1]} if number == 3 else {"price": 2.5, "size": {"w": 1}},
        }
        for number in range(4)
    ]
    (tmp_path / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    journeys = sojourn.read(tmp_path / "log.jsonl")

    found = property_rows(EventsTable(journeys.index.folder.events).read())

    assert found["price"] == {"Product Viewed": 3}
    assert found["revenue"] == {"Order Completed": 1}
    assert not {"products", "size"} & set(found)
