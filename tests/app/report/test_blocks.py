from __future__ import annotations

from rich.console import Group
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from sojourn.app.report.blocks import Cell, Grid, Line, Twig, blocks


def test_a_table_keeps_its_words_and_its_bars_become_lengths() -> None:
    table = Table(title="Pages", caption="Of all.")
    table.add_column("page")
    table.add_column("share", justify="right")
    table.add_column("")
    table.add_row("/[a]", "50 %", "██")
    table.add_row("/b", "25 %", "█")
    table.add_row("/c", "0 %", "")

    (grid,) = blocks(table)

    assert grid == Grid(
        "Pages",
        "Of all.",
        (Cell("page"), Cell("share", right=True), Cell("")),
        (
            (Cell("/[a]"), Cell("50 %", right=True), Cell("", bar=1.0)),
            (Cell("/b"), Cell("25 %", right=True), Cell("", bar=0.5)),
            (Cell("/c"), Cell("0 %", right=True), Cell("", bar=0.0)),
        ),
    )


def test_lines_and_groups_come_in_order() -> None:
    assert list(blocks(Group("one", Group(Text("two\nthree"), "▁▂█")))) == [
        Line("one"),
        Line("two"),
        Line("three"),
        Line("▁▂█", fixed=True),
    ]


def test_a_tree_keeps_its_branches_without_their_bars() -> None:
    tree = Tree(Text("view 10 ██▍"))
    tree.add(Text("cart 5 █"))

    assert list(blocks(tree)) == [Twig("view 10", (Twig("cart 5"),))]


def test_a_coloured_cell_has_the_ink_that_is_read_best_on_it() -> None:
    table = Table()
    table.add_column("x")
    table.add_row(Text("9", style="white on rgb(236,244,250)"))
    table.add_row(Text("9", style="black on rgb(0,60,120)"))

    (grid,) = blocks(table)

    assert isinstance(grid, Grid)
    assert [row[0].style for row in grid.rows] == [
        "background:rgb(236,244,250);color:#16191d",
        "background:rgb(0,60,120);color:#ffffff",
    ]
