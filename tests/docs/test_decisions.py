"""A decision is a numbered page: what was the case, what was decided, what follows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def test_decisions_are_numbered_without_gaps_and_say_three_things(root: Path) -> None:
    names = sorted(path.name for path in (root / "docs" / "decisions").glob("*.md"))
    numbers = []
    for name in names:
        match = re.fullmatch(r"(\d{4})-[a-z0-9]+(?:-[a-z0-9]+)*\.md", name)
        assert match, name
        numbers.append(int(match[1]))
        text = (root / "docs" / "decisions" / name).read_text()
        assert re.match(rf"# {match[1]}\. \S", text), f"{name} opens with its number and its sentence"
        headings = re.findall(r"^## (\w+)$", text, flags=re.MULTILINE)
        assert headings[:3] == ["Context", "Decision", "Consequences"], name

    assert numbers == list(range(1, len(names) + 1))
