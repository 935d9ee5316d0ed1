"""What happened earlier and is told later lands at its own time: a till's receipts come with two days' delay."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.collect.arrivals import arrival

from sojourn.app.importing import import_files
from sojourn.app.reading import open_journeys
from sojourn.collect.imports.mapping import Mapping, load_mapping
from sojourn.collect.protocols.segment import open_request, read_request
from sojourn.records.event import Event
from sojourn.store.folder import create_folder, open_folder
from sojourn.store.log import Log

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sojourn.analyse.journeys import Journeys

THE_17TH = 1_705_485_600_000_000
"""2024-01-17 10:00 UTC in microseconds."""
WEB = """\
user,card,when,what,channel
anna,77,2024-01-15 17:20:00,Product Viewed,ads
anna,,2024-01-15 17:25:00,Directions Viewed,
anna,,2024-01-16 09:00:00,Page Viewed,mail
ben,,2024-01-15 10:00:00,Product Viewed,mail
"""
RECEIPTS = "Bon;Datum;Kundenkarte;Betrag\nB-1;15.01.2024 17:45;77;39,90\n"


def by_file(data: Path, place: Path) -> None:
    """The receipts of the 15th, exported on the 17th."""
    (place / "kasse.csv").write_text(RECEIPTS)
    import_files([place / "kasse.csv"], data, load_mapping("pos"), source="pos")


def by_till(data: Path, _place: Path) -> None:
    """A till that was offline sends on the 17th what it sold on the 15th."""
    message: dict[str, Any] = {
        "type": "track", "event": "Store Purchase Completed", "messageId": "B-1", "timestamp": "2024-01-15T17:45:00Z",
        "properties": {"order_id": "B-1", "revenue": 39.9}, "context": {"externalIds": {"loyalty_card": "77"}},
    }  # fmt: skip
    judged = read_request(open_request(json.dumps(message).encode()), arrival(received_at=THE_17TH))
    Log(open_folder(data)).append([one for one in judged if isinstance(one, Event)])


@pytest.fixture(params=[by_file, by_till], ids=["file", "till"])
def journeys(request: pytest.FixtureRequest, tmp_path: Path) -> Journeys:
    """The web's log asked on the 16th; then the store's purchase came, and it is asked again."""
    tell: Callable[[Path, Path], None] = request.param
    data = create_folder(tmp_path / "data").path
    (tmp_path / "web.csv").write_text(WEB)
    mapping = Mapping(person="user", time="when", event="what", external_ids=(("loyalty_card", "card"),))
    import_files([tmp_path / "web.csv"], data, mapping, source="web")
    before = open_journeys(data)
    assert (before.sessions().longest, "Store Purchase Completed" in before.events) == (2, False)
    tell(data, tmp_path)
    return open_journeys(data)


def test_the_purchase_is_in_the_session_in_which_it_happened(journeys: Journeys) -> None:
    found = journeys.sessions()

    # Anna's 17:20, 17:25 and 17:45 are one visit, her next morning another, Ben's the third.
    assert (found.sessions, found.persons, found.events, found.longest) == (3, 2, 5, 3)


def test_the_purchase_ends_the_funnel_that_led_to_it(journeys: Journeys) -> None:
    found = journeys.funnel(["Product Viewed", "Store Purchase Completed"], within="1h")
    too_late = journeys.funnel(["Page Viewed", "Store Purchase Completed"])

    assert [step.count for step in found.steps] == [2, 1]
    assert [step.count for step in too_late.steps] == [1, 0]  # the page of the 16th came after it


def test_the_purchase_is_credited_to_what_came_before_it(journeys: Journeys) -> None:
    found = journeys.attribution(goal="Store Purchase Completed", touch="channel", models=["last"])

    credited = {channel: one.conversions for channel, one in found.models["last"].items() if one.conversions}
    assert credited == {"ads": 1.0}  # the mail of the 16th did not bring Anna to the shop on the 15th
    assert found.value == pytest.approx(39.9)


def test_the_timeline_has_it_in_its_place(journeys: Journeys) -> None:
    first, second = journeys.person("anna").sessions

    assert [event.event for event in first.timeline] == [
        "Product Viewed",
        "Directions Viewed",
        "Store Purchase Completed",
    ]
    assert [event.event for event in second.timeline] == ["Page Viewed"]
