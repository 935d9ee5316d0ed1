"""What a log wrote into names never reaches the terminal as more than text, and tables fit the terminal."""

from __future__ import annotations

import csv
import io
import re
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console, Group
from rich.text import Text
from tests.thoroughness import examples

from sojourn.analyse.show.style import table
from sojourn.app import cli
from sojourn.app.printing import Harmless

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ESCAPES = "\x1b[31m\x9b2J\u202e\u2066\x07"
MARKUP = "[red]x[/red][link=https://e.example]y[/link]:smile:"
TAGS = "<script>alert(1)</script><img src=x onerror=alert(2)>"
NAME = f"view{ESCAPES}{MARKUP}{TAGS}"
BUY = f"buy{ESCAPES}"
PAGE = f"/p\r\n{ESCAPES}{TAGS}?q=1"
PERSON = f"anna\n{ESCAPES}"
OBEYED = re.compile(
    r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder of a nasty log."""
    place = tmp_path_factory.mktemp("nasty")
    file = place / f"log{ESCAPES[:4]}.csv"
    with file.open("w", newline="", encoding="utf-8") as out:
        rows = csv.writer(out)
        rows.writerow(
            ["user_id", "event", "time", "path", "channel", "order_id", "revenue", "currency", f"col{ESCAPES}"]
        )
        for n in range(60):
            who = PERSON if n % 2 else f"p{n % 7}"
            bought = n % 5 == 4
            rows.writerow([who, BUY if bought else NAME, f"2024-01-{1 + n // 4:02d} 10:{n % 60:02d}:00", PAGE, f"ads{ESCAPES}",
                           f"o{n}{ESCAPES}" if bought else "", n if bought else "", f"EU{ESCAPES}" if n % 2 else "USD",
                           f"v{ESCAPES}"])  # fmt: skip
        out.write(f"broken{ESCAPES}\n")
    assert _run(["import", str(file), "--data", str(place / "data"), "--person", "user_id", "--event", "event"])[2] in (
        0,
        3,
    )
    return place


def _run(arguments: list[str], *, columns: int = 120) -> tuple[str, str, int]:
    """What the program prints on stdout and stderr, and its exit code."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["sojourn", *arguments])
        patch.setenv("COLUMNS", str(columns))
        patch.setattr(sys, "stdout", out)
        patch.setattr(sys, "stderr", err)
        try:
            cli.main()
        except SystemExit as ended:
            code = ended.code
        else:
            code = 0
    return out.getvalue(), err.getvalue(), code if isinstance(code, int) else 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ["events", "--from", "2024-02-01", "--until", "2024-01-01"],
            "the end, 2024-01-01, is before the start, 2024-02-01",
        ),
        (
            ["export", "events", "--out", "nowhere/x"],
            "cannot use nowhere/x: No such file or directory; see that its folder",
        ),
        (["compare", "--step", NAME], "a funnel to compare has two steps or more"),
        (["sessions", "--by", "group_id"], "no event has a value in the column 'group_id'; known ones: "),
    ],
)
def test_what_cannot_be_done_is_one_line(arguments: list[str], told: str, folder: Path) -> None:
    out, err, code = _run([*arguments, "--data", str(folder / "data")])

    assert (out, code, err.count("\n")) == ("", 1, 1)
    assert told in err


QUESTIONS: tuple[tuple[str, ...], ...] = (
    ("events",),
    ("events", "--rejected"),
    ("sessions", "--page", "path", "--by", "channel", "--trend", "day"),
    ("sessions", "--persons", "all"),
    ("funnel", "--step", NAME, "--step", BUY, "--by", "channel", "--trend", "day"),
    ("paths", "--by", "channel"),
    ("paths", "--column", "path"),
    ("paths", "--transitions"),
    ("paths", "--ngrams", "2"),
    ("paths", "--loops"),
    ("retention", "--period", "day", "--by", "channel"),
    ("attribution", "--goal", BUY, "--touch", "channel", "--by", "currency"),
    ("engagement", "--by", "channel"),
    ("compare", "--step", NAME, "--step", BUY),
    ("orders", "--by", "channel", "--trend", "week"),
    ("person", PERSON),
    ("person", "--cohort", "channel"),
    ("sql", "select event, path, user_id from events limit 3"),
    ("report",),
)
WRONG: tuple[tuple[str, ...], ...] = (
    ("funnel", "--step", f"nobody{ESCAPES}", "--step", BUY),
    ("person", f"nobody{ESCAPES}"),
    ("sessions", "--by", f"nothing{ESCAPES}"),
    ("orders", "--in", "CHF"),
    ("import", f"/nowhere/{ESCAPES}.csv"),
)


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda q: " ".join(q).encode("ascii", "ignore").decode()[:40])
def test_no_question_prints_what_a_terminal_would_obey(question: tuple[str, ...], folder: Path) -> None:
    out, err, code = _run([*question, "--data", str(folder / "data")])

    assert code == 0, err
    assert not OBEYED.findall(out)
    assert not OBEYED.findall(err)
    if "[red]" in out:
        assert "[/red]" in out.replace("\n", "") or "…" in out


