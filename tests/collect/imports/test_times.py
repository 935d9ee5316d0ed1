from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.collect.imports.mapping import Mapping
from sojourn.collect.imports.times import find_form, parse_times
from sojourn.collect.imports.zones import to_utc
from sojourn.records.errors import BadMapping

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sojourn.collect.imports.times import TimeForm


def form_of(values: Sequence[object], **options: str) -> TimeForm:
    form = find_form(pa.array(values), Mapping(**options))  # type: ignore[arg-type]  # options are field names
    assert form is not None
    return form


def read(values: Sequence[object], **options: str) -> list[str | None]:
    """Times in UTC as text, without the `Z` and without zero microseconds."""
    form = form_of(values, **options)
    texts = parse_times(pa.array(values), form).cast(pa.string()).to_pylist()
    return [None if text is None else text.removesuffix("Z").removesuffix(".000000") for text in texts]


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2019-10-01 00:00:00 UTC", "2019-10-01 00:00:00"),
        ("2019-10-01T00:00:00Z", "2019-10-01 00:00:00"),
        ("2019-10-01T02:00:00+02:00", "2019-10-01 00:00:00"),
        ("2019-10-01T02:00:00.123+0200", "2019-10-01 00:00:00.123000"),
        ("2019-10-01 10:00:00-03", "2019-10-01 13:00:00"),
        ("2019-10-01 10:00:00,5", "2019-10-01 10:00:00.500000"),
        ("2019-10-01T00:00:00.123456789Z", "2019-10-01 00:00:00.123456"),
        ("2019-10-01 10:11", "2019-10-01 10:11:00"),
        ("2019-10-01", "2019-10-01 00:00:00"),
        ("2019/10/1 1:02:03", "2019-10-01 01:02:03"),
        ("20191001T101112Z", "2019-10-01 10:11:12"),
        ("17/May/2015:10:05:03 +0000", "2015-05-17 10:05:03"),
        ("Thu, 01 Oct 2020 00:00:00 GMT", "2020-10-01 00:00:00"),
        ("Oct 1, 2019 12:00 am", "2019-10-01 00:00:00"),
        ("1 October 2019 12:30 PM", "2019-10-01 12:30:00"),
        ("13.10.2019 08:00", "2019-10-13 08:00:00"),
        ("10/13/19 8:00 PM", "2019-10-13 20:00:00"),
        ("2016-12-31 23:59:60Z", "2017-01-01 00:00:00"),
        ("2020-02-29 24:00:00", "2020-03-01 00:00:00"),
    ],
)
def test_usual_ways_to_write_a_time_are_read(written: str, moment: str) -> None:
    assert read([written]) == [moment]


@pytest.mark.parametrize(
    "written",
    [
        "",
        "yesterday",
        "2019-02-29",
        "2019-13-01",
        "2019-10-01 25:00",
        "2019-10-01 10:61",
        "2019-10-01 10:00 IST",
        "2019-10-01T10:00Zebra",
    ],
)
def test_what_is_no_time_is_null(written: str) -> None:
    good = "2019-10-01 00:00:00"
    assert read([*[good] * 20, written])[-1] is None


def test_a_column_of_words_is_no_time() -> None:
    assert find_form(pa.array(["a", "b", "2019-10-01"]), Mapping()) is None


@given(
    st.datetimes(dt.datetime(1, 1, 2), dt.datetime(9999, 12, 30), timezones=st.timezones()),
    st.sampled_from([" ", "T"]),
    st.sampled_from(["auto", "seconds", "milliseconds", "microseconds"]),
)
def test_what_python_writes_is_read_back(moment: dt.datetime, between: str, precision: str) -> None:
    """`datetime.isoformat` is the other opinion; only offsets of whole minutes are usual."""
    offset = moment.utcoffset()
    if offset is None or offset % dt.timedelta(minutes=1):
        return
    text = moment.isoformat(between, precision)
    epoch = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)

    micros = parse_times(pa.array([text]), form_of(["2019-10-01"])).cast(pa.int64())[0].as_py()

    assert micros == (dt.datetime.fromisoformat(text) - epoch) // dt.timedelta(microseconds=1)


@given(
    st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2199, 1, 1)),
    st.sampled_from(["%d/%m/%Y %H:%M:%S", "%d-%b-%Y %H:%M", "%d %B %Y %I:%M %p"]),
)
def test_what_strftime_writes_is_read_as_strptime_does(moment: dt.datetime, pattern: str) -> None:
    text = moment.strftime(pattern)
    wanted = dt.datetime.strptime(text, pattern)  # noqa: DTZ007 - compared without zone

    form = form_of([text], time_format="day_first")

    assert parse_times(pa.array([text]), form)[0].as_py().replace(tzinfo=None) == wanted
    assert parse_times(pa.array([text]), form_of([text], time_format=pattern))[0].as_py().replace(tzinfo=None) == wanted


@pytest.mark.parametrize(
    ("value", "unit"),
    [
        (1_705_312_800, "unix s"),
        (1_705_312_800_123, "unix ms"),
        (1_705_312_800_123_456, "unix us"),
        (1_705_312_800_123_456_789, "unix ns"),
    ],
)
def test_numbers_are_told_apart_by_their_size(value: int, unit: str) -> None:
    for values in ([value], [str(value)]):
        assert form_of(values).words.startswith(unit)
        assert read(values)[0] is not None
        assert str(read(values)[0]).startswith("2024-01-15 10:00:00")


