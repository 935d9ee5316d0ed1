"""A data folder into one file and back: whole, or not at all."""

from __future__ import annotations

import io
import tarfile
from typing import TYPE_CHECKING, Literal

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.store.everything import mentions

from sojourn.app.backup import back_up, restore
from sojourn.app.keeper import Keeper, KeeperOptions
from sojourn.app.live import worker_of
from sojourn.app.outbound import Outbound
from sojourn.app.profile_export import tell_moves
from sojourn.records.errors import BadBackup, BadOption, FolderBusy, SendsHeld
from sojourn.records.event import Event
from sojourn.store.daily_salt import DailySalt
from sojourn.store.erasure import erase
from sojourn.store.events import EventsTable
from sojourn.store.flush import flush
from sojourn.store.folder import Folder, create_folder, open_folder
from sojourn.store.held import held, release, waiting
from sojourn.store.index import open_index
from sojourn.store.log import Log
from sojourn.store.sources import create_key, list_keys
from sojourn.store.state import Changes, Move, State

if TYPE_CHECKING:
    from pathlib import Path

URL = "https://crm.example/hook"
DAY = 86_400_000_000


def quiet(*_: object) -> None:
    """Nobody is told."""


def send(folder: Folder, *users: str, first: int = 0) -> None:
    events = [
        Event("shop", f"m{n}", "track", "Product Viewed", DAY + n, DAY + n, user_id=user)
        for n, user in enumerate(users, first)
    ]
    Log(folder).append(events)


def users_of(folder: Folder) -> list[str]:
    table = EventsTable(folder.events)
    rows = [user for rows in table.scan(table.read(), ["user_id"]) for user in rows["user_id"].to_pylist()]
    return sorted([*rows, *(event.user_id or "" for _, event in Log(folder).read(table.read().seq))])


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """Two events in the table, one in the log alone; a state; a key; a mapping of webhooks; today's salt."""
    made = create_folder(tmp_path / "data")
    send(made, "anna", "ben")
    with made.writing():
        flush(made)
    with worker_of(made) as worker:
        worker.catch_up()
    send(made, "carl", first=2)
    create_key(made, "web")
    (made.path / "webhooks").mkdir()
    (made.path / "webhooks" / "pos.yaml").write_text("event: sold\n")
    DailySalt(made)(DAY)
    return made


def made_of(folder: Folder, tmp_path: Path) -> Path:
    out = tmp_path / "backup.tar.zst"
    back_up(folder, out, say=quiet, progress=quiet)
    return out


def test_what_was_backed_up_comes_back(folder: Folder, tmp_path: Path) -> None:
    done = back_up(folder, tmp_path / "b", say=quiet, progress=quiet)
    again = restore(tmp_path / "b", tmp_path / "new", erased_in=None, progress=quiet)
    new = open_folder(tmp_path / "new")

    assert (done.events, done.waiting) == (again.events, again.waiting) == (2, 1)
    assert new.secret == folder.secret
    assert users_of(new) == ["anna", "ben", "carl"]
    assert [key.source for key in list_keys(new)] == ["web"]
    assert (new.path / "webhooks" / "pos.yaml").read_text() == "event: sold\n"
    with State(new) as state:
        assert state.cursor() == 1
    assert open_index(new).manifest.rows == 3


def test_what_came_after_it_is_not_in_it_and_is_accepted_by_the_new_folder(folder: Folder, tmp_path: Path) -> None:
    out = made_of(folder, tmp_path)
    send(folder, "dora", first=3)
    restore(out, tmp_path / "new", erased_in=None, progress=quiet)
    new = open_folder(tmp_path / "new")

    # A client sends again what it is not sure of: what is known is a duplicate, what is not is taken.
    send(new, "anna", "ben", "carl", "dora")

    assert users_of(new) == ["anna", "ben", "carl", "dora"]


def test_neither_what_is_derived_nor_what_is_to_be_forgotten_is_in_it(folder: Folder, tmp_path: Path) -> None:
    restore(made_of(folder, tmp_path), tmp_path / "new", erased_in=None, progress=quiet)

    names = {path.name for path in (tmp_path / "new").iterdir()}
    assert any(path.name.startswith("daily-salt-") for path in folder.path.iterdir())
    assert names == {
        "control.sqlite", "events", "folder.json", "held.json", "log", "signals.yaml", "state.sqlite", "webhooks",
    }  # fmt: skip


