from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.thoroughness import examples

from sojourn.collect.imports import csv_rows
from sojourn.collect.imports.mapping import Mapping
from sojourn.collect.imports.read import read_batches
from sojourn.records.errors import BadFile, BadMapping
from sojourn.records.rejected import RAW_LIMIT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

HEAD = "user_id,event,timestamp,note\n"


def rows(*notes: str) -> str:
    return HEAD + "".join(f"u{place},view,2024-01-01 10:00:0{place},{note}\n" for place, note in enumerate(notes))


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
def test_every_dialect_is_found(written: Callable[..., Any], delimiter: str, line_break: str) -> None:
    log = written(rows("a", '"b b"', "c").replace(",", delimiter).replace("\n", line_break))

    assert log.column("user_id") == ["u0", "u1", "u2"]
    assert log.property("note") == ["a", "b b", "c"]


def test_a_comma_in_numbers_does_not_hide_the_semicolon(written: Callable[..., Any]) -> None:
    log = written("user_id;event;price\na;buy;1,50\nb;buy;2,75\n")

    assert log.property("price") == [1.5, 2.75]
    assert "decimal comma: price (--decimal . changes it)" in log.lines


def test_a_byte_order_mark_is_no_part_of_the_first_name(written: Callable[..., Any]) -> None:
    assert written(b"\xef\xbb\xbf" + rows("a").encode()).column("user_id") == ["u0"]


def test_a_last_line_without_a_break_is_a_row(written: Callable[..., Any]) -> None:
    assert written(rows("a", "b").rstrip("\n")).accepted == 2


def test_a_cut_last_row_is_rejected_with_its_line(written: Callable[..., Any]) -> None:
    log = written(rows("a", "b") + "u2,vi")

    assert log.accepted == 2
    assert log.reasons == [(4, "field_count")]
    assert log.rejected[0].raw == b"u2,vi"


def test_lines_are_physical_also_after_breaks_inside_quotes_and_blank_lines(written: Callable[..., Any]) -> None:
    log = written(
        HEAD + 'u0,view,2024-01-01,"one\ntwo\r\nthree"\n\n\nu1,view\nu2,view,2024-01-01,x\nu3,view,nonsense,\n'
    )

    assert log.property("note") == ["one\ntwo\r\nthree", "x"]
    assert log.reasons == [(7, "field_count"), (9, "bad_time")]  # the header is line 1, the quoted field lines 2-4


def test_a_quote_that_is_never_closed_costs_its_line_only(written: Callable[..., Any]) -> None:
    log = written(HEAD + 'u0,view,2024-01-01,"open\nu1,view,2024-01-01,b\nu2,view,2024-01-01,c\n')

    assert log.column("user_id") == ["u1", "u2"]
    assert log.reasons == [(2, "bad_line")]


def test_a_stray_quote_that_the_next_one_closes_costs_its_line_only(written: Callable[..., Any]) -> None:
    log = written(HEAD + 'u0,view,2024-01-01,"open\nu1,view,2024-01-01,b\nu2,view,2024-01-01,"c c"\n')

    assert log.column("user_id") == ["u1", "u2"]
    assert log.reasons == [(2, "bad_line")]


def test_a_quote_inside_a_field_is_a_character(written: Callable[..., Any]) -> None:
    assert written(rows('5" pipe', '"say ""hi"""')).property("note") == ['5" pipe', 'say "hi"']


def test_nul_bytes_are_kept(written: Callable[..., Any]) -> None:
    assert written(rows("a\0b", "c")).property("note") == ["a\0b", "c"]


def test_a_row_that_is_not_utf8_is_rejected_alone(written: Callable[..., Any]) -> None:
    log = written(rows("zürich", "X", "c").encode().replace(b"X", b"\xff\xfe"))

    assert log.property("note") == ["zürich", "c"]
    assert log.reasons == [(3, "bad_encoding")]