def test_seconds_with_a_fraction_keep_it() -> None:
    assert read([1_705_312_800.25]) == ["2024-01-15 10:00:00.250000"]
    assert read(["1705312800.25"]) == ["2024-01-15 10:00:00.250000"]


def test_small_numbers_are_no_times_unless_told() -> None:
    assert find_form(pa.array([0.25, 331.4]), Mapping()) is None
    assert read([0.25, 60.0], time_format="unix_s") == ["1970-01-01 00:00:00.250000", "1970-01-01 00:01:00"]


def test_dates_written_as_numbers_are_dates() -> None:
    assert read([20191001, 20191231]) == ["2019-10-01 00:00:00", "2019-12-31 00:00:00"]
    assert read(["20191001123000"]) == ["2019-10-01 12:30:00"]


def test_a_day_beyond_twelve_decides_the_order_of_all() -> None:
    assert read(["01/02/2024", "13/02/2024"])[0] == "2024-02-01 00:00:00"
    assert read(["01/02/2024", "02/13/2024"])[0] == "2024-01-02 00:00:00"
    assert "the other order does not fit" in form_of(["01/02/2024", "13/02/2024"]).words


def test_where_both_orders_fit_the_one_that_leaves_the_log_in_order_is_taken() -> None:
    days = ["01/02/2024", "02/02/2024", "03/02/2024", "01/03/2024", "02/03/2024"]

    assert read(days)[:2] == ["2024-02-01 00:00:00", "2024-02-02 00:00:00"]
    assert "leaves the log in order" in form_of(days).words


def test_an_undecidable_order_is_told_and_can_be_changed() -> None:
    assert read(["03/04/2024"]) == ["2024-03-04 00:00:00"]
    assert read(["03.04.2024"]) == ["2024-04-03 00:00:00"]
    assert "AMBIGUOUS" in form_of(["03/04/2024"]).words
    assert "--time-format day_first" in form_of(["03/04/2024"]).words
    assert read(["03/04/2024"], time_format="day_first") == ["2024-04-03 00:00:00"]


def test_a_format_that_is_no_pattern_is_refused() -> None:
    with pytest.raises(BadMapping, match="neither a strptime pattern"):
        form_of(["x"], time_format="dd.mm.yyyy")


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_times_of_parquet_are_read_in_every_unit(unit: str) -> None:
    moment = dt.datetime(2024, 1, 15, 10, tzinfo=dt.UTC)
    zoned = pa.array([moment, None], pa.timestamp(unit, tz="Asia/Tokyo"))
    local = pa.array([moment.replace(tzinfo=None)], pa.timestamp(unit))

    for values, wanted in ((zoned, moment), (local, moment - dt.timedelta(hours=9))):
        form = find_form(values, Mapping(time_zone="Asia/Tokyo"))
        assert form is not None
        assert parse_times(values, form)[0].as_py() == wanted
    assert form is not None
    assert parse_times(zoned, form)[1].as_py() is None


@pytest.mark.parametrize("kind", [pa.date32(), pa.date64()])
def test_a_date_is_midnight_in_its_zone(kind: pa.DataType) -> None:
    values = pa.array([dt.date(2024, 7, 1)], kind)
    form = find_form(values, Mapping(time_zone="Europe/Berlin"))

    assert form is not None
    assert str(parse_times(values, form)[0]) == "2024-06-30 22:00:00+00:00"


def test_a_time_beyond_all_calendars_is_null() -> None:
    values = pa.array([1 << 62, 0], pa.timestamp("s"))
    form = find_form(values, Mapping())

    assert form is not None
    assert parse_times(values, form).null_count == 1


def test_an_hour_that_came_twice_is_the_first_and_one_that_never_came_is_read_before_the_jump() -> None:
    """Berlin 2024: clocks went from 02:00 to 03:00 on 31 March, and from 03:00 back to 02:00 on 27 October."""
    assert read(["2024-10-27 02:30:00"], time_zone="Europe/Berlin") == ["2024-10-27 00:30:00"]
    assert read(["2024-03-31 02:30:00"], time_zone="Europe/Berlin") == ["2024-03-31 01:30:00"]  # shown as 03:30


@given(
    st.lists(st.datetimes(dt.datetime(1950, 1, 1), dt.datetime(2060, 1, 1)), min_size=1, max_size=20),
    st.sampled_from(
        ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Africa/Casablanca", "UTC"]
    ),
)
def test_local_times_are_those_of_pythons_zones(moments: list[dt.datetime], zone: str) -> None:
    """`datetime` with fold 0 follows the same two rules."""
    epoch = dt.datetime(1970, 1, 1)
    local = np.array([(moment - epoch) // dt.timedelta(microseconds=1) for moment in moments], dtype=np.int64)

    utc = to_utc(local, zone)

    aware = [moment.replace(tzinfo=ZoneInfo(zone)) - dt.datetime(1970, 1, 1, tzinfo=dt.UTC) for moment in moments]
    assert utc.tolist() == [since // dt.timedelta(microseconds=1) for since in aware]


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(BadMapping, match="Europe/Berlin or UTC"):
        read(["2024-01-01"], time_zone="Mars/Olympus")
