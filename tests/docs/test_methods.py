"""Every question has a page that says what its numbers mean."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sojourn.analyse.results import Result
from sojourn.app.result_reference import modules, records

if TYPE_CHECKING:
    from pathlib import Path


def questions() -> list[str]:
    """Names of the modules of `analyse` that end in a result: `funnel`, `paths`, ..."""
    found = [module for module in modules() if any(issubclass(record, Result) for record in records(module))]
    return [module.__name__.rpartition(".")[2] for module in found]


def test_every_question_stands_on_a_page_of_methods(pages: dict[str, str]) -> None:
    """On its own, or on another's by its command or its method: `sojourn funnel`, `Journeys.funnel`."""
    text = "\n".join(page for name, page in pages.items() if name.startswith("docs/methods/"))

    named = set(re.findall(r"\b(?:sojourn |[Jj]ourneys\.)([a-z_]+)\b", text))
    missing = [name for name in questions() if name not in named and f"docs/methods/{name}.md" not in pages]

    assert len(questions()) >= 3
    assert not missing


def test_a_page_of_methods_names_something_that_exists(root: Path, pages: dict[str, str]) -> None:
    """A page whose question is gone, or was renamed, is found by the commands it names."""
    known = set(re.findall(r"^## `sojourn (\w+)", (root / "docs" / "cli.md").read_text(), flags=re.MULTILINE))

    for name, page in pages.items():
        if name.startswith(("docs/", "README", "CONTRIBUTING")):
            assert set(re.findall(r"`sojourn ([a-z]+)\b", page)) <= known, name