def test_a_latin_1_file_is_refused_with_the_option_to_give(written: Callable[..., Any]) -> None:
    content = rows("Zürich", "Köln", "Bern", "Málaga").encode("latin-1")

    with pytest.raises(BadFile, match="--encoding cp1252"):
        written(content)
    assert written(content, encoding="latin-1").property("note") == ["Zürich", "Köln", "Bern", "Málaga"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_recognised_and_read_when_told(written: Callable[..., Any], encoding: str) -> None:
    content = rows("Zürich", "b").encode(encoding)

    with pytest.raises(BadFile, match="--encoding utf-16"):
        written(content)
    assert written(content, encoding=encoding).property("note") == ["Zürich", "b"]


def test_the_wrong_encoding_told_is_an_error_that_says_so(written: Callable[..., Any]) -> None:
    with pytest.raises(BadFile, match="is not utf-16"):
        written(rows("a").encode("utf-16-le") + b"\x00\xd8x\x00", encoding="utf-16-le")
    with pytest.raises(BadFile, match='"klingon" is not known'):
        written(rows("a"), encoding="klingon")


def test_a_field_of_ten_megabytes_is_kept_and_a_larger_one_rejected(written: Callable[..., Any]) -> None:
    kept, refused = "k" * (10 << 20), "r" * ((10 << 20) + 1)
    log = written(rows("a", kept, refused, '"' + kept[:-2] + '\n"'))

    assert [len(note) for note in log.property("note")] == [1, 10 << 20, (10 << 20) - 1]
    assert log.reasons == [(4, "field_too_large")]
    assert len(log.rejected[0].raw) == RAW_LIMIT


def test_a_line_too_long_to_hold_is_passed_over(written: Callable[..., Any]) -> None:
    log = written(rows("a") + "u1,view,2024-01-01," + "x" * (70 << 20) + "\nu2,view,2024-01-01,c\nu3\n")

    assert log.column("user_id") == ["u0", "u2"]
    assert log.reasons == [(3, "field_too_large"), (5, "field_count")]


def test_columns_without_a_name_or_with_the_same_get_one(written: Callable[..., Any]) -> None:
    log = written("user_id,event,,note,note, note \nu,view,1,a,b,c\n")

    assert [log.property(name) for name in ("column_3", "note", "note_2", "note_3")] == [[1], ["a"], ["b"], ["c"]]


def test_a_file_without_header_has_numbered_columns(written: Callable[..., Any]) -> None:
    log = written("u1,view,2024-01-01\nu2,buy,2024-01-02\n", header=False, person="column_1", event="column_2")

    assert log.column("event") == ["view", "buy"]
    assert log.lines == ["time: column_3 (without zone, read as UTC)"]


def test_empty_files_are_refused_with_the_reason(
    written: Callable[..., Any], imported: Callable[..., Any], tmp_path: Path
) -> None:
    for content, said in ((b"", "is empty"), (b"\n\n", "holds no row"), (b"user_id,event\n", "a header and no rows")):
        with pytest.raises(BadFile, match=said):
            written(content)
    with pytest.raises(BadFile, match="is a directory"):
        imported(tmp_path)
    with pytest.raises(BadFile, match="does not exist"):
        imported(tmp_path / "nowhere.csv")


def test_a_binary_file_is_refused(written: Callable[..., Any]) -> None:
    with pytest.raises(BadFile, match="binary"):
        written(bytes(range(256)) * 20)
    with pytest.raises(BadFile, match="zip archive"):
        written(b"PK\x03\x04whatever", name="export.xlsx")


def test_a_delimiter_of_two_characters_is_refused(written: Callable[..., Any]) -> None:
    with pytest.raises(BadMapping, match="delimiter"):
        written(rows("a"), delimiter="||")


def test_numbers_become_numbers_only_when_all_of_them_come_back_the_same(written: Callable[..., Any]) -> None:
    header = "user_id,event,count,price,zip,big,huge,exact,flag,mixed\n"
    log = written(
        header
        + "u,view,1,35.79,01067,2103807459595387724,21038074595953877240,0.30000000000000004,true,1\n"
        + "u,view,-20,33.20,99999,9007199254740993,1,0.1,false,x\n"
    )

    kinds = {"count": "int64", "price": "double", "zip": "string", "big": "int64", "huge": "string"}
    kinds |= {"exact": "double", "flag": "bool", "mixed": "string"}
    assert {name: log.type_of(name) for name in kinds} == kinds
    assert log.property("big") == [2_103_807_459_595_387_724, 9_007_199_254_740_993]
    assert log.property("exact") == [0.30000000000000004, 0.1]


def test_a_column_keeps_its_type_and_later_values_that_do_not_fit_are_kept_in_rest(
    written: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_rows, "BLOCK", 1 << 10)
    monkeypatch.setattr(csv_rows, "_HEAD", 1 << 10)
    monkeypatch.setattr("sojourn.collect.imports.source.CHUNK", 512)
    log = written("user_id,event,price\n" + "u1,view,10\n" * 1000 + "u2,view,ten\n" + "u3,view,007\n" + "u4,view,7\n")

    assert len(log.batches) > 3
    assert log.type_of("price") == "int64"
    assert log.property("price")[-4:] == [10, None, None, 7]
    assert log.column("rest")[-4:] == [None, '{"price":"ten"}', '{"price":"007"}', None]


def test_more_columns_than_properties_are_kept_in_rest(written: Callable[..., Any]) -> None:
    names = [f"p{place}" for place in range(100)]
    log = written("user_id,event," + ",".join(names) + "\nu,view," + ",".join("x" for _ in names) + "\n")

    assert len(log.batches[0].properties) == 64
    assert log.column("rest")[0].count('"x"') == 36


def expected(text: str) -> list[list[str]]:
    return [row for row in csv.reader(io.StringIO(text, newline="")) if row]


FIELD = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), include_characters="\n\t"), max_size=8
).filter(lambda text: text == text.strip("\n"))


