"""The lines that documentation and console offer for copying, run as they stand: the event arrives."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from sojourn.api.sdk_lines import FIRST_EVENT, lines_for

if TYPE_CHECKING:
    from pathlib import Path

    from tests.clients.conftest import Shop

pytestmark = pytest.mark.long


def command(language: str, code: str) -> list[str]:
    if language == "python":
        return [sys.executable, "-W", "ignore", "-c", code]
    return ["node", "-e", code] if language == "javascript" else ["sh", "-c", code]


@pytest.mark.parametrize("client", [one.client for one in lines_for("", "server", "http://h:1")])
def test_a_program_of_the_documentation_sends_its_event(client: str, shop: Shop, node_clients: Path) -> None:
    key = shop.open([])
    lines = {one.client: one for one in lines_for(key, "server", shop.door.url)}[client]
    environment = {**os.environ, "NODE_PATH": str(node_clients / "node_modules")}

    subprocess.run(command(lines.language, lines.code), check=True, capture_output=True, timeout=60, env=environment)

    [event] = shop.wait_for(1)
    assert (event.event, event.user_id) == (FIRST_EVENT, "anna")
