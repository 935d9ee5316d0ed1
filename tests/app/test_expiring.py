"""Events expire by the settings, by hand, and in a folder that is restored; the collector refuses what would."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

import pytest
from tests.collect.arrivals import NOON, arrival, reasons
from tests.store.log_events import event
from tests.store.rows import stored_values
from typer.testing import CliRunner

from sojourn.app.backup import back_up, restore
from sojourn.app.cli import app
from sojourn.app.expiring import expire_due
from sojourn.app.keeper import KeeperOptions, keep_once
from sojourn.collect.accept import accept
from sojourn.collect.arrival import Draft
from sojourn.records.errors import BadOption
from sojourn.store.audit import audit_log
from sojourn.store.expiry import expiries
from sojourn.store.expiry_limit import limit_of
from sojourn.store.folder import Folder, create_folder, open_folder
from sojourn.store.log import Log
from sojourn.store.settings import Settings, save_settings

if TYPE_CHECKING:
    from pathlib import Path

FAR = 4_000_000_000
"""A second after 2024 that no clock here has reached: an event of then never expires."""


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """One event of 2024, and one that no day has reached yet."""
    made = create_folder(tmp_path / "data")
    Log(made).append([event("m1", user="anna"), event("m2", second=FAR, user="ben")])
    return made


def test_the_keeper_does_what_the_settings_say_once(folder: Folder) -> None:
    keep_once(folder, KeeperOptions())
    assert stored_values(folder, "user_id") == ["anna", "ben"], "without a setting nothing expires"
    save_settings(folder, Settings(events_days=30))

    for _ in range(2):
        keep_once(folder, KeeperOptions())

    assert stored_values(folder, "user_id") == ["ben"]
    [line] = audit_log(folder)
    assert (line.who, line.what, line.detail["events"]) == ("keeper", "removed expired events", 1)
    assert len(expiries(folder)) == 1


def test_by_hand_it_says_what_went_and_asks_first(folder: Folder) -> None:
    command = ["retain", "--days", "30", "--data", str(folder.path)]

    asked = CliRunner().invoke(app, command, input="n\n")
    assert "1 event of 2024-01-01 and later happened before" in asked.output
    assert limit_of(folder) < 0, "nothing was begun"
    done = json.loads(CliRunner().invoke(app, [*command, "--yes", "--json"]).stdout)
    assert (done["receipt"]["events"], done["live"]) == (1, True)
    again = CliRunner().invoke(app, [*command, "--yes"]).stdout
    assert "nothing has expired since the last run" in again
    with pytest.raises(BadOption, match="events are kept for ever here"):
        CliRunner().invoke(app, ["retain", "--yes", "--data", str(folder.path)], catch_exceptions=False)


def test_what_had_expired_is_not_in_a_restored_folder(folder: Folder, tmp_path: Path) -> None:
    def quiet(*_: object) -> None:
        """Tell nobody."""

    back_up(folder, tmp_path / "b", say=quiet, progress=quiet)
    save_settings(folder, Settings(events_days=30))
    expire_due(folder, who="test")

    restore(tmp_path / "b", tmp_path / "new", erased_in=folder.path, progress=quiet)

    new = open_folder(tmp_path / "new")
    assert stored_values(new, "user_id") == ["ben"]
    assert limit_of(new) == limit_of(folder)


def test_the_collector_refuses_what_has_expired_and_keeps_nothing_of_it() -> None:
    def judged(said: int, oldest: int | None) -> list[str]:

        came = dataclasses.replace(arrival(received_at=NOON), oldest=oldest)
        found = accept(Draft("track", "view", user_id="anna", said=said, sent=NOON), came, 1, b'{"userId": "anna"}')
        assert getattr(found, "raw", b"") == b""
        return reasons([found])

    assert judged(NOON - 10, NOON - 9) == ["expired"]
    assert judged(NOON - 9, NOON - 9) == ["accepted"]
    assert judged(NOON - 10, None) == ["accepted"]
