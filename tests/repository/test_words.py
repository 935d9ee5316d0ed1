"""The repository speaks of Sojourn, not of the machine it was written on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# Written apart, so that this file does not hold what it forbids.
MACHINE = re.compile(
    "|".join(
        [
            *(r"(?<![\w./-])/" + place + r"/\w" for place in ("work", "root", "home", "Users")),
            *("pypi" + r"\.org", "pythonhosted" + r"\.org", "npmjs" + r"\.(?:org|com)", "index-" + "url" + " *= *http"),
        ]
    )
)


def test_no_tracked_file_names_a_machine_or_a_registry(tracked: list[Path], root: Path) -> None:
    found = []
    for path in tracked:
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue  # a binary fixture
        found += [f"{path.relative_to(root)}: {match[0]}" for match in MACHINE.finditer(text)]

    assert not found
