"""Columns that say when: find out how they are written, then read them.

In: a column and what the user said about it. Out: timestamp[us, UTC], null where nothing readable is.
Never falls back to the current time.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sojourn.collect.imports import number_kernel, time_kernel
from sojourn.collect.imports.arrow_text import text_buffers, validity
from sojourn.collect.imports.written_times import named_offsets, read_written
from sojourn.collect.imports.zones import to_utc
from sojourn.records.errors import BadMapping

if TYPE_CHECKING:
    import numpy.typing as npt

    from sojourn.collect.imports.mapping import Mapping

UNITS = {"unix_s": 1_000_000, "unix_ms": 1_000, "unix_us": 1, "unix_ns": -1_000}
"""Microseconds in one unit; negative: units in one microsecond."""
EXCEL = "excel"
"""Days since 1899-12-30, as spreadsheets count them."""
ORDERS = {"day_first": time_kernel.DAY_FIRST, "month_first": time_kernel.MONTH_FIRST}
UTC_TIME = pa.timestamp("us", tz="UTC")

_ERAS = (("unix_s", 1e8, 1e11), ("unix_ms", 1e11, 1e14), ("unix_us", 1e14, 1e17), ("unix_ns", 1e17, 9.3e18))
_COMPACT = ((1.8e7, 2.2e7), (1.8e13, 2.2e13))  # about 20191001 and 20191001123000
_EXCEL_EPOCH_DAYS = 25_569  # from 1899-12-30 to 1970-01-01
_EXCEL_YEARS = (30_000, 60_000)  # 1982 to 2064
_DAY = 86_400
_MOST_SECONDS = 250_000_000_000  # year 9892: what every later step can hold
_MICROS = 1_000_000
SURE, LIKELY, ANY = 0.9, 0.5, 1e-9
"""Share of values that must be times where nothing, the name, or the user says that the column is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeForm:
    """How a column says when.

    Attributes:
        kind: `typed` (a column of times), `written`, `unix`, `excel` (days since 1899-12-30) or `strptime`.
        order: For `written`: whether the day or the month comes first where neither is named and the year is last.
        unit: For `unix`: a key of `UNITS`.
        pattern: For `strptime`.
        zone: IANA name of the zone of times that do not say theirs.
        words: What it looks like, for the line printed to the user.
    """

    kind: Literal["typed", "written", "unix", "excel", "strptime"]
    order: int = time_kernel.MONTH_FIRST
    unit: str = "unix_s"
    pattern: str = ""
    zone: str = "UTC"
    words: str = ""


def find_form(values: pa.Array, mapping: Mapping, *, share: float = SURE) -> TimeForm | None:
    """How `values` say when, following the mapping's `time_format` and `time_zone` where given.

    Args:
        values: The first values of a column.
        mapping: Where the user may have said how they are written.
        share: At least this share of the values must be times.

    Returns:
        None when too few values are times, or they are numbers that cannot be times of 1973 or later.
    """
    zone = mapping.time_zone
    given = mapping.time_format
    kind = values.type
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        words = "with zone" if pa.types.is_timestamp(kind) and kind.tz else f"without zone, read as {zone}"
        return TimeForm(kind="typed", zone=zone, words=f"{kind} {words}")
    if given is not None and given in UNITS:
        return TimeForm(kind="unix", unit=given, words=given)
    if given == EXCEL:
        return TimeForm(kind="excel", zone=zone, words=f"days as a spreadsheet counts them, read as {zone}")
    if given is not None and given in ORDERS:
        return TimeForm(kind="written", order=ORDERS[given], zone=zone, words=f"{given}, as told")
    if given is not None and given != "iso":
        _check_pattern(given)
        return TimeForm(kind="strptime", pattern=given, zone=zone, words=f"as told: {given}")
    return _unix_form(values, share) or _written_form(values, zone, share)


def _check_pattern(pattern: str) -> None:
    if "%" not in pattern:
        known = ", ".join((*UNITS, EXCEL, *ORDERS, "iso"))
        raise BadMapping(
            f'time format "{pattern}" is neither a strptime pattern such as %d.%m.%Y %H:%M nor one of {known}'
        )


def numbers_of(values: pa.Array, share: float = SURE) -> npt.NDArray[np.float64] | None:
    """The values as floats (nan: none), or None when the column is not made of numbers."""
    if pa.types.is_integer(values.type) or pa.types.is_floating(values.type) or pa.types.is_decimal(values.type):
        return np.asarray(values.cast(pa.float64(), safe=False).fill_null(np.nan).to_numpy(zero_copy_only=False))
    if not pa.types.is_string(values.type):
        return None
    kinds, _, decimals = read_numbers(values)
    there = kinds != number_kernel.NULL
    if not there.any() or (kinds[there] == number_kernel.TEXT).mean() > 1 - share:
        return None
    return np.where(there & (kinds != number_kernel.TEXT), decimals, np.nan)


