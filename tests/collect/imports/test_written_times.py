from __future__ import annotations

import pyarrow as pa
import pytest

from sojourn.collect.imports.mapping import Mapping
from sojourn.collect.imports.times import find_form, parse_times


def read(*values: str, among: int = 0) -> list[str | None]:
    """Times in UTC as text, without the `Z` and without zero microseconds, after `among` common ones."""
    column = pa.array(["2024-01-01 00:00:00"] * among + list(values))
    form = find_form(column, Mapping())
    assert form is not None
    texts = parse_times(column, form).cast(pa.string()).to_pylist()[among:]
    return [None if text is None else text.removesuffix("Z").removesuffix(".000000") for text in texts]


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("Mon Jan 01 2024 10:00:00 GMT+0100 (Central European Standard Time)", "2024-01-01 09:00:00"),
        ("1/13/2024, 10:00:00\u202fPM", "2024-01-13 22:00:00"),
        ("2024-01-01 10:00:00.123456789 +0000 UTC", "2024-01-01 10:00:00.123456"),
        ("2024-01-01 10:00:00.5 +0200 CEST m=+0.001", "2024-01-01 08:00:00.500000"),
        ("2024-01-01T10:00:00-05:00[America/New_York]", "2024-01-01 15:00:00"),
        ("Mon, 1 Jan 2024 10:00:00 -0500 (EST)", "2024-01-01 15:00:00"),
        ("2024-01-01T10:00:00 UTC+2", "2024-01-01 08:00:00"),
        ("01-FEB-24 10.30.15.123456 PM", "2024-02-01 22:30:15.123456"),
        ("2024-01-01-10.30.15.123456", "2024-01-01 10:30:15.123456"),
        ("2024-Jan-02 10:00", "2024-01-02 10:00:00"),
        ("2024-01-01_10:00:00", "2024-01-01 10:00:00"),
        ("February 1, 2024 at 10:00 PM", "2024-02-01 22:00:00"),
        ("13.02.2024 10.30 Uhr", "2024-02-13 10:30:00"),
        ("2024-01-01 1:00:00 p.m.", "2024-01-01 13:00:00"),
    ],
)
def test_what_other_tools_write_is_read(written: str, moment: str) -> None:
    assert read(written) == [moment]
    assert read(written, among=200) == [moment]


def test_a_zone_by_name_has_its_summer_time() -> None:
    winter, summer = read("2024-01-01 12:00:00 Europe/Berlin", "2024-07-01 12:00:00 Europe/Berlin")
    assert (winter, summer) == ("2024-01-01 11:00:00", "2024-07-01 10:00:00")


def test_each_row_has_its_own_zone() -> None:
    rows = ["2024-01-01 12:00 CET", "2024-01-01 12:00 PST", "2024-01-01 12:00 Asia/Tokyo", "2024-01-01 12:00"]
    assert read(*rows) == [f"2024-01-01 {hour}:00:00" for hour in ("11", "20", "03", "12")]


def test_how_the_letters_of_a_zone_are_read_is_said() -> None:
    form = find_form(pa.array(["2024-01-01 12:00 EST", "Mon Jan  1 12:00:00 EDT 2024"]), Mapping())
    assert form is not None
    assert form.words == "with zone, EDT read as -04:00, EST read as -05:00"


@pytest.mark.parametrize(
    "written", ["2024-01-01 12:00 IST", "2024-01-01 12:00 Europe/Atlantis", "2024-01-01 12.3.4", "at 5"]
)
def test_what_means_several_times_or_none_is_null(written: str) -> None:
    assert read(written, among=200) == [None]
