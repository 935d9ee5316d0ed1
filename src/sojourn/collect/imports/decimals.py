"""Numbers with a decimal comma, as tables of half of Europe write them.

In: columns of text. Out: whether they are such numbers, and the same with points. Never touches a text that is no such number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from sojourn.collect.imports.rows import Sample

_WHOLE = r"[-+]?([0-9]+|[0-9]{1,3}([. ][0-9]{3})+)"
_NUMBER = rf"^{_WHOLE}(,[0-9]+)?$"
_DOUBTFUL = r"^[-+]?[0-9]{1,3}(,[0-9]{3})+$"


def comma_columns(sample: Sample, decimal: str | None) -> frozenset[str]:
    """Columns whose numbers have a decimal comma.

    Args:
        sample: The first rows of a file.
        decimal: The mark the user named; None: it is guessed. `1,234` alone may be a thousand: the guess takes it for one
            and a bit only in a file whose delimiter is no comma.
    """
    if not sample.textual or decimal == ".":
        return frozenset()
    likely = sample.commas or decimal == ","
    return frozenset(name for name, values in sample.columns.items() if _has_commas(values, likely=likely))


def _has_commas(values: pa.Array, *, likely: bool) -> bool:
    texts = values.drop_null()
    commas = pc.match_substring(texts, ",")
    if not pc.any(commas).as_py() or not pc.all(pc.match_substring_regex(texts, _NUMBER)).as_py():
        return False
    return likely or not pc.all(pc.match_substring_regex(texts.filter(commas), _DOUBTFUL)).as_py()


def with_points(values: pa.Array) -> pa.Array:
    """`1.234,50` becomes `1234.50`; what is no such number stays as it is."""
    fits = pc.match_substring_regex(values, _NUMBER)
    plain = pc.replace_substring_regex(values, r"[. ]", "")
    return pc.if_else(fits, pc.replace_substring(plain, ",", "."), values)
