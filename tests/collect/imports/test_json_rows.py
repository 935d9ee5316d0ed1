from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.thoroughness import examples

from sojourn.collect.imports import json_rows
from sojourn.collect.imports.mapping import Mapping
from sojourn.collect.imports.read import read_batches
from sojourn.records.errors import BadFile, BadMapping

if TYPE_CHECKING:
    from collections.abc import Callable


def line(**members: Any) -> str:
    return json.dumps({"user_id": "u", "event": "view", "timestamp": "2024-01-01T10:00:00Z"} | members) + "\n"


def test_flat_objects_are_rows(written: Callable[..., Any]) -> None:
    log = written(line(price=1.5, count=2, new=True, page="/") + line(price=3, count=None, new=False))

    assert log.lines == ["person: user_id", "time: timestamp (with zone)", "event: event"]
    assert [log.type_of(name) for name in ("price", "count", "new", "page")] == ["double", "int64", "bool", "string"]
    assert log.property("price") == [1.5, 3.0]
    assert log.property("page") == ["/", None]


def test_a_text_of_digits_stays_a_text(written: Callable[..., Any]) -> None:
    assert written(line(zip="01067") + line(zip="10115")).property("zip") == ["01067", "10115"]


def test_nested_members_are_kept_in_rest(written: Callable[..., Any]) -> None:
    log = written(line(cart={"items": [1, 2]}, tags=["a"]))

    assert json.loads(log.column("rest")[0]) == {"cart": {"items": [1, 2]}, "tags": ["a"]}


def test_a_property_that_changes_its_type_loses_nothing(
    written: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_rows, "BLOCK", 1000)
    monkeypatch.setattr("sojourn.collect.imports.source.CHUNK", 500)
    values: list[Any] = [1] * 50 + ["one", 2.5, {"n": 1}, True, 2**70, 3]
    log = written("".join(line(n=value) for value in values))

    assert len(log.batches) > 2
    assert log.property("n") == [value if type(value) is int and value < 2**63 else None for value in values]
    kept = [json.loads(rest)["n"] for rest in log.column("rest") if rest]
    assert kept == ["one", 2.5, {"n": 1}, True, 2**70]


@pytest.mark.long
def test_ten_thousand_keys_are_kept_and_the_most_frequent_become_columns(written: Callable[..., Any]) -> None:
    lines = [line(common=1, **{f"key{n}": n}) for n in range(10_000)]
    log = written("".join(lines))

    assert log.accepted == 10_000
    assert len(log.batches[0].properties) <= 64
    assert log.property("common") == [1] * 10_000
    names = set(log.batches[0].properties)
    kept = [json.loads(rest) for rest in log.column("rest") if rest]
    assert all(kept)
    assert len(kept) + len([name for name in names if name.startswith("key")]) == 10_000


def test_lone_surrogates_become_the_replacement_character(written: Callable[..., Any]) -> None:
    log = written(
        line(note="X").replace("X", "a\\ud83dz")
        + line(note="X").replace("X", "\\ud83d\\ude00")
        + line(note="X").replace("X", "\\\\ud83d")
    )

    assert log.property("note") == ["a\N{REPLACEMENT CHARACTER}z", "\N{GRINNING FACE}", "\\ud83d"]


def test_escaped_nul_is_kept_and_nan_is_null(written: Callable[..., Any]) -> None:
    log = written(
        line(note="a\0b", n=1.5)
        + line(n=float("nan"))
        + line(n=float("inf"))
        + '{"user_id":"u","event":"e","timestamp":"2024-01-01","n":1e999}\n'
    )

    assert log.property("note") == ["a\0b", None, None, None]
    assert log.property("n") == [1.5, None, None, None]


def test_bad_lines_are_rejected_one_by_one(written: Callable[..., Any]) -> None:
    bad = ['{"user_id":', "17", '"text"', "[1]", "null", "{}x", "{" * 5000, '{"a":"\0"}']
    log = written(line() + "\n" + "\n".join(bad) + "\n" + line() + "   \n" + line(user_id=None))

    assert log.accepted == 2
    assert log.reasons == [(3 + n, "bad_json") for n in range(8)] + [(13, "no_person")]
    assert log.rejected[0].raw == b'{"user_id":'


