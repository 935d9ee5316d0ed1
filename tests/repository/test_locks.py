"""The locks name versions and hashes of everything installed, and nobody's package index."""

from __future__ import annotations

import importlib.metadata
import re
import tomllib
from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from pathlib import Path

LOCKS = ("requirements.lock", "requirements-dev.lock")

PERMISSIVE = re.compile(
    r"(?:0BSD|Apache-2\.0|BSD(?:-[23]-Clause)?|CC0-1\.0|ISC|LLVM-exception|MIT(?:-0)?|PSF-2\.0|Unlicense|Zlib|AND|OR|WITH|[() ])+"
)
PERMISSIVE_WORDS = re.compile(r"\b(Apache|BSD|ISC|MIT)\b")

REVIEWED = {
    "certifi": "MPL-2.0: Mozilla's list of certificate authorities, used unmodified by httpx; data, not code of ours",
    "crawler-user-agents": "MIT by the LICENSE file of the package; its metadata has no licence field",
    "lmdb": "OpenLDAP Public License 2.8, permissive like BSD; its metadata names it without a licence expression",
    "pathspec": "MPL-2.0: used unmodified by hatchling when the package is built, never imported by Sojourn",
}


def pins(lock: Path) -> dict[str, list[Requirement]]:
    """The requirements of a lock by canonical name; several when versions differ by Python."""
    found: dict[str, list[Requirement]] = {}
    for line in lock.read_text().splitlines():
        if match := re.match(r"[a-z0-9][^\\]*", line):
            requirement = Requirement(match[0])
            found.setdefault(canonicalize_name(requirement.name), []).append(requirement)
    return found


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_package_index(root: Path, name: str) -> None:
    """Each machine installs from the index it is set up for."""
    assert not re.search(r"https?:|file:|index-url|find-links", (root / name).read_text())


def test_no_other_lock_names_a_package_index(tracked: list[Path]) -> None:
    assert "uv.lock" not in {path.name for path in tracked}
    for path in tracked:
        if path.name in {"package-lock.json", "npm-shrinkwrap.json"}:
            assert '"resolved"' not in path.read_text(), path


@pytest.mark.parametrize("name", LOCKS)
def test_every_pin_has_a_version_and_a_hash(root: Path, name: str) -> None:
    text = (root / name).read_text()
    starts = re.findall(r"^[a-z0-9].*$", text, flags=re.MULTILINE)

    assert len(starts) > 20
    assert all("==" in line and line.endswith("\\") for line in starts)
    assert len(re.findall(r"^\S.*\\\n +--hash=sha256:[0-9a-f]{64}", text, flags=re.MULTILINE)) == len(starts)


def test_developers_run_the_versions_that_users_run(root: Path) -> None:
    users, developers = (pins(root / name) for name in LOCKS)

    assert {name: {str(pin.specifier) for pin in found} for name, found in users.items()} == {
        name: {str(pin.specifier) for pin in developers[name]} for name in users
    }


def test_the_locks_answer_pyproject(root: Path) -> None:
    """A dependency added to pyproject.toml without `make lock` is caught here."""
    project = tomllib.loads((root / "pyproject.toml").read_text())
    users, developers = (pins(root / name) for name in LOCKS)
    groups = project["dependency-groups"]

    for text in [*project["project"]["dependencies"], *groups["build"]]:
        wanted = Requirement(text)
        for pin in users[canonicalize_name(wanted.name)]:
            assert wanted.specifier.contains(str(pin.specifier).removeprefix("==")), text
    for text in groups["dev"]:
        assert isinstance(text, dict) or canonicalize_name(Requirement(text).name) in developers


def test_the_locks_hold_nothing_that_pyproject_no_longer_asks_for(root: Path) -> None:
    """A dependency taken out of pyproject.toml without `make lock` would still be installed."""
    project = tomllib.loads((root / "pyproject.toml").read_text())
    groups = project["dependency-groups"]
    runtime = [*project["project"]["dependencies"], *groups["build"]]
    wanted = dict(
        zip(LOCKS, (runtime, [*runtime, *(text for text in groups["dev"] if isinstance(text, str))]), strict=True)
    )

    for name, texts in wanted.items():
        blocks = re.split(r"^(?=\S)", (root / name).read_text(), flags=re.MULTILINE)
        asked_for = {canonicalize_name(block.partition("==")[0]) for block in blocks if "sojourn (pyproject" in block}
        assert asked_for == {canonicalize_name(Requirement(text).name) for text in texts}


def test_what_users_install_is_permissively_licensed(root: Path) -> None:
    judged: dict[str, str] = {}
    for name, found in pins(root / "requirements.lock").items():
        if all(pin.marker is not None and not pin.marker.evaluate() for pin in found):
            continue  # not installed on this system, so it has no metadata to read
        metadata = importlib.metadata.metadata(name)
        expression = next(iter(metadata.get_all("License-Expression") or []), None)
        words = [text for text in metadata.get_all("Classifier") or [] if text.startswith("License ::")]
        words += [text.partition("\n")[0] for text in metadata.get_all("License") or []]
        permissive = PERMISSIVE.fullmatch(expression) if expression else PERMISSIVE_WORDS.search(" ".join(words))
        if not permissive:
            judged[name] = expression or " ".join(words)

    assert judged.keys() == REVIEWED.keys() & pins(root / "requirements.lock").keys(), judged