@given(st.lists(st.tuples(FIELD, FIELD), min_size=1, max_size=30), st.sampled_from(["\n", "\r\n"]))
@examples(60)
def test_fields_are_those_of_pythons_csv_module(
    tmp_path_factory: pytest.TempPathFactory, notes: list[tuple[str, str]], line_break: str
) -> None:
    """Written by one independent program and read by ours, quoted or not."""
    path = tmp_path_factory.getbasetemp() / "oracle.csv"
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator=line_break)
    writer.writerow(["user_id", "event", "a", "b"])
    writer.writerows(["u", "view", *pair] for pair in notes)
    path.write_bytes(text.getvalue().encode())

    batches = list(read_batches(path, Mapping(person="user_id", event="event", properties=("a", "b"))))

    got = []
    for batch in batches:
        columns = [batch.properties[name].to_pylist() for name in ("a", "b")]
        got += [["" if value is None else value for value in row] for row in zip(*columns, strict=True)]
    wanted = [row[2:] for row in expected(text.getvalue())[1:]]
    if all(isinstance(value, str) for row in got for value in row):
        assert got == wanted
    else:
        assert len(got) == len(wanted)  # a column of numbers: its values are compared by the test of numbers


DIRTY = st.lists(
    st.sampled_from(
        [
            "u,view,1",
            "u,view",
            '"',
            "u,view,1,2",
            "",
            'u,"a\nb",1',
            '"u""x",view,2',
            "\0",
            "u,view,\xff",
            ",view,1",
            "u,,1",
            "x\r",
        ]
    ),
    max_size=40,
)


@given(DIRTY, st.sampled_from([64, 256, 1 << 20]))
@examples(120)
def test_no_row_is_ever_lost_and_blocks_change_nothing(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], block: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "dirty.csv"
    path.write_bytes(("user_id,event,n\nu,view,1\n" + "\n".join(lines)).encode("latin-1"))

    def read() -> list[object]:
        batches = list(read_batches(path, Mapping(person="user_id", event="event", time=None)))
        assert sum(batch.read for batch in batches) == sum(
            batch.fixed.num_rows + len(batch.rejected) for batch in batches
        )
        rejected = [(row.line, row.reason, row.raw) for batch in batches for row in batch.rejected]
        return [sum(batch.fixed.num_rows for batch in batches), rejected]

    try:
        whole = read()
    except BadFile:
        return  # many bad bytes and no good one: taken for another encoding
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_rows, "BLOCK", block)
        patch.setattr("sojourn.collect.imports.source.CHUNK", block // 2)
        patch.setattr(csv_rows, "_HEAD", block)
        assert read() == whole


def test_ids_that_a_table_tool_made_floats_are_whole_again(written: Callable[..., Any]) -> None:
    log = written(
        "user,order_id,version,time\n17850.0,7.0,1.0,2024-01-02\n17850,7,2.0,2024-01-03\nv1.0,8,3.0,2024-01-04\n"
    )

    assert log.column("user_id") == ["17850", "17850", "v1.0"]
    assert log.column("order_id") == ["7", "7", "8"]
    assert log.property("version") == [1.0, 2.0, 3.0]
