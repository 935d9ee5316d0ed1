"""One column of the whole log, wherever its values stand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.records.errors import UnknownColumn
from sojourn.store.column_source import BySeq, ColumnSource
from sojourn.store.erasure import erase
from sojourn.store.events import EventsTable
from tests.store.rows import Row, batch, passing_folder, store
from tests.thoroughness import examples

if TYPE_CHECKING:
    from sojourn.store.folder import Folder


def read(folder: Folder, name: str) -> BySeq:
    table = EventsTable(folder.events)
    return ColumnSource(table, table.read()).read(name, progress=lambda _done, _of: None)


def values(folder: Folder, name: str) -> list[Any]:
    """By place in the log, None for null."""
    found = read(folder, name)
    if found.names is not None:
        return [None if code < 0 else found.names[int(code)].as_py() for code in found.values]
    return [None if np.isnan(value) else float(value) for value in found.values]


CONTEXT = {"page": {"path": "/a", "n": 2}, "tags": [1, "x"], "a/b": {"c~d": "deep"}, "flag": True, "": "empty"}


@pytest.fixture
def shop(folder: Folder) -> Folder:
    rest = {"size": "XL", "nested": {"size": 4}, "dotted.name": "yes", "null": None}
    more: dict[str, str | bool | float | None] = {
        "context": json.dumps(CONTEXT),
        "traits": '{"plan": "pro"}',
        "order_id": "o1",
        "rest": json.dumps(rest),
    }
    rows = [
        Row(user="anna", anonymous="phone", properties={"price": 3, "colour": "red", "sale": True}, more=more),
        Row(user="ben", second=1, event="pay", properties={"price": 4, "colour": "blue"}),
        Row(anonymous="tab", second=2),
    ]
    store(folder, batch(rows))
    return folder


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("user_id", ["anna", "ben", None]),
        ("event", ["view", "pay", "view"]),
        ("order_id", ["o1", None, None]),
        ("bot", ["false", "false", "false"]),
        ("price", [3.0, 4.0, None]),
        ("colour", ["red", "blue", None]),
        ("sale", ["true", None, None]),
        ("size", ["XL", None, None]),
        ("nested.size", ["4", None, None]),
        ("dotted.name", ["yes", None, None]),
        ("context.page.path", ["/a", None, None]),
        ("context.page.n", ["2", None, None]),
        ("context.page", ['{"path": "/a", "n": 2}', None, None]),
        ("context.tags", ['[1, "x"]', None, None]),
        ("context.flag", ["true", None, None]),
        ("context.a/b.c~d", ["deep", None, None]),
        ("traits.plan", ["pro", None, None]),
    ],
)
def test_a_column_is_found_wherever_it_stands(shop: Folder, name: str, expected: list[Any]) -> None:
    found = values(shop, name)
    if name in ("context.page", "context.tags"):
        found, expected = ([json.loads(v) if v else v for v in part] for part in (found, expected))

    assert found == expected


@pytest.mark.parametrize(
    "name", ["nothing", "context", "context.nothing", "traits.", "properties", "id_high", "revenue", "null", ""]
)
def test_a_column_no_event_has_is_unknown(shop: Folder, name: str) -> None:
    with pytest.raises(UnknownColumn, match=r"no event has a (column or property|value in the column)"):
        read(shop, name)


def test_a_property_called_like_a_fixed_column_does_not_hide_it(folder: Folder) -> None:
    store(folder, batch([Row(user="anna", event="view", properties={"event": "mine"})]))

    assert values(folder, "event") == ["view"]


def test_places_without_an_event_are_null(folder: Folder) -> None:
    store(
        folder, batch([Row(user=name, second=n, properties={"n": n}) for n, name in enumerate(["anna", "ben", "carl"])])
    )
    with folder.writing():
        erase(folder, "ben")

    assert values(folder, "n") == [0.0, None, 2.0]
    assert values(folder, "user_id") == ["anna", None, "carl"]
    found = read(folder, "n")
    assert np.array_equal(found.at(np.array([2, 0, 7, -1])), [2.0, 0.0, np.nan, np.nan], equal_nan=True)


def test_integers_a_float_cannot_hold_are_text(folder: Folder) -> None:
    """Else two ids would be one."""
    store(folder, batch([Row(user="a", second=n, properties={"id": 2**53 + n}) for n in range(3)]))

    assert values(folder, "id") == ["9007199254740992", "9007199254740993", "9007199254740994"]


plain = st.one_of(
    st.integers(-5, 5),
    st.floats(-5, 5).map(lambda x: round(x, 2)),
    st.sampled_from(["a", "é", '"', "x\ny", "007"]),
    st.booleans(),
)
_ARROW = {int: pa.int64(), float: pa.float64(), str: pa.string(), bool: pa.bool_()}


@examples(30)
@given(st.lists(plain, min_size=1, max_size=6))
def test_a_column_of_changing_types_holds_every_value(given_values: list[Any]) -> None:
    """Each value comes in a batch of its own type; numbers stay numbers while all are."""
    with passing_folder() as folder:
        store(
            folder,
            *(
                batch([Row(user="a", second=n, properties={"x": value})], types={"x": _ARROW[type(value)]})
                for n, value in enumerate(given_values)
            ),
        )
        found = values(folder, "x")

    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in given_values):
        assert found == [float(value) for value in given_values]
    else:
        expected = [str(v).lower() if isinstance(v, bool) else str(v) for v in given_values]
        assert [_same(text, given_value) for text, given_value in zip(found, expected, strict=True)] == expected


def _same(text: str, expected: str) -> str:
    """Numbers may be spelt with or without `.0`."""
    try:
        return expected if not expected.startswith("00") and float(text) == float(expected) else text
    except ValueError:
        return text
