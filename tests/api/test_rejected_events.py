from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from sojourn.api.rejected_events import discard, rejected_event, rejected_events, replay, replay_all
from sojourn.records.errors import BadOption
from sojourn.records.rejected import Reason, Rejected
from sojourn.store.audit import audit_log
from sojourn.store.folder import create_folder
from sojourn.store.log import Log
from sojourn.store.quarantine import keep_rejected
from sojourn.store.sources import create_key

if TYPE_CHECKING:
    from pathlib import Path

    from sojourn.store.folder import Folder


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """With a server source `till`, three messages of it without a name or a person, and a bad row of a file."""
    folder = create_folder(tmp_path)
    create_key(folder, "till")
    said = [
        Rejected("till", 1, Reason.NO_EVENT, "no name", b'{"type":"track","userId":"anna","messageId":"m1"}'),
        Rejected("till", 2, Reason.NO_EVENT, "no name", b'{"event":"Bought","type":"track","userId":"ben"}'),
        Rejected(
            "till", 3, Reason.NO_PERSON, "nobody", b'{"type":"track","event":"Bought","properties":{"distinct_id":""}}'
        ),
    ]
    keep_rejected(folder, "till", said)
    keep_rejected(folder, "import", [Rejected("/logs/a.csv", 7, Reason.BAD_TIME, "no time", b"anna,yesterday")])
    return folder


def the(folder: Folder, reason: str, place: int = 0) -> str:
    return rejected_events(folder, reason=reason).rows[place].id


def test_rows_by_reason_and_source(folder: Folder) -> None:
    found = rejected_events(folder)

    assert (found.rejected, found.page, found.pages) == (4, 1, 1)
    assert found.reasons == {"no_event": 2, "bad_time": 1, "no_person": 1}
    assert found.sources == ("import", "till")
    assert [row.where for row in rejected_events(folder, source="import").rows] == ["/logs/a.csv, line 7"]
    assert rejected_events(folder, reason="no_event", source="import").rows == ()
    assert {row.replayable for row in rejected_events(folder, source="till").rows} == {True}


def test_a_mended_message_is_accepted_once_and_at_the_time_it_came(folder: Folder) -> None:
    row = the(folder, "no_event")
    mended = {**json.loads(rejected_event(folder, row).raw), "event": "Bought"}

    assert replay(folder, row, json.dumps(mended), who="eve") is None

    [(_, event)] = Log(folder).read(-1)
    assert (event.source, event.event, event.user_id, event.message_id) == ("till", "Bought", "anna", "m1")
    assert event.proven, "a server key's user ids are"
    assert rejected_events(folder).rejected == 3
    assert audit_log(folder)[0].what == "sent a rejected event again"
    with pytest.raises(BadOption, match="not in quarantine any more"):
        rejected_event(folder, row)


def test_what_is_still_wrong_says_why_and_stays(folder: Folder) -> None:
    row = the(folder, "no_event")

    still = replay(folder, row, '{"type":"track","userId":"anna"}', who="eve")
    assert still is not None
    assert still.reason is Reason.NO_EVENT
    broken = replay(folder, row, '{"type":', who="eve")
    assert broken is not None
    assert broken.reason is Reason.BAD_JSON
    listed = replay(folder, row, "[1]", who="eve")
    assert listed is not None
    assert rejected_events(folder).rejected == 4
    assert Log(folder).read(-1) == []


def test_a_row_of_a_file_is_mended_in_its_file(folder: Folder) -> None:
    row = rejected_event(folder, the(folder, "bad_time"))

    assert not row.replayable
    with pytest.raises(BadOption, match="cannot be sent again from here"):
        replay(folder, row.id, "{}", who="eve")


def test_all_of_a_reason_are_sent_again_and_thrown_away(folder: Folder) -> None:
    assert replay_all(folder, reason="no_event", source=None, who="eve") == (1, 1)
    assert [event.user_id for _, event in Log(folder).read(-1)] == ["ben"]
    assert rejected_events(folder).reasons == {"bad_time": 1, "no_event": 1, "no_person": 1}

    assert discard(folder, who="eve", reason="bad_time") == 1
    assert discard(folder, who="eve", row=the(folder, "no_person")) == 1
    assert rejected_events(folder).reasons == {"no_event": 1}


def test_pages_end(folder: Folder) -> None:
    many = [Rejected("till", n, Reason.BAD_TYPE, "what", str(n).encode()) for n in range(120)]
    keep_rejected(folder, "till", many)

    found = [rejected_events(folder, reason="bad_type", page=page) for page in (0, 1, 3, 99)]
    assert [(one.page, one.pages, len(one.rows)) for one in found] == [(1, 3, 50), (1, 3, 50), (3, 3, 20), (3, 3, 20)]
    assert (
        len({row.id for page in (1, 2, 3) for row in rejected_events(folder, reason="bad_type", page=page).rows}) == 120
    )


def test_a_source_without_keys_may_do_what_a_browser_may(folder: Folder) -> None:
    keep_rejected(folder, "gone", [Rejected("gone", 1, Reason.NO_EVENT, "no name", b'{"userId":"anna"}')])
    row = rejected_events(folder, source="gone").rows[0].id

    still = replay(folder, row, '{"type":"track","event":"Person Erased","userId":"anna"}', who="eve")
    assert still is not None
    assert still.reason is Reason.NOT_ALLOWED
