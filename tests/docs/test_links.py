"""Every link between our own pages leads somewhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from pathlib import Path

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)")
FENCE = re.compile(r"^(```|~~~).*?^\1", flags=re.DOTALL | re.MULTILINE)


def anchors(text: str) -> set[str]:
    """What GitHub calls the headings of a page."""
    headings = re.findall(r"^#+ +(.+?)\s*$", FENCE.sub("", text), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_a_heading_is_called_as_github_calls_it() -> None:
    assert anchors("# Two commands\n## `sojourn import`, in short\n```sh\n# not one\n```\n") == {
        "two-commands",
        "sojourn-import-in-short",
    }


def test_relative_links_lead_to_files_and_headings_that_exist(root: Path, pages: dict[str, str]) -> None:
    broken = []
    for name, text in pages.items():
        for target in LINK.findall(FENCE.sub("", text)):
            if re.match(r"[a-z]+:", target):
                continue
            place, _, anchor = unquote(target).partition("#")
            file = ((root / name).parent / place).resolve() if place else root / name
            if not file.exists() or (anchor and file.suffix == ".md" and anchor not in anchors(file.read_text())):
                broken.append(f"{name}: {target}")

    assert not broken


def test_the_readme_shows_a_picture_of_real_output_small_enough_to_load(root: Path, pages: dict[str, str]) -> None:
    pictures = [root / target for target in re.findall(r"!\[[^\]]+\]\(([^)\s]+)\)", pages["README.md"])]

    assert pictures
    for picture in pictures:
        assert picture.read_bytes().startswith(b"\x89PNG")
        assert picture.stat().st_size <= 250_000
