"""Written times of every form into microseconds: what the kernel reads at once, and what is written anew for it first.

In: texts. Out: microseconds, and whether each is a time and says its zone. Never guesses the order of day and month: the caller says it.

Written anew are times of JavaScript, Go, Java, Oracle, DB2 and zones by name (`Mon Jan 01 2024 10:00:00 GMT+0100 (CET)`,
`2024-01-01 10:00:00 +0000 UTC`, `2024-01-01T10:00:00+01:00[Europe/Berlin]`, `01-FEB-24 10.30.15.123456 AM`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sojourn.collect.imports import time_kernel
from sojourn.collect.imports.arrow_text import text_buffers
from sojourn.collect.imports.zones import to_utc

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

OFFSETS = {
    "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7,
    "WET": 0, "WEST": 1, "CET": 1, "CEST": 2, "MEZ": 1, "MESZ": 2, "EET": 2, "EEST": 3, "MSK": 3, "JST": 9,
}  # fmt: skip
"""Hours from UTC of the zone names that mean one thing: those of RFC 5322 section 4.3, and of Europe, Moscow and Japan."""

_REWRITES = (
    ("[\u00a0\u202f]", " "),  # browsers write a narrow blank before AM
    (r" \([^)]*\)$", ""),
    (r" m=[-+][0-9.]+$", ""),
    (r"([-+]\d{2}:?\d{2}) [A-Z]{3,5}$", r"\1"),
    (r"([-+]\d{2}:\d{2})\[[A-Za-z_/+-]+\]$", r"\1"),
    (r" ?(GMT|UTC)([-+])(\d)(:\d{2})?$", r" \2" + "0" + r"\3\4"),
    (r" ?(GMT|UTC)([-+]\d{2}:?\d{0,2})$", r" \2"),
    (r",? at (\d)", r" \1"),
    (r"^(\d{4}[-/.]\d{2}[-/.]\d{2})[-_](\d)", r"\1 \2"),
    (r"^(\d{4})[- /]([A-Za-z]{3,9})[- /](\d{1,2})\b", r"\3 \2 \1"),
    (r" (\d{1,2})\.(\d{2})\.(\d{2})", r" \1:\2:\3"),
    (r" (\d{1,2})\.(\d{2})( Uhr)?$", r" \1:\2"),
    (r" Uhr$", ""),
    (r"([AaPp])\.[  ]?[Mm]\.", r"\1m"),
)
_ABBREVIATED = rf"^(?P<before>.*[0-9AaPpMm]) ?\b(?P<zone>{'|'.join(OFFSETS)})(?P<after>| \d{{4}})$"
_NAMED = r"^(?P<before>.*[0-9AaPpMm]) ?\[?(?P<zone>[A-Z][A-Za-z_]+(?:/[A-Za-z0-9_+-]+)+)(?P<after>)\]?$"
_SHAPE = r"^ *(\d|[A-Za-z]{3,9},? ).*\d"
_LONGEST = 90
_FEW = 100
_HOUR = 3_600_000_000


def read_written(
    texts: pa.Array, order: int, *, looking: bool = False
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8]]:
    """Microseconds and status (see `time_kernel`) of each text.

    Args:
        texts: Strings; a null is no time.
        order: Whether day or month comes first where both are numbers and the year is last.
        looking: Whether it is not known yet that these are times: then a few of the odd ones decide whether all are looked at.
    """
    micros, status = _by_kernel(texts, order)
    odd = np.flatnonzero((status == time_kernel.BAD) & texts.is_valid().to_numpy(zero_copy_only=False))
    if looking and odd.size > _FEW:
        few = texts.take(pa.array(odd[:: odd.size // _FEW]))
        if not (_by_rewriting(few, order)[1] != time_kernel.BAD).any():
            return micros, status
    if odd.size:
        micros[odd], status[odd] = _by_rewriting(texts.take(pa.array(odd)), order)
    return micros, status


def named_offsets(texts: pa.Array) -> dict[str, int]:
    """The zones of `OFFSETS` that the texts name, with their hours from UTC."""
    found = pc.struct_field(pc.extract_regex(texts, _ABBREVIATED), "zone")
    return {name: OFFSETS[name] for name in sorted(pc.unique(found.drop_null()).to_pylist())}


def _by_kernel(texts: pa.Array, order: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8]]:
    micros = np.zeros(len(texts), dtype=np.int64)
    status = np.zeros(len(texts), dtype=np.uint8)
    time_kernel.read_times(*text_buffers(texts), order, micros, status)
    return micros, status


def _by_rewriting(texts: pa.Array, order: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8]]:
    likely = pc.and_(pc.less_equal(pc.binary_length(texts), _LONGEST), pc.match_substring_regex(texts, _SHAPE))
    texts = pc.if_else(likely, texts, pa.scalar(None, pa.string()))
    for pattern, to in _REWRITES:
        texts = pc.replace_substring_regex(texts, pattern, to)
    zones: dict[str, pa.Array] = {}
    texts = _without_zone(texts, _ABBREVIATED, OFFSETS.__contains__, zones)
    texts = _without_zone(texts, _NAMED, _is_zone, zones)
    micros, status = _by_kernel(texts, order)
    for name, here in zones.items():
        rows = here.to_numpy(zero_copy_only=False) & (status == time_kernel.LOCAL)
        offset = OFFSETS.get(name)
        micros[rows] = to_utc(micros[rows], name) if offset is None else micros[rows] - offset * _HOUR
        status[rows] = time_kernel.ZONED
    return micros, status


def _without_zone(texts: pa.Array, pattern: str, known: Callable[[str], bool], zones: dict[str, pa.Array]) -> pa.Array:
    parts = pc.extract_regex(texts, pattern)
    names = pc.struct_field(parts, "zone")
    for name in pc.unique(names.drop_null()).to_pylist():
        if known(name):
            here = pc.fill_null(pc.equal(names, name), False)  # noqa: FBT003 - Arrow's signature
            zones[name] = here
            bare = pc.binary_join_element_wise(pc.struct_field(parts, "before"), pc.struct_field(parts, "after"), "")
            texts = pc.if_else(here, bare, texts)
    return texts


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
