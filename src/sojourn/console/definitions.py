"""Definitions: the pages of docs/methods/ as the console shows them.

In: the name of a page. Out: HTML. The pages are ours and trusted; what a log wrote never comes here. In a wheel they lie beside this file.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

_BESIDE = Path(__file__).parent / "methods"
_HERE = _BESIDE if _BESIDE.is_dir() else Path(__file__).parents[3] / "docs" / "methods"
_NAME = re.compile(r"[a-z][a-z-]{0,40}")
_LINK = re.compile(r'href="(?!https?:|#|/)(?P<path>[^"#]+)(?P<place>#[^"]*)?"')


def definitions() -> dict[str, str]:
    """Titles by name, in the order of the titles."""
    found = {page.stem: page.read_text("utf-8").partition("\n")[0].removeprefix("# ") for page in _HERE.glob("*.md")}
    return dict(sorted(found.items(), key=lambda item: item[1].lower()))


def definition(name: str) -> tuple[str, str] | None:
    """Title and HTML of a page; None when there is none of that name."""
    file = _HERE / f"{name}.md"
    if not _NAME.fullmatch(name) or not file.is_file():
        return None
    return _read(file)


@lru_cache(maxsize=64)
def _read(file: Path) -> tuple[str, str]:
    from markdown_it import MarkdownIt  # noqa: PLC0415  (only for pages of definitions)

    title, _, text = file.read_text("utf-8").partition("\n")
    html = MarkdownIt("commonmark", {"html": False}).enable("table").render(text)
    return title.removeprefix("# "), _LINK.sub(_address, html)


def _address(found: re.Match[str]) -> str:
    """Links between pages of methods lead to the pages here; what lies elsewhere in docs/ is named and not linked."""
    path = Path(found["path"])
    if path.parent == Path() and (_HERE / path).is_file():
        return f'href="/definitions/{path.stem}{found["place"] or ""}"'
    return f'title="{found["path"]} of the documentation"'
