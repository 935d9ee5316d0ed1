"""The day in one column and the time of day in another; days as spreadsheets count them; what is no time, and is said so."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MORNING = "2024-01-02 09:30:00.000000Z"


def test_a_day_and_a_time_of_day_are_read_together(written: Callable[..., Any]) -> None:
    log = written("user,date,time,event\nanna,2024-01-02,09:30:00,view\nanna,2024-01-02,9:31 PM,buy\n")

    assert log.column("time") == [MORNING, "2024-01-02 21:31:00.000000Z"]
    assert "time: date and time (without zone, read as UTC; --date DAY --time CLOCK change it)" in log.lines
    assert set(log.batches[0].properties) == set()


def test_names_and_order_of_another_country(written: Callable[..., Any]) -> None:
    log = written(
        "user;Datum;Uhrzeit;event\nanna;13.01.2024;10:00;view\nben;14.01.2024;9:05;view\n", time_zone="Europe/Berlin"
    )

    assert log.column("time") == ["2024-01-13 09:00:00.000000Z", "2024-01-14 08:05:00.000000Z"]


def test_a_whole_time_needs_no_clock(written: Callable[..., Any]) -> None:
    log = written("user,date,time,event\nanna,2024-01-02 10:00,00:05,view\n")

    assert log.column("time") == ["2024-01-02 10:00:00.000000Z"]
    assert log.property("time") == ["00:05"]


def test_columns_of_parquet_and_of_json(
    tmp_path: Path, imported: Callable[..., Any], written: Callable[..., Any]
) -> None:
    table = {"user": ["anna"], "date": [dt.date(2024, 1, 2)], "time": [dt.time(9, 30)], "event": ["view"]}
    pq.write_table(pa.table(table), tmp_path / "log.parquet")

    assert imported(tmp_path / "log.parquet").column("time") == [MORNING]
    line = '{"user":"anna","date":"2024-01-02","time":"09:30","event":"view"}\n'
    assert written(line).column("time") == [MORNING]


def test_numbers_are_times_of_day_when_the_user_says_so(tmp_path: Path, imported: Callable[..., Any]) -> None:
    table = {"user": ["a", "b", "c"], "day": ["2024-01-02"] * 3, "clock": [930, 1631, 93005], "event": ["view"] * 3}
    pq.write_table(pa.table(table), tmp_path / "log.parquet")

    log = imported(tmp_path / "log.parquet", date="day", time="clock")

    assert log.column("time") == [MORNING, "2024-01-02 16:31:00.000000Z", "2024-01-02 09:30:05.000000Z"]


def test_a_row_without_a_time_of_day_is_rejected(written: Callable[..., Any]) -> None:
    log = written("user,date,time,event\nanna,2024-01-02,09:30,view\nben,2024-01-02,,view\ncarl,,09:30,view\n")

    assert log.reasons == [(3, "bad_time"), (4, "bad_time")]
    assert log.rejected[0].detail.startswith("nothing in date or time, expected a time")


@pytest.mark.parametrize("said", [{}, {"time_format": "excel"}], ids=["guessed", "told"])
def test_days_of_a_spreadsheet(said: dict[str, str], written: Callable[..., Any]) -> None:
    log = written("user,date,event\nanna,45293.4166666667,view\nben,45294,view\n", **said)

    assert log.column("time") == ["2024-01-02 10:00:00.000000Z", "2024-01-03 00:00:00.000000Z"]


def test_a_number_is_no_day_of_a_spreadsheet_under_another_name(written: Callable[..., Any]) -> None:
    assert written("user,time,event\nanna,45293,view\n").column("time") == [None]


def test_a_column_that_is_called_time_and_is_none_is_said_so(written: Callable[..., Any]) -> None:
    log = written("user,time,event\nanna,2024-01-02 10:00:00 IST,view\n")

    assert any('"time" is not read as times ("2024-01-02 10:00:00 IST")' in line for line in log.lines)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("Tue Jan  2 09:30:00 2024", MORNING),
        ("Tue Jan 02 09:30:00 UTC 2024", MORNING),
        ("Tue Jan  2 09:30:00 +0100 2024", "2024-01-02 08:30:00.000000Z"),
        ("Thu Feb 29 09:30:00 2024", "2024-02-29 09:30:00.000000Z"),
        ("Thu Feb 30 09:30:00 2024", None),
        ("Wed Feb 29 09:30:00 2023", None),
        ("Tue Jan  2 25:30:00 2024", None),
        ("Tue Jan  2 09:30:00 IST 2024", None),
    ],
)
def test_times_as_c_writes_them(text: str, read: str | None, written: Callable[..., Any]) -> None:
    log = written(f"user,time,event\nanna,{text},view\nben,2024-01-02,view\n", time="time")

    assert log.column("time") == [one for one in (read, "2024-01-02 00:00:00.000000Z") if one]
