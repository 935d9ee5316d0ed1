"""Dialects of CSV as they come from tools and countries: what is guessed, what it says, and what the user may say instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sojourn.records.errors import BadMapping

if TYPE_CHECKING:
    from collections.abc import Callable


def test_a_backslash_before_a_quote_is_found_where_the_field_goes_on(written: Callable[..., Any]) -> None:
    log = written('user,time,event,note\nanna,2024-01-02,view,"say \\"hi\\", ok"\nben,2024-01-03,view,"a ""b"""\n')

    assert log.property("note") == ['say "hi", ok', 'a "b"']
    assert "escape: \\ (--escape none changes it)" in log.lines


def test_a_folder_that_ends_in_a_backslash_is_no_escape(written: Callable[..., Any]) -> None:
    log = written('user,time,event,note\nanna,2024-01-02,view,"C:\\temp\\"\nben,2024-01-03,view,"D:\\"\n')

    assert log.property("note") == ["C:\\temp\\", "D:\\"]


def test_json_without_quotes_around_it_keeps_its_escapes(written: Callable[..., Any]) -> None:
    log = written('user|time|event|note\nanna|2024-01-02|view|{"a":"b\\"c"}\n')

    assert log.property("note") == ['{"a":"b\\"c"}']


def test_the_null_of_mysql_is_empty_beside_escapes(written: Callable[..., Any]) -> None:
    text = 'user,time,event,note\nanna,2024-01-02,view,"a\\"b"\nben,2024-01-03,view,\\N\ncarl,2024-01-03,view,a\\,b\n'
    log = written(text, escape="\\")

    assert log.property("note") == ['a"b', None, "a,b"]


def test_a_line_break_after_an_escape_belongs_to_the_field(written: Callable[..., Any]) -> None:
    log = written('user,time,event,note\nanna,2024-01-02,view,"a\\"\nb"\nben,2024-01-03,view,c\nx,y\n', escape="\\")

    assert log.property("note") == ['a"\nb', "c"]
    assert log.reasons == [(5, "field_count")]


def test_single_quotes_are_found_where_every_row_has_them(written: Callable[..., Any]) -> None:
    log = written("user,time,event,note\n'anna','2024-01-02','view','a, b'\n'ben','2024-01-03','view','it''s'\n")

    assert log.column("user_id") == ["anna", "ben"]
    assert log.property("note") == ["a, b", "it's"]
    assert "quote: ' (--quote changes it)" in log.lines


def test_an_apostrophe_is_no_quote(written: Callable[..., Any]) -> None:
    log = written("user,time,event,note\nanna,2024-01-02,view,'tis\nben,2024-01-03,view,x\n")

    assert log.property("note") == ["'tis", "x"]


def test_no_quotes_at_all_when_the_user_says_so(written: Callable[..., Any]) -> None:
    log = written('user\ttime\tevent\tnote\nanna\t2024-01-02\tview\t"12 inch\nben\t2024-01-03\tview\tx\n', quote="none")

    assert log.property("note") == ['"12 inch', "x"]


def test_blanks_after_the_delimiters_belong_to_no_field(written: Callable[..., Any]) -> None:
    log = written("user, time, event\nanna, 2024-01-02 10:00, view\nben, 2024-01-02 10:01, view\n")

    assert log.column("event") == ["view", "view"]


def test_the_separator_line_of_spreadsheets_is_obeyed(written: Callable[..., Any]) -> None:
    log = written("sep=;\nuser;time;event\nanna;2024-01-02;view, again\nx;y\n")

    assert log.column("event") == ["view, again"]
    assert log.reasons == [(4, "field_count")]


def test_comments_above_the_header_are_passed_over(written: Callable[..., Any]) -> None:
    log = written("# made by a tool\n# on a day\nuser,time,event\nanna,2024-01-02,view\n,2024-01-02,view\n")

    assert log.lines[0] == "skipped 2 lines above the header"
    assert log.column("user_id") == ["anna"]
    assert log.reasons == [(5, "no_person")]


def test_a_header_may_begin_with_a_hash(written: Callable[..., Any]) -> None:
    log = written("#user,time,event\nanna,2024-01-02,view\nben,2024-01-03,view\n")

    assert log.column("user_id") == ["anna", "ben"]


