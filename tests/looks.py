"""What is wrong with how a page looks in a browser: what hangs over the side, has no name, or cannot be read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

_LOOK = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")


def faults(page: Page) -> list[str]:
    """Sentences; none when all is well. As the page is now: its size, its colours, what of it is open."""
    found: list[str] = page.evaluate(_LOOK)
    return found