def test_a_line_that_is_not_utf8_is_rejected_alone(written: Callable[..., Any]) -> None:
    log = written(line(note="zürich").encode() + line(note="X").encode().replace(b"X", b"\xff") + line().encode())

    assert log.accepted == 2
    assert log.reasons == [(2, "bad_encoding")]


def test_a_cut_last_line_is_rejected(written: Callable[..., Any]) -> None:
    log = written(line() + line()[:-10])

    assert log.reasons == [(2, "bad_json")]


def test_a_text_of_ten_megabytes_is_kept_and_a_larger_one_rejected(written: Callable[..., Any]) -> None:
    log = written(line(note="k" * (10 << 20)) + line(note="r" * ((10 << 20) + 1)) + line())

    assert log.accepted == 2
    assert log.reasons == [(2, "field_too_large")]


def test_a_line_too_long_to_hold_is_passed_over(written: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_rows, "BLOCK", 1000)
    monkeypatch.setattr(json_rows, "LINE_LIMIT", 5000)
    monkeypatch.setattr("sojourn.collect.imports.source.CHUNK", 500)
    log = written(line() + line(note="x" * 9000) + line(), format="jsonl")

    assert log.accepted == 2
    assert log.reasons == [(2, "field_too_large")]


def test_ids_may_be_numbers_or_texts_row_by_row(written: Callable[..., Any]) -> None:
    log = written(line(user_id=7) + line(user_id="seven") + line(user_id=7.0) + line(user_id="") + line(user_id="null"))

    assert log.column("user_id") == ["7", "seven", "7"]
    assert log.reasons == [(4, "no_person"), (5, "no_person")]


def test_times_may_be_numbers(written: Callable[..., Any]) -> None:
    log = written(line(timestamp=1_705_312_800_123) + line(timestamp="1705312800124"))

    assert log.column("time") == ["2024-01-15 10:00:00.123000Z", "2024-01-15 10:00:00.124000Z"]


@pytest.mark.parametrize("wrap", ["[{0}]", '{{"events": [{0}], "next": null}}', '\n {{\n "results": [\n{0}\n]\n}}\n'])
def test_one_array_is_read_as_its_objects(written: Callable[..., Any], wrap: str) -> None:
    log = written(wrap.format(",\n".join([line().strip(), line(user_id="v").strip(), "17"])))

    assert log.column("user_id") == ["u", "v"]
    assert log.reasons == [(3, "bad_json")]  # the third element


def test_members_are_reached_by_dots_and_by_alternatives(written: Callable[..., Any]) -> None:
    lines = [
        '{"who": {"id": "a"}, "at": "2024-01-01", "event": "x"}',
        '{"who": {"mail": "b"}, "at": "2024-01-02", "event": "y"}',
    ]
    log = written("\n".join(lines), person="who.id|who.mail", time="at")

    assert log.column("user_id") == ["a", "b"]


def test_the_hash_of_a_row_depends_on_its_members_not_on_their_order_or_on_other_rows(
    written: Callable[..., Any],
) -> None:
    one = written('{"user_id":"u","event":"e","timestamp":"2024-01-01","a":1,"b":null}\n')
    other = written(
        '{"timestamp": "2024-01-01", "event": "e", "a": 1, "user_id": "u"}\n'
        + "".join(line(**{f"k{n}": n}) for n in range(200))
    )

    assert one.hashes[0] == other.hashes[0]
    assert len(set(other.hashes)) == 201


def test_an_empty_json_file_is_refused(written: Callable[..., Any]) -> None:
    with pytest.raises(BadFile, match="holds no line"):
        written("[]")


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)),
    max_leaves=5,
)
OBJECTS = st.dictionaries(st.sampled_from(["user_id", "event", "a", "b", "c.d", "ip"]), VALUES, max_size=5)