def read_numbers(values: pa.Array) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Kind, integer and decimal of each text (see `number_kernel`)."""
    kinds = np.empty(len(values), dtype=np.uint8)
    integers = np.zeros(len(values), dtype=np.int64)
    decimals = np.zeros(len(values), dtype=np.float64)
    number_kernel.read_numbers(*text_buffers(values), kinds, integers, decimals)
    hard = np.flatnonzero(kinds == number_kernel.HARD)
    if hard.size:
        decimals[hard] = values.take(pa.array(hard)).cast(pa.float64()).to_numpy(zero_copy_only=False)
    return kinds, integers, decimals


def _unix_form(values: pa.Array, share: float) -> TimeForm | None:
    numbers = numbers_of(values, share)
    if numbers is None or not np.isfinite(numbers).any():
        return None
    typical = float(np.nanmedian(np.abs(numbers)))
    if _looks_compact(values, typical):
        return None
    for unit, low, high in _ERAS:
        if low <= typical < high:
            return TimeForm(
                kind="unix", unit=unit, words=f"{unit.replace('_', ' ')}, as the numbers are about {typical:.3g}"
            )
    return None


def _looks_compact(values: pa.Array, typical: float) -> bool:
    """Whether numbers are dates such as 20191001 or 20191001123000 written without marks."""
    if not any(low <= typical < high for low, high in _COMPACT):
        return False
    _, status = read_written(_as_text(values), time_kernel.DAY_FIRST, looking=True)
    return bool((status != time_kernel.BAD).mean() >= SURE)


def _as_text(values: pa.Array) -> pa.Array:
    if pa.types.is_floating(values.type):
        return values.cast(pa.int64(), safe=False).cast(pa.string())
    return values if pa.types.is_string(values.type) else values.cast(pa.string())


def _written_form(values: pa.Array, zone: str, share: float) -> TimeForm | None:
    if not (pa.types.is_string(values.type) or pa.types.is_integer(values.type) or pa.types.is_floating(values.type)):
        return None
    texts = _as_text(values.drop_null())
    if len(texts) == 0:
        return None
    month_first, month_status = read_written(texts, time_kernel.MONTH_FIRST, looking=True)
    day_first, day_status = read_written(texts, time_kernel.DAY_FIRST, looking=True)
    month_good, day_good = month_status != time_kernel.BAD, day_status != time_kernel.BAD
    if max(month_good.mean(), day_good.mean()) < share:
        return None
    local = bool((np.where(month_good, month_status, day_status) == time_kernel.LOCAL).any())
    offsets = ", ".join(f"{name} read as {hours:+03d}:00" for name, hours in named_offsets(texts).items())
    where = f"without zone, read as {zone}" if local else "with zone"
    where = f"{where}, {offsets}" if offsets else where
    differs = bool((month_first[month_good & day_good] != day_first[month_good & day_good]).any())
    if not differs and month_good.sum() == day_good.sum():
        return TimeForm(kind="written", zone=zone, words=where)
    if month_good.sum() != day_good.sum():
        order = time_kernel.DAY_FIRST if day_good.sum() > month_good.sum() else time_kernel.MONTH_FIRST
        why = "the other order does not fit all values"
    else:
        order, why = _likelier_order(texts, month_first, day_first)
    name = "day first" if order == time_kernel.DAY_FIRST else "month first"
    other = "month_first" if order == time_kernel.DAY_FIRST else "day_first"
    return TimeForm(
        kind="written", order=order, zone=zone, words=f"{name} ({why}; --time-format {other} changes it), {where}"
    )


def _likelier_order(
    texts: pa.Array, month_first: npt.NDArray[np.int64], day_first: npt.NDArray[np.int64]
) -> tuple[int, str]:
    """Both orders fit: the one in which the log is in order, else dots are day first and slashes month first."""
    month_steps_back = int((np.diff(month_first) < 0).sum())
    day_steps_back = int((np.diff(day_first) < 0).sum())
    if month_steps_back * 2 < day_steps_back:
        return time_kernel.MONTH_FIRST, "both fit, this one leaves the log in order"
    if day_steps_back * 2 < month_steps_back:
        return time_kernel.DAY_FIRST, "both fit, this one leaves the log in order"
    if bool(pc.any(pc.match_substring(texts, "/")).as_py()):
        return time_kernel.MONTH_FIRST, "AMBIGUOUS: both fit, slashes are taken as month first"
    return time_kernel.DAY_FIRST, "AMBIGUOUS: both fit, dots and dashes are taken as day first"


def looks_excel(values: pa.Array) -> bool:
    """Whether all numbers of a column may be days of 1982 to 2064 as a spreadsheet counts them."""
    numbers = numbers_of(values, 1)
    if numbers is None or not np.isfinite(numbers).any():
        return False
    low, high = _EXCEL_YEARS
    return bool(low <= np.nanmin(numbers) and np.nanmax(numbers) < high)


def joined(date: pa.Array | None, time: pa.Array | None) -> pa.Array | None:
    """A column of days and one of times of day as one of written times; the time alone when there is no day."""
    if date is None or time is None:
        return time
    if pa.types.is_timestamp(date.type):
        date = date.cast(pa.date32(), safe=False)
    clock = _as_text(time)
    # As a number 09:30 lost its zero.
    odd = pc.match_substring_regex(clock, r"^[0-9]([0-9]{2})+$")
    clock = pc.if_else(odd, pc.binary_join_element_wise("0", clock, ""), clock)
    return pc.binary_join_element_wise(_as_text(date), clock, " ", null_handling="emit_null")


def parse_times(values: pa.Array, form: TimeForm) -> pa.Array:
    """The column as timestamp[us, UTC]; null where the value is missing or is no such time."""
    if form.kind == "typed" and (pa.types.is_timestamp(values.type) or pa.types.is_date(values.type)):
        return _typed(values, form.zone)
    if form.kind == "unix":
        return _unix(values, UNITS[form.unit])
    if form.kind == "excel":
        return _excel(values, form.zone)
    texts = _as_text(values)
    if form.kind == "strptime":
        micros, good, local = _strptime(texts, form.pattern)
    else:
        micros, status = read_written(texts, form.order)
        good, local = status != time_kernel.BAD, status == time_kernel.LOCAL
    if local.any() and form.zone != "UTC":
        micros[local] = to_utc(micros[local], form.zone)
    return _timestamps(micros, good)


def _timestamps(micros: npt.NDArray[np.int64], good: npt.NDArray[np.bool_]) -> pa.Array:
    mask = None if good.all() else ~good
    return pa.array(micros, mask=mask, type=pa.int64()).cast(UTC_TIME)


def _typed(values: pa.Array, zone: str) -> pa.Array:
    kind = values.type
    if pa.types.is_date(kind):
        values, kind = values.cast(pa.timestamp("ms")), pa.timestamp("ms")
    raw = pc.fill_null(values.cast(pa.int64()), 0).to_numpy(zero_copy_only=False)
    per_second = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}[kind.unit]
    good = validity(values) & (np.abs(raw // per_second) < _MOST_SECONDS)
    if per_second > _MICROS:
        micros = raw // (per_second // _MICROS)
    else:
        micros = np.where(good, raw, 0) * (_MICROS // per_second)
    if kind.tz is None and zone != "UTC":
        micros = to_utc(micros, zone)
    return _timestamps(micros, good)


def _excel(values: pa.Array, zone: str) -> pa.Array:
    numbers = numbers_of(values, 0)
    if numbers is None:
        return pa.nulls(len(values), UTC_TIME)
    days = numbers - _EXCEL_EPOCH_DAYS
    good = np.isfinite(days) & (np.abs(days) < _MOST_SECONDS // _DAY)
    # A double holds these days to a millisecond.
    micros = np.rint(np.where(good, days, 0) * _DAY * 1000).astype(np.int64) * 1000
    if zone != "UTC":
        micros = to_utc(micros, zone)
    return _timestamps(micros, good)


def _unix(values: pa.Array, unit: int) -> pa.Array:
    if pa.types.is_integer(values.type):
        whole = pc.fill_null(values.cast(pa.int64(), safe=False), 0).to_numpy(zero_copy_only=False)
        kinds = np.where(validity(values), number_kernel.INTEGER, number_kernel.NULL)
        decimals = whole.astype(np.float64)
    elif pa.types.is_string(values.type):
        kinds, whole, decimals = read_numbers(values)
    else:
        decimals = values.cast(pa.float64(), safe=False).fill_null(np.nan).to_numpy(zero_copy_only=False)
        kinds = np.where(np.isfinite(decimals), number_kernel.DECIMAL, number_kernel.NULL)
        whole = np.zeros(len(values), dtype=np.int64)
    in_micros = decimals * unit if unit > 0 else decimals / -unit
    good = (kinds != number_kernel.NULL) & (kinds != number_kernel.TEXT) & (np.abs(in_micros) < _MOST_SECONDS * 1e6)
    exact = good & (kinds == number_kernel.INTEGER)
    micros = np.rint(np.where(good & ~exact, in_micros, 0.0)).astype(np.int64)
    micros[exact] = whole[exact] * unit if unit > 0 else whole[exact] // -unit
    return _timestamps(micros, good)


def _strptime(
    texts: pa.Array, pattern: str
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Microseconds, whether read, whether local: each distinct text is read once by `datetime.strptime`."""
    coded = texts.dictionary_encode()
    micros = np.zeros(len(coded.dictionary) + 1, dtype=np.int64)
    good = np.zeros(micros.size, dtype=np.bool_)
    local = np.zeros(micros.size, dtype=np.bool_)
    for place, text in enumerate(coded.dictionary.to_pylist()):
        try:
            moment = dt.datetime.strptime(text, pattern)  # noqa: DTZ007 - a zone comes from the mapping below
        except ValueError:
            continue
        good[place], local[place] = True, moment.tzinfo is None
        since = moment.replace(tzinfo=moment.tzinfo or dt.UTC) - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
        micros[place] = since // dt.timedelta(microseconds=1)
    codes = coded.indices.fill_null(micros.size - 1).to_numpy(zero_copy_only=False)
    return micros[codes], good[codes], local[codes]