def test_a_file_that_exists_and_a_folder_that_is_not_empty_are_left_alone(folder: Folder, tmp_path: Path) -> None:
    out = made_of(folder, tmp_path)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").touch()

    with pytest.raises(BadOption, match="exists already"):
        back_up(folder, out, say=quiet, progress=quiet)
    with pytest.raises(BadOption, match="part of the next backup"):
        back_up(folder, folder.path / "inside", say=quiet, progress=quiet)
    with pytest.raises(BadOption, match="is not empty"):
        restore(out, tmp_path / "full", erased_in=None, progress=quiet)
    with pytest.raises(BadBackup, match="there is no"):
        restore(tmp_path / "none", tmp_path / "new", erased_in=None, progress=quiet)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backup.tar.zst", "data", "full"]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    place = tmp_path_factory.mktemp("whole")
    made = create_folder(place / "data")
    send(made, "anna")
    return made_of(made, place).read_bytes()


@settings(deadline=None, max_examples=20)
@given(share=st.floats(0, 1, exclude_max=True), change=st.booleans())
def test_a_file_that_was_cut_or_changed_anywhere_is_refused_and_leaves_nothing(
    whole: bytes, tmp_path_factory: pytest.TempPathFactory, share: float, *, change: bool
) -> None:
    place, at = tmp_path_factory.mktemp("cut"), int(share * len(whole))
    changed = bytearray(whole) if change else bytearray(whole[:at])
    if change:
        changed[at] ^= 0x55
    (place / "backup").write_bytes(changed)

    with pytest.raises(BadBackup):
        restore(place / "backup", place / "new", erased_in=None, progress=quiet)
    assert [path.name for path in place.iterdir()] == ["backup"]


@pytest.mark.parametrize("name", ["../outside", "/outside", "a/../../outside"])
def test_a_file_that_would_write_outside_of_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        tar.addfile(tarfile.TarInfo(name))
    (tmp_path / "evil").write_bytes(zstandard.compress(packed.getvalue()))

    with pytest.raises(BadBackup, match="no file of a data folder"):
        restore(tmp_path / "evil", tmp_path / "new", erased_in=None, progress=quiet)
    assert [path.name for path in tmp_path.iterdir()] == ["evil"]


def test_who_was_erased_since_is_erased_in_the_restored_folder_too(folder: Folder, tmp_path: Path) -> None:
    out = made_of(folder, tmp_path)
    with folder.writing():
        erase(folder, "anna")

    restore(out, tmp_path / "with", erased_in=None, progress=quiet)
    done = restore(out, tmp_path / "without", erased_in=folder.path, progress=quiet)
    new = open_folder(tmp_path / "without")
    with worker_of(new) as worker:
        worker.catch_up()

    assert users_of(open_folder(tmp_path / "with")) == ["anna", "ben", "carl"]
    assert users_of(new) == ["ben", "carl"]
    assert done.erased_again == 1
    assert mentions(new.path, "anna") == []
    send(new, "anna", first=9)
    assert users_of(new) == ["anna", "ben", "carl"]  # in the log, and refused on the way into the table
    with new.writing():
        flush(new)
    assert users_of(new) == ["ben", "carl"]


def test_nothing_is_sent_from_a_restored_folder_until_somebody_has_seen_what(folder: Folder, tmp_path: Path) -> None:
    with State(folder) as state:
        moves = [Move(1, "anna", "hot", entered, DAY + n, n) for n, entered in enumerate([True, False, True])]
        state.write(Changes(moves=moves), cursors={f"webhook {URL}": 1})
    out = made_of(folder, tmp_path)
    outbound = Outbound(URL, "whsec_c2VjcmV0")

    names: tuple[Literal["send", "drop"], ...] = ("send", "drop")
    for name in names:
        restore(out, tmp_path / name, erased_in=None, progress=quiet)
        new = open_folder(tmp_path / name)
        with pytest.raises(SendsHeld, match="restore --release"):
            tell_moves(new, outbound, URL)
        (one,) = waiting(new)
        assert (one.receiver, one.moves) == (URL, 2)
        assert one.first == "anna left hot at 1970-01-02 00:00:00"
        release(new, name, who="anna")
        assert held(new) is None
        assert [one.moves for one in waiting(new)] == [2 if name == "send" else 0]


def test_no_day_of_the_log_is_dropped_while_a_backup_copies_it(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    keeper = Keeper(folder, KeeperOptions())
    asked: list[str] = []

    def drop_days(_log: Log, _through: int, *, before: str) -> list[str]:
        asked.append(before)
        return []

    monkeypatch.setattr(Log, "drop_days", drop_days)

    with folder.alone("backup"):
        keeper.care()
    assert asked == []
    keeper.care()
    assert len(asked) == 1


def test_what_a_killed_backup_left_goes_with_the_next_look_and_two_do_not_run_at_once(
    folder: Folder, tmp_path: Path
) -> None:
    left = folder.path / ".backup-killed"
    left.mkdir()
    Keeper(folder, KeeperOptions()).care()
    assert not left.exists()

    with folder.alone("backup"), pytest.raises(FolderBusy, match="backup"):
        back_up(folder, tmp_path / "b", say=quiet, progress=quiet)
