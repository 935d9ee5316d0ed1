"""A figure without the command that prints it is a claim."""

from __future__ import annotations

import re


def test_every_measured_figure_names_its_command(pages: dict[str, str]) -> None:
    rows = re.findall(r"^\| (?!what |-)(.+) \|$", pages["docs/measurements.md"], flags=re.MULTILINE)

    assert rows
    for row in rows:
        cells = re.split(r" (?<!\\)\| ", row)
        assert re.search(r"\d", cells[1]), row
        assert re.fullmatch(r"`[^`]+`", cells[-1]), row
