"""Who people are, for other systems: live profiles, members of segments, and moves told to a receiver."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest
from tests.app.test_outbound import Crm
from typer.testing import CliRunner

from sojourn.app.cli import app
from sojourn.app.live import worker_of
from sojourn.app.outbound import Delivered, Outbound
from sojourn.app.profile_export import export_profiles, tell_moves
from sojourn.records.errors import BadOption
from sojourn.records.event import Event
from sojourn.store.folder import Folder, create_folder
from sojourn.store.log import Log

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from sojourn.app.outbound import Delivery

NOON = 1_705_312_800_000_000
CATALOGUE = """\
version: 1
signals:
  - {name: views, kind: behavioral, says: Looks at products, pattern: count, of: Product Viewed}
scores:
  - name: interest
    says: How interested
    base: 10
    terms:
      - {signal: views, weight: 5}
segments:
  - {name: keen, says: Looked at two products, where: signal.views >= 2}
"""


def event(n: int, user: str, name: str = "Product Viewed", **more: Any) -> Event:
    return Event("shop", f"m{n}", "track", name, NOON + n, NOON + n, user_id=user, **more)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """Anna looked at three products, Ben at one."""
    made = create_folder(tmp_path / "data")
    (made.path / "signals.yaml").write_text(CATALOGUE)
    mail = (("email", "anna@shop.example"),)
    traits = json.dumps({"stage": "lead", "interests": ["tea; coffee"]})
    Log(made).append(
        [
            event(0, "anna", external_ids=mail, proven=True, traits=traits),
            event(1, "anna"),
            event(2, "ben"),
            event(3, "anna"),
        ]
    )
    with worker_of(made) as worker:
        worker.catch_up()
    return made


def exported(folder: Folder, what: Any, form: Any) -> bytes:
    out = io.BytesIO()
    export_profiles(folder, what, out, form, progress=lambda _what, _done, _of: None)
    return out.getvalue()


def test_profiles_as_json_lines(folder: Folder) -> None:
    rows = {row["person"]: row for row in map(json.loads, exported(folder, "profiles", "jsonl").splitlines())}

    assert set(rows) == {"anna", "ben"}
    assert rows["anna"]["score_interest"] == 25.0  # 10 and 5 for each of three views
    assert (rows["anna"]["segments"], rows["ben"]["segments"]) == (["keen"], [])
    assert rows["anna"]["traits"] == {"stage": "lead", "interests": ["tea; coffee"]}
    assert (rows["anna"]["user_ids"], rows["anna"]["events"]) == (["anna"], 3)
    assert rows["ben"]["first_seen"].startswith("2024-01-15T10:00:00")


def test_profiles_are_the_same_in_every_format(folder: Folder) -> None:
    lines = {row["person"]: row for row in map(json.loads, exported(folder, "profiles", "jsonl").splitlines())}
    cells = {row["person"]: row for row in csv.DictReader(io.StringIO(exported(folder, "profiles", "csv").decode()))}
    table = {
        row["person"]: row for row in pq.read_table(io.BytesIO(exported(folder, "profiles", "parquet"))).to_pylist()
    }

    for person, row in lines.items():
        assert (
            table[person]["segments"] == row["segments"] == [one for one in cells[person]["segments"].split(";") if one]
        )
        assert json.loads(table[person]["traits"]) == row["traits"] == json.loads(cells[person]["traits"])
        assert table[person]["score_interest"] == row["score_interest"] == float(cells[person]["score_interest"])
        assert table[person]["first_seen"].isoformat() == row["first_seen"] == cells[person]["first_seen"]


def test_members_of_segments(folder: Folder) -> None:
    (row,) = map(json.loads, exported(folder, "segments", "jsonl").splitlines())

    assert (row["segment"], row["person"]) == ("keen", "anna")


def test_without_a_worker_there_are_no_profiles(tmp_path: Path) -> None:
    with pytest.raises(BadOption, match="sojourn worker"):
        exported(create_folder(tmp_path / "data"), "profiles", "jsonl")


class Receiver(Outbound):
    """Takes so many deliveries, then fails."""

    def __init__(self, most: int) -> None:
        super().__init__("https://crm.example/", "whsec_c2VjcmV0")
        self.most, self.got = most, list[dict[str, Any]]()

    def send(self, deliveries: Iterable[Delivery], taken: Callable[[int], object]) -> Delivered:
        for delivery in deliveries:
            if len(self.got) == self.most:
                raise ConnectionError
            self.got.append(json.loads(delivery.body))
            taken(delivery.place)
        return Delivered(len(self.got), (), 0)


def test_each_move_is_told_and_after_a_failure_the_next_run_goes_on_there(folder: Folder) -> None:
    Log(folder).append([event(10, "ben"), event(11, "ben"), event(12, "cleo"), event(13, "cleo")])
    with worker_of(folder) as worker:
        worker.catch_up()
    first, second, third = Receiver(1), Receiver(9), Receiver(9)
    with pytest.raises(ConnectionError):
        tell_moves(folder, first, "https://crm.example/")
    tell_moves(folder, second, "https://crm.example/")
    tell_moves(folder, third, "https://crm.example/")

    told = [(one["type"], one["data"]["person"]) for one in (*first.got, *second.got)]
    assert sorted(told) == [("segment.entered", person) for person in ("anna", "ben", "cleo")]
    assert third.got == []
    other = Receiver(9)
    tell_moves(folder, other, "https://other.example/")
    assert len(other.got) == 3  # each receiver has a place of its own


def test_the_command_writes_profiles_as_the_file_is_called(folder: Folder, tmp_path: Path) -> None:
    written = {}
    for name in ("people.csv", "people.parquet", "people.json", "as_said.txt"):
        form = ["--format", "csv"] if name == "as_said.txt" else []
        said = ["export", "profiles", *form, "--out", str(tmp_path / name), "--data", str(folder.path)]
        assert CliRunner().invoke(app, said).exit_code == 0
        written[name] = (tmp_path / name).read_bytes()

    assert len(written["people.csv"].splitlines()) == 3
    assert written["as_said.txt"] == written["people.csv"]
    assert (written["people.parquet"][:4], written["people.json"][:1]) == (b"PAR1", b"{")


@pytest.mark.parametrize(
    "said",
    [
        ["profiles", "--format", "segment"],
        ["events", "--format", "jsonl"],
        ["profiles", "--where", "event = 'x'"],
        ["profiles", "--follow"],
        ["profiles", "--webhook", "https://crm.example/"],
        ["segments", "--webhook", "http://crm.example/"],
        ["segments", "--webhook", "https://127.0.0.1/"],
    ],
)
def test_options_that_do_not_go_together_are_refused(folder: Folder, said: list[str]) -> None:
    done = CliRunner().invoke(app, ["export", *said, "--data", str(folder.path)])

    assert done.exit_code == 1
    assert done.exception is not None


def test_the_command_tells_a_receiver_once(folder: Folder) -> None:
    crm = Crm()
    said = ["export", "segments", "--webhook", crm.url, "--allow-private", "--data", str(folder.path)]
    try:
        crm.answers = [503]
        done = [CliRunner().invoke(app, said) for _ in range(2)]
    finally:
        crm.close()

    assert [one.exit_code for one in done] == [0, 0]
    assert [json.loads(body)["data"]["person"] for _, body in crm.asked] == ["anna", "anna"]
    assert len({headers["webhook-id"] for headers, _ in crm.asked}) == 1
