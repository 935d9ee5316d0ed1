"""The tracker that the package carries: small, built from its source, and silent towards everybody but its collector."""

from __future__ import annotations

import gzip
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from tests.node_packages import installed

from sojourn.api.tracker import tracker

if TYPE_CHECKING:
    from pathlib import Path

LARGEST = 5_000


def test_the_script_has_at_most_five_kilobytes_gzipped() -> None:
    assert len(gzip.compress(tracker(), 9)) <= LARGEST


def test_the_script_names_no_host_and_uses_nothing_that_a_strict_policy_forbids() -> None:
    text = tracker().decode()

    assert "//" not in re.sub(r"/[^/\n]+/[gi]*[.,)]", "", text)
    for forbidden in (
        "http:",
        "https:",
        "document.cookie",
        "eval(",
        "new Function",
        "innerHTML",
        "sessionStorage",
        ".style",
    ):
        assert forbidden not in text


def test_no_value_of_a_field_is_read_but_the_label_of_a_button(root: Path) -> None:
    source = {path.name: path.read_text() for path in (root / "tracker").glob("*.js")}
    reads = [
        (name, line.strip())
        for name, text in source.items()
        for line in text.splitlines()
        if re.search(r"\.value\b(?!\()", line)
    ]

    assert reads == [("elements.js", '(element.matches("[type=submit],[type=button]") && element.value) ||')]


@pytest.mark.long
def test_the_packaged_script_is_the_build_of_the_source_and_its_types_are_right(root: Path, tmp_path: Path) -> None:
    """`npm ci` in `tracker/`, then `npm run --silent build > ../src/sojourn/api/t.js`, makes it anew."""
    packages = installed(root / "tracker")
    shutil.copytree(root / "tracker", tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("node_modules"))
    (tmp_path / "node_modules").symlink_to(packages / "node_modules")

    def run(script: str) -> bytes:
        command = ("npm", "run", "--silent", script)
        return subprocess.run(command, cwd=tmp_path, check=True, stdout=subprocess.PIPE).stdout

    run("check")
    assert run("build") == tracker()


def test_the_documentation_knows_every_event_attribute_and_word_and_the_size(root: Path) -> None:
    page = (root / "docs" / "tracker.md").read_text()
    source = "\n".join(path.read_text() for path in (root / "tracker").glob("*.js"))
    events = set(re.findall(r'"((?:[A-Z][a-z]+ )+[A-Z][a-z]+)"', source))
    events |= {f"Video {what}" for what in events if what.startswith(("Playback", "Content"))}
    events = {event for event in events if not event.startswith(("Playback", "Content"))}

    assert len(events) > 15
    assert [event for event in sorted(events) if f"| {event} |" not in page] == []
    attributes = set(re.findall(r"data-sojourn-[a-z]+", source)) | {
        f"data-sojourn-{name}" for name in re.findall(r'said\("(\w+)"\)', source)
    }
    assert [name for name in sorted(attributes) if f"| `{name}` |" not in page] == []
    words = set(re.findall(r'automatic\("(\w+)"\)', source))
    assert [word for word in sorted(words) if f"| `{word}` |" not in page] == []
    assert f"# {len(gzip.compress(tracker(), 9, mtime=0))}: bytes" in page
