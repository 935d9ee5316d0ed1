"""The unmodified Node clients of Segment, RudderStack and PostHog: each event exactly once, its time right to two seconds.

Also when the server answers 500 or 429 first, cuts the connection, or its answer is lost after the events are durable; and when every
request comes again byte for byte.
"""

from __future__ import annotations

import datetime as dt
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.clients.arrived import AGO, check

if TYPE_CHECKING:
    from tests.clients.conftest import Shop
    from tests.clients.door import Fault

pytestmark = pytest.mark.long

NAMES = ["Identified", "Bought", "Page Viewed"]
FAULTS: dict[str, list[Fault]] = {
    "none": [],
    "500": ["500", "500"],
    "429": ["429"],
    "cut": ["cut"],
    "lost answer": ["lost answer"],
    # RudderStack's client tries four times in all.
    "three of them": ["500", "lost answer", "cut"],
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("client", ["segment", "rudder", "posthog"])
def test_each_event_exactly_once_at_its_time(client: str, fault: str, shop: Shop, node_clients: Path) -> None:
    key = shop.open(FAULTS[fault])
    script = Path(__file__).with_name("send.mjs")
    before = dt.datetime.now(dt.UTC)
    then = before - AGO

    done = subprocess.run(
        ["node", script, client, node_clients, shop.door.url, key, then.isoformat()],
        timeout=90,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    check(shop.wait_for(len(NAMES)), NAMES, then, before)
    assert not shop.door.faults, "every fault happened"
    assert shop.door.replay() >= 1
    check(shop.events(), NAMES, then, before)
