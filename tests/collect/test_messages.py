"""One message that cannot be read never takes its batch with it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.collect.messages import MOST_DEPTH, MOST_KEYS, MOST_MESSAGE_BYTES, cut, read_message, text_of, written
from sojourn.records.errors import BadBody
from sojourn.records.rejected import Reason


def reason(raw: bytes) -> Reason | None:
    found = read_message(raw)
    return None if isinstance(found, dict) else found[0]


GOOD = b'{"a":1}'
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=10,
)


@pytest.mark.parametrize(
    ("bad", "expected"),
    [
        (b'{"a":' + b"[" * 3000 + b"]" * 3000 + b"}", Reason.TOO_DEEP),
        (b'{"a":"\xff"}', Reason.BAD_ENCODING),
        (b"[1]", Reason.BAD_JSON),
        (b"7", Reason.BAD_JSON),
        (b'{"a":nope}', Reason.BAD_JSON),
        (b'{"a":"' + b"x" * MOST_MESSAGE_BYTES + b'"}', Reason.MESSAGE_TOO_LARGE),
        (json.dumps({str(n): n for n in range(MOST_KEYS + 1)}).encode(), Reason.TOO_MANY_KEYS),
    ],
)
def test_the_messages_around_a_bad_one_are_read(bad: bytes, expected: Reason) -> None:
    _, messages = cut(b'{"batch":[' + b",".join((GOOD, bad, GOOD)) + b"]}", "batch")

    assert [reason(one) for one in messages] == [None, expected, None]


@pytest.mark.parametrize(
    ("lax", "read"),
    [
        (b'{"a":NaN}', {"a": None}),
        (b'{"a":1e999}', {"a": None}),
        (b'{"a":"\\ud83d"}', {"a": "\ufffd"}),
        (b'{"a":"\\ud83d\\ude00"}', {"a": "\U0001f600"}),
        (b'{"a":"x\\u0000y"}', {"a": "x\0y"}),
        (b'{"a":"x\x01y"}', {"a": "x\x01y"}),
        (b'{"a":123456789012345678901234567890}', {"a": 123456789012345678901234567890}),
    ],
)
def test_what_lax_clients_send_is_read_all_the_same(lax: bytes, read: dict[str, Any]) -> None:
    _, messages = cut(b'{"batch":[' + lax + b"," + GOOD + b"]}", "batch")

    assert [read_message(one) for one in messages] == [read, {"a": 1}]
    assert json.loads(written(read).encode()) == read


def test_sizes_at_the_limit_are_accepted() -> None:
    deep = b'{"a":' * (MOST_DEPTH - 1) + b"{}" + b"}" * (MOST_DEPTH - 1)
    long = b'{"a":"' + b"x" * (MOST_MESSAGE_BYTES - 8) + b'"}'

    assert len(long) == MOST_MESSAGE_BYTES
    assert [reason(one) for one in (deep, long)] == [None, None]


def test_brackets_in_texts_are_no_depth() -> None:
    assert reason(json.dumps({"a": "[" * 500 + '"\\' + "{" * 500}).encode()) is None


@pytest.mark.parametrize(
    "body", [b"", b"nothing", b'{"batch":[', b'{"batch":[{"a":1}}', b"[1,2", b"{]", b'"x"', b"<xml/>"]
)
def test_what_is_no_json_is_refused_whole(body: bytes) -> None:
    with pytest.raises(BadBody):
        cut(body, "batch")


def test_one_message_and_a_list_are_batches_too() -> None:
    assert cut(b' {"a":1} ', "batch") == ({}, [b'{"a":1}'])
    assert cut(b'[{"a":1},{"a":2}]', "batch") == ({}, [b'{"a":1}', b'{"a":2}'])
    assert cut(b'{"batch":[],"sentAt":"now"}', "batch") == ({"sentAt": "now"}, [])


@given(
    messages=st.lists(st.dictionaries(st.text(max_size=4), JSON, max_size=3), max_size=5),
    around=st.dictionaries(st.text(max_size=4), JSON, max_size=3),
)
def test_the_slow_way_cuts_as_the_quick_one_does(messages: list[dict[str, Any]], around: dict[str, Any]) -> None:
    """A NaN in an envelope forces the slow way; the messages and the rest of the envelope come out the same."""
    around.pop("batch", None)
    around.pop("forced", None)
    quick = cut(json.dumps({**around, "forced": None, "batch": messages}).encode(), "batch")
    slow = cut(json.dumps({**around, "forced": float("nan"), "batch": messages}).encode(), "batch")

    assert slow == quick
    assert [json.loads(one) for one in slow[1]] == messages


def test_null_and_nothing_are_alike_and_numbers_are_ids() -> None:
    sent: list[Any] = [None, "", [], {}, 7, 7.5, True, "x"]

    assert [text_of(one) for one in sent] == [None, None, None, None, "7", "7.5", "true", "x"]