@pytest.mark.parametrize("question", WRONG, ids=lambda q: q[0])
def test_no_error_prints_what_a_terminal_would_obey(question: tuple[str, ...], folder: Path) -> None:
    out, err, code = _run([*question, "--data", str(folder / "data")])

    assert code == 1
    assert not OBEYED.findall(out + err)
    assert err.startswith("sojourn: ")


@pytest.mark.parametrize("columns", [60, 80])
@pytest.mark.parametrize("question", QUESTIONS, ids=lambda q: " ".join(q).encode("ascii", "ignore").decode()[:40])
def test_no_line_is_wider_than_the_terminal(question: tuple[str, ...], columns: int, folder: Path) -> None:
    out, _, _ = _run([*question, "--data", str(folder / "data")], columns=columns)

    if "--persons" not in question:
        assert max(map(cell_len, out.splitlines())) <= columns


def test_the_page_of_a_report_holds_no_tag_of_the_log(folder: Path, tmp_path: Path) -> None:
    page = tmp_path / "report.html"

    _, _, code = _run(["report", "--data", str(folder / "data"), "--html", str(page)])

    assert code == 0
    text = page.read_text("utf-8")
    body = text[: text.rindex("<footer>")]
    assert "<script>alert" not in body
    assert "<img" not in body
    assert "&lt;script&gt;alert(1)" in body


@examples(80)
@given(
    st.lists(
        st.tuples(st.text(alphabet=st.characters(exclude_categories=()), max_size=30), st.integers(0, 10**9)),
        max_size=5,
    )
)
def test_whatever_is_in_a_table_only_text_comes_out(rows: list[tuple[str, int]]) -> None:
    made = table("numbers", [("name", "left"), ("count", "right")])
    for name, number in rows:
        made.add_row(name, f"{number:,}")
    out = io.StringIO()

    Console(file=out, width=70, force_terminal=True, color_system=None).print(Harmless(Group(made, Text("after"))))

    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]", out.getvalue())


def test_markup_of_a_log_is_text_even_where_the_reader_prints_with_markup() -> None:
    made = table("[bold]no[/bold]", [("[red]x", "left")], caption="[i]c[/i]")
    made.add_row("[red]y[/red]")
    out = io.StringIO()

    Console(file=out, width=60).print(made)

    assert [line for line in out.getvalue().splitlines() if "[" in line] == [
        "[bold]no[/bold]",
        "[red]x      ",
        "[red]y[/red]",
        "[i]c[/i]",
    ]


def _lines(made: object, width: int) -> Iterator[str]:
    out = io.StringIO()
    Console(file=out, width=width).print(made)
    yield from (line.rstrip() for line in out.getvalue().splitlines())


def test_a_table_too_wide_gives_up_bars_then_is_told_in_several() -> None:
    columns = [("channel", "left"), *((f"model {n}", "right") for n in range(6)), ("", "left")]
    made = table("Credit", columns)
    made.add_row("paid search", *(f"{1000 * n:,}" for n in range(6)), "██████████")

    wide, narrow = list(_lines(made, 100)), list(_lines(made, 40))

    assert "██████████" in wide[3]
    assert not any("█" in line for line in narrow)
    assert sum(line.startswith("channel") for line in narrow) == 2
    assert sum(line.startswith("paid search") for line in narrow) == 2
    for n in range(6):
        assert any(f"{1000 * n:,}" in line for line in narrow)


@examples(60)
@given(
    st.integers(1, 8),
    st.lists(st.tuples(st.text("ab /_", max_size=60), st.integers(0, 10**10)), min_size=1, max_size=4),
    st.integers(40, 120),
)
def test_at_any_width_every_number_stays_whole_and_no_line_is_too_long(
    many: int, rows: list[tuple[str, int]], width: int
) -> None:
    made = table("t", [("name", "left"), *((f"long header {n}", "right") for n in range(many))], caption="c")
    for name, number in rows:
        made.add_row(name, *(f"{number + n:,}" for n in range(many)))

    lines = list(_lines(made, width))

    assert max(map(cell_len, lines)) <= width
    words = " ".join(lines).split()
    for _, number in rows:
        for n in range(many):
            assert f"{number + n:,}" in words
