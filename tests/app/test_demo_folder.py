"""The folder of the demo: made once, begun anew on demand, and nobody else's ever touched."""

from __future__ import annotations

import datetime as dt
import gzip
from typing import TYPE_CHECKING

import msgspec
import pytest

from sojourn.app.demo_folder import (
    Demo,
    Keys,
    find_demo,
    make_demo,
    remove_demo,
    since_began,
    until_now,
    with_consent,
)
from sojourn.records.errors import BadOption, FolderBusy
from sojourn.store.folder import create_folder, open_folder
from sojourn.store.query import run_query
from sojourn.store.sources import find_source, list_keys
from sojourn.store.users import list_users

if TYPE_CHECKING:
    from pathlib import Path


def a_demo(data: Path, *, whole: bool = True) -> Demo:
    folder = create_folder(data)
    made = Demo("2025-11-22T12:00:00Z", 7, 20, whole=whole, keys=Keys("a", "b", "c", "required"))
    (folder.path / "demo.json").write_bytes(msgspec.json.encode(made))
    return made


def test_nothing_is_there_before_the_first_start(tmp_path: Path) -> None:
    assert find_demo(tmp_path / "none") is None
    assert find_demo(tmp_path) is None
    remove_demo(tmp_path)
    assert tmp_path.exists()


@pytest.mark.parametrize("name", ["letter.txt", "folder.json"])
def test_a_folder_that_the_demo_did_not_make_is_refused_and_kept(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")

    for act in (find_demo, remove_demo):
        with pytest.raises(BadOption, match="left as it is; name another one with --data"):
            act(tmp_path)
    assert (tmp_path / name).read_text() == "mine"


def test_a_file_in_its_place_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()

    with pytest.raises(BadOption, match="no folder of `sojourn demo`"):
        remove_demo(file)


def test_a_demo_that_cannot_be_read_is_not_deleted(tmp_path: Path) -> None:
    (tmp_path / "demo.json").write_text('{"made_at": 1}')

    with pytest.raises(BadOption, match="delete it by hand"):
        remove_demo(tmp_path)


def test_a_demo_that_runs_is_not_deleted(tmp_path: Path) -> None:
    data = tmp_path / "demo"
    a_demo(data)
    with open_folder(data).alone("worker"), pytest.raises(FolderBusy, match=r"is the worker of .*; end it first"):
        remove_demo(data)
    remove_demo(data)

    assert not data.exists()


def test_keys_are_made_anew_only_when_consent_changes(tmp_path: Path) -> None:
    data = tmp_path / "demo"
    demo = a_demo(data)

    assert with_consent(data, demo, "required") == demo.keys
    keys = with_consent(data, demo, "assumed")

    folder = open_folder(data)
    assert [(key.source, key.kind, key.consent) for key in list_keys(folder)] == [
        ("shop", "browser", "assumed"),
        ("shop", "server", "assumed"),
        ("simulated", "server", "assumed"),
    ]
    shop = find_source(folder, keys.browser)
    assert shop is not None
    assert shop.name == "shop"
    again = find_demo(data)
    assert again is not None
    assert with_consent(data, again, "assumed") == keys
    assert (data / "demo.json").stat().st_mode & 0o777 == 0o600


def test_what_has_not_happened_yet_is_left_out(tmp_path: Path) -> None:
    lines = [f'{{"messageId":"m{n}","receivedAt":"2025-11-22T12:00:0{n}.000Z"}}\n' for n in range(5)]
    log = tmp_path / "events.jsonl.gz"
    log.write_bytes(gzip.compress("".join(lines).encode()))

    kept = until_now(log, dt.datetime(2025, 11, 22, 12, 0, 2, 500_000, dt.UTC))

    assert gzip.decompress(kept.read_bytes()).decode() == "".join(lines[:3])
    assert not log.exists()


@pytest.mark.long
def test_a_month_ends_now_and_is_a_data_folder(tmp_path: Path) -> None:
    told: list[str] = []
    demo = make_demo(tmp_path / "demo", days=7, persons=60, tell=told.append)

    assert find_demo(tmp_path / "demo") == demo
    assert demo.whole
    assert demo.keys is not None
    folder = open_folder(tmp_path / "demo")
    assert [(user.name, user.role, user.has_password) for user in list_users(folder)] == [("demo", "admin", True)]
    asked = "select count(*), epoch(now() - max(received_at)), epoch(max(time) - min(time)) / 86400 from events"
    table, _ = run_query(folder, asked, most=1, timeout_s=60, memory_mb=500)
    (events,), (age_s,), (days,) = (column.to_pylist() for column in table.columns)
    assert "60 simulated people" in told[-2]
    assert events > 300
    # 60 people are not there every minute, and nobody has come from the future.
    assert 0 < age_s < 86_400
    assert 5 < days < 7
    assert sorted(path.name for path in (folder.path / "simulated").iterdir()) == [
        *("ad_spend.csv", "products.csv", "truth.json", "truth.jsonl"),
    ]


def test_make_tells_when_it_began(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOJOURN_DEMO_BEGAN", "1")
    assert (since_began() or 0) > 1e9
    monkeypatch.setenv("SOJOURN_DEMO_BEGAN", "soon")
    assert since_began() is None