@given(
    st.lists(
        st.one_of(OBJECTS.map(json.dumps), st.sampled_from(["", "{", "17", '{"user_id": "\\ud800"}'])), max_size=30
    )
)
@examples(150)
def test_no_line_is_ever_lost_and_blocks_change_nothing(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str]
) -> None:
    path = tmp_path_factory.getbasetemp() / "dirty.jsonl"
    path.write_text("\n".join(['{"user_id": "u", "event": "e", "a": 1}', *lines]))
    wanted = Mapping(person="user_id", event="event", format="jsonl", properties=None)

    def read() -> list[object]:
        batches = list(read_batches(path, wanted))
        rows = sum(1 for text in path.read_text().split("\n") if text.strip())
        assert sum(batch.read for batch in batches) == rows
        assert sum(batch.fixed.num_rows + len(batch.rejected) for batch in batches) == rows
        return [[(row.line, row.reason) for batch in batches for row in batch.rejected]]

    whole = read()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_rows, "BLOCK", 50)
        patch.setattr("sojourn.collect.imports.source.CHUNK", 25)
        assert read() == whole


def test_objects_over_several_lines_one_after_the_other(written: Callable[..., Any]) -> None:
    objects = [{"user": "anna", "time": "2024-01-02", "event": "view", "n": n} for n in range(3)]

    for text in ("\n".join(json.dumps(one, indent=2) for one in objects), "".join(map(json.dumps, objects))):
        assert written(text).property("n") == [0, 1, 2]


def test_a_last_object_over_several_lines_that_is_cut_is_rejected_where_it_begins(written: Callable[..., Any]) -> None:
    log = written('{\n"user": "anna",\n"time": "2024-01-02",\n"event": "view"\n}\n{\n"user": "be')

    assert log.column("user_id") == ["anna"]
    assert log.reasons == [(6, "bad_json")]


def test_a_first_line_that_is_cut_does_not_hide_the_others(written: Callable[..., Any]) -> None:
    log = written('{"user":"anna","ti\n{"user":"ben","time":"2024-01-02","event":"view"}\n')

    assert log.column("user_id") == ["ben"]
    assert log.reasons == [(1, "bad_json")]


def test_a_file_without_one_object_says_what_its_first_line_is(written: Callable[..., Any]) -> None:
    with pytest.raises(BadFile, match="holds no JSON object; line 1: no JSON"):
        written('{"user":"anna","ti\n{broken\n')


def test_lines_that_each_hold_a_list_of_events_are_opened(written: Callable[..., Any]) -> None:
    message = {"type": "track", "userId": "anna", "event": "Signed Up", "timestamp": "2024-01-02T10:00:00Z"}
    lines = [
        {"batch": [message | {"messageId": f"{line}{n}"} for n in range(2)], "sentAt": "2024-01-03"} for line in "ab"
    ]

    log = written("\n".join(map(json.dumps, lines)))

    assert log.column("message_id") == ["a0", "a1", "b0", "b1"]
    assert log.column("event") == ["Signed Up"] * 4
    assert 'format: each line holds a list of events in "batch"' in log.lines


def test_a_list_of_items_does_not_hide_the_person_around_it(written: Callable[..., Any]) -> None:
    order = {"user_id": "anna", "time": "2024-01-02", "event": "order", "items": [{"sku": "a"}, {"sku": "b"}]}
    named = {"who": "anna", "at": "2024-01-02", "items": [{"sku": "a"}, {"sku": "b"}]}

    assert written(json.dumps(order) + "\n" + json.dumps(order)).read == 2
    assert written(json.dumps(named) + "\n" + json.dumps(named), person="who").read == 2


def test_the_id_inside_of_an_object_is_found_when_the_row_has_none(written: Callable[..., Any]) -> None:
    inside = {"user": {"id": 7, "plan": "pro"}, "ts": "2024-01-02T10:00:00Z", "event": {"type": "view", "label": "x"}}

    log = written(json.dumps(inside))
    assert (log.column("user_id"), log.column("event")) == (["7"], ["view"])
    assert written(json.dumps(inside | {"visitor": "v"})).column("user_id") == ["v"]


def test_an_error_lists_what_is_inside_of_objects(written: Callable[..., Any]) -> None:
    with pytest.raises(BadMapping, match=r'"ts", "who\.key"'):
        written('{"who": {"key": "k7"}, "ts": "2024-01-02"}')
