"""`sojourn import` from outside: its last line, its exit code, and what it says of several files, archives and pipes."""

from __future__ import annotations

import gzip
import json
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from sojourn.app.cli import app
from sojourn.records.errors import BadFile, BadMapping, BadOption

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

LOG = "user,time,event\nanna,2024-01-02 10:00,view\nben,2024-01-02 10:01,buy\n"


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.csv").write_text(LOG)
    (tmp_path / "b.csv").write_text("visitor;when;what\ncarl;2024-01-03 09:00;view\n,2024-01-03;view\n")
    (tmp_path / "letter.txt").write_text("Dear reader,\nthis is no log.\n")
    (tmp_path / "folder").mkdir()
    return tmp_path


def run(*arguments: str, given: bytes | None = None) -> Result:
    """The command; what it raises is raised, exits are not."""
    result: Any = CliRunner().invoke(app, ["import", *arguments, "--data", "data"], input=given)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def last(result: Result) -> str:
    return str(result.stdout).splitlines()[-1]


def test_the_last_line_counts_and_nothing_bad_is_exit_zero() -> None:
    result = run("a.csv")

    assert last(result) == "read 2 rows: imported 2 events, 0 duplicates skipped, 0 rejected; 2 persons"
    assert result.exit_code == 0
    assert last(run("a.csv")).startswith("read 2 rows: imported 0 events, 2 duplicates skipped")


def test_rows_in_quarantine_are_exit_three_and_the_json_line_has_the_contract() -> None:
    result = run("b.csv", "--event", "what", "--json")

    counts = json.loads(last(result))
    assert result.exit_code == 3
    assert (counts["read"], counts["imported"], counts["duplicates"], counts["repeated"], counts["rejected"], counts["persons"]) == (2, 1, 0, 0, 1, 1)  # fmt: skip
    assert "1 row is in quarantine; see `sojourn events --rejected --data data`" in result.stderr


def test_of_several_files_those_that_are_no_log_are_skipped_and_named() -> None:
    result = run("a.csv", "letter.txt", "folder", "nowhere.csv", "b.csv")

    assert result.exit_code == 1
    assert last(result) == (
        "read 4 rows: imported 3 events, 0 duplicates skipped, 1 rejected; 3 persons; 3 of the files skipped"
    )
    assert "sojourn: skipped: letter.txt: no column looks like a person" in result.stderr
    assert "sojourn: skipped: folder is a folder" in result.stderr
    assert "sojourn: skipped: there is no file nowhere.csv" in result.stderr


def test_of_several_files_each_guess_is_told_once_with_the_file_it_is_for(place: Path) -> None:
    (place / "a2.csv").write_text(LOG.replace("anna", "dora"))

    result = run("a.csv", "a2.csv", "b.csv")

    told = result.stderr.splitlines()
    assert told[0] == "a.csv:"
    assert "a2.csv:" not in told
    assert "b.csv:" in told


def test_a_file_alone_that_is_no_log_is_an_error(place: Path) -> None:
    with pytest.raises(BadMapping, match="no column looks like a person"):
        run("letter.txt")
    with pytest.raises(BadFile, match="there is no file"):
        run("nowhere.csv")
    assert not (place / "data" / "events" / "bucket=fresh").exists()


def test_standard_input_and_patterns() -> None:
    assert last(run("-", given=LOG.encode())).startswith("read 2 rows: imported 2")
    assert last(run("a*.csv")).startswith("read 2 rows: imported 0 events, 2 duplicates")


def test_an_archive_is_one_import_of_all_its_files() -> None:
    with zipfile.ZipFile("export.zip", "w") as archive:
        for hour in range(3):
            line = json.dumps(
                {"user_id": "anna", "event_type": "x", "event_time": f"2024-01-02 0{hour}:00:00", "uuid": f"u{hour}"}
            )
            archive.writestr(f"42/42_2024-01-02_{hour}#1.json.gz", gzip.compress(line.encode() + b"\n{broken\n"))

    result = run("export.zip", "--mapping", "amplitude")

    assert last(result) == "read 6 rows: imported 3 events, 0 duplicates skipped, 3 rejected; 1 person"
    assert last(run("export.zip", "--mapping", "amplitude")).startswith("read 6 rows: imported 0 events, 3 duplicates")
    shown = json.loads(CliRunner().invoke(app, ["events", "--rejected", "--data", "data", "--json"]).stdout)
    assert {row["file"] for row in shown["rows"]} == {
        f"export.zip/42/42_2024-01-02_{hour}#1.json.gz" for hour in range(3)
    }


def test_a_part_of_an_archive_that_is_no_log_stores_nothing_of_it() -> None:
    with zipfile.ZipFile("log.zip", "w") as archive:
        archive.writestr("a.csv", LOG)
        archive.writestr("letter.txt", "Dear reader,\nthis is no log.\n")

    with pytest.raises(BadMapping):
        run("log.zip")
    assert last(run("a.csv")).startswith("read 2 rows: imported 2 events, 0 duplicates")


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--format", "xml", "expected --format to be csv, jsonl, parquet or access_log, got 'xml'"),
        ("--decimal", "x", "expected --decimal to be"),
        ("--time-zone", "Mars/Base", "Mars/Base"),
    ],
)
def test_options_with_a_value_they_do_not_know(option: str, value: str, said: str) -> None:
    with pytest.raises(BadOption, match=said):
        run("a.csv", option, value)


def test_options_go_over_a_mapping_file(place: Path) -> None:
    (place / "m.toml").write_text('person = "visitor"\ntime = "when"\nevent_value = "seen"\nignore = ["what"]\n')

    result = run("b.csv", "--mapping", "m.toml", "--event-name", "opened")

    assert result.exit_code == 3
    answer = CliRunner().invoke(app, ["sql", "select event from events", "--data", "data", "--json"])
    assert json.loads(answer.stdout)["rows"] == [["opened"]]
