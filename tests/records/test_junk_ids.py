"""Which identifiers name nobody."""

from __future__ import annotations

import pytest

from sojourn.records.junk_ids import is_junk, junk_texts


@pytest.mark.parametrize(
    "text",
    [
        None, "", " ", "null", "NULL", " Null ", "undefined", "0", "000", "-", "00000000-0000-0000-0000-000000000000",
        "anonymous", "Guest", "[object Object]", "NaN", "-1", "\\N", "distinct_id",
    ],
)  # fmt: skip
def test_these_name_nobody(text: str | None) -> None:
    assert is_junk(text)


@pytest.mark.parametrize(
    "text", ["anna", "1", "10", "nullable", "a0", "anna@example.org", "guest-7", "00000000-0000-0000-0000-000000000001"]
)
def test_these_name_somebody(text: str) -> None:
    assert not is_junk(text)


def test_what_is_looked_for_in_columns_is_junk() -> None:
    assert all(map(is_junk, junk_texts()))
    assert "0" not in junk_texts()