def test_a_w3c_log_names_its_columns_in_a_comment(written: Callable[..., Any]) -> None:
    log = written(
        "#Version: 1.0\n#Fields: date time c-ip cs-uri-stem cs(User-Agent)\n"
        "2024-01-02 10:00:05 203.0.113.9 /index.html Mozilla/5.0\n2024-01-02 10:00:06 203.0.113.9 /a Mozilla/5.0\n"
    )

    assert log.column("time") == ["2024-01-02 10:00:05.000000Z", "2024-01-02 10:00:06.000000Z"]
    assert log.property("cs-uri-stem") == ["/index.html", "/a"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("anna,2024-01-02 10:00,view\nben,2024-01-02 10:01,buy\n", True),
        ("1,5,2.5\n2,6,3.5\n", True),
        ("anna,view\nben,buy\n", False),
        ("0,1,2\n7,8,9\n", False),
        ("user,time,event\nanna,2024-01-02,view\n", False),
    ],
    ids=["a time", "numbers", "only words", "counted columns", "names"],
)
def test_a_first_line_that_is_a_row_is_no_header(text: str, names: bool, written: Callable[..., Any]) -> None:  # noqa: FBT001  (a case)
    first = "column_1" if names else text.split(",", maxsplit=1)[0]
    log = written(text, person=first)

    assert any(line.startswith("header: none") for line in log.lines) == names


def test_without_a_header_the_columns_are_shown_with_a_value(written: Callable[..., Any]) -> None:
    with pytest.raises(BadMapping, match=r'"column_1" \(anna\), "column_2" \(2024-01-02 10:00\)'):
        written("anna,2024-01-02 10:00\nben,2024-01-02 10:01\n")


def test_the_user_decides_about_the_header(written: Callable[..., Any]) -> None:
    log = written("2024-01-02,user\nx,anna\n", header=True, person="user", event_value="seen")

    assert log.property("2024-01-02") == ["x"]


@pytest.mark.parametrize(
    ("values", "delimiter", "read"),
    [
        (["1,50", "2,75"], ";", [1.5, 2.75]),
        (["1.234,50", "-7"], ";", [1234.5, -7.0]),
        (["1 234,5", "1,5"], ";", [1234.5, 1.5]),
        (["1,234", "5,678"], ";", [1.234, 5.678]),
        (['"1,50"', '"2,75"'], ",", [1.5, 2.75]),
        (['"1,234"', '"5,678"'], ",", ["1,234", "5,678"]),
        (["1,50", "dear"], ";", ["1,50", "dear"]),
    ],
    ids=["plain", "points", "blanks", "no comma between", "quoted", "thousands?", "a word"],
)
def test_decimal_commas(values: list[str], delimiter: str, read: list[Any], written: Callable[..., Any]) -> None:
    rows = [["user", "time", "event", "p"], *(["anna", "2024-01-02", "view", value] for value in values)]
    log = written("\n".join(delimiter.join(row) for row in rows) + "\n")

    assert log.property("p") == read


def test_a_decimal_comma_in_the_revenue_and_a_later_word(written: Callable[..., Any]) -> None:
    rows = "".join(f"u{row};2024-01-02;buy;{row},50\n" for row in range(3))
    log = written("user;time;event;revenue\n" + rows)

    assert log.column("revenue") == [0.5, 1.5, 2.5]
    assert log.hashes != written("user;time;event;revenue\n" + rows.replace(",", ".")).hashes


def test_the_user_decides_about_the_comma(written: Callable[..., Any]) -> None:
    text = "user;time;event;p\nanna;2024-01-02;view;1,50\n"

    assert written(text, decimal=".").property("p") == ["1,50"]
    assert written('user,time,event,p\nanna,2024-01-02,view,"1,234"\n', decimal=",").property("p") == [1.234]


@pytest.mark.parametrize("what", ["delimiter", "quote", "escape"])
def test_a_mark_is_one_character(what: str, written: Callable[..., Any]) -> None:
    with pytest.raises(BadMapping, match=f'the {what} "§" is not one ASCII character'):
        written("user,time,event\nanna,2024-01-02,view\n", **{what: "§"})


def test_a_first_row_that_is_far_too_long_costs_only_itself(written: Callable[..., Any]) -> None:
    log = written("user,time,event,x\nanna,2024-01-02,view," + "y" * (34 << 20) + "\nben,2024-01-02,view,1\n")

    assert log.reasons == [(2, "field_too_large")]
    assert log.column("time") == ["2024-01-02 00:00:00.000000Z"]


def test_quotes_that_are_never_closed_are_no_quotes(written: Callable[..., Any]) -> None:
    rows = [f'u{n}\t2024-01-02\tview\t"so {n}, they said' for n in range(5)]

    log = written("user\ttime\tevent\tnote\n" + "\n".join(rows) + "\n")

    assert log.reasons == []
    assert log.property("note")[0] == '"so 0, they said'
    assert "quote: none, as quotes are opened and never closed (--quote changes it)" in log.lines


def test_one_column_of_quoted_texts_keeps_its_quotes(written: Callable[..., Any]) -> None:
    assert written('user\n"anna, or so"\n"ben"\n').column("user_id") == ["anna, or so", "ben"]
