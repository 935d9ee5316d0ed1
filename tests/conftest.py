"""What every test may ask for: real logs, a really small disk, repeatable random examples.

`SOJOURN_TEST_DATA` names the folder of real event logs; without it the tests that need them are skipped and say so.
`SOJOURN_NO_SKIPS=1` turns every skip into a failure: there, a test that did not run is a test that failed.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import hypothesis
import pytest
import typer.main
import typer.testing

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

_MEMORY, _ROOM = Path("/dev/shm"), 4 << 30  # noqa: S108 - a folder that nobody guesses is made inside it
_EXAMPLES = 100 if os.environ.get("SOJOURN_THOROUGH") == "1" else 12
hypothesis.settings.register_profile("ci", max_examples=_EXAMPLES, derandomize=True, deadline=None, print_blob=True)
hypothesis.settings.load_profile("ci")

_Report = TypeVar("_Report", pytest.TestReport, pytest.CollectReport)


def _in_memory() -> None:
    """Let temporary folders lie in memory, where the machine has room: nothing waits for a disk.

    `make test-all` leaves them on the disk, with its waiting.
    """
    if os.environ.get("SOJOURN_THOROUGH") == "1" or "TMPDIR" in os.environ or not os.access(_MEMORY, os.W_OK):
        return
    if shutil.disk_usage(_MEMORY).free >= _ROOM:
        os.environ["TMPDIR"] = tempfile.tempdir = str(_MEMORY)


_in_memory()
# typer reads the signatures of all commands whenever a test invokes one: a fifth of a second, and always the same.
_commands = functools.cache(typer.main.get_command)
vars(typer.testing)["_get_command"] = vars(typer.main)["get_command"] = _commands


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def data() -> Callable[[str], Path]:
    """`data("folder/file")` is the path of a real log, or the test is skipped."""

    def find(name: str) -> Path:
        folder = os.environ.get("SOJOURN_TEST_DATA")
        if not folder:
            # The logs are not ours to ship; `.ci/run` has them, and fails on a skip. Fixtures of our own never skip.
            pytest.skip(f"SOJOURN_TEST_DATA is not set: real log {name} not read")
        path = Path(folder) / name
        if not path.exists():
            # Somebody may have some of the logs only.
            pytest.skip(f"real log {name} is not in SOJOURN_TEST_DATA")
        return path

    return find


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """`small_disk(megabytes)` is a folder on a filesystem of its own that holds no more than that.

    An ext4 image where the machine lets one be mounted, else a tmpfs, else the test is skipped.
    """
    mounted: list[Path] = []

    def mount(megabytes: int = 8) -> Path:
        folder = tmp_path / f"disk{len(mounted)}"
        folder.mkdir()
        if not (_mount_image(folder, megabytes) or _mount_memory(folder, megabytes)):
            # It takes a privilege that a developer's container may lack; `.ci/run` has it, and fails on a skip.
            pytest.skip("mounting a filesystem is not permitted here: no disk can be filled")
        mounted.append(folder)
        return folder

    yield mount
    for folder in mounted:
        subprocess.run(["umount", "--lazy", folder], check=True)


def _mount_image(folder: Path, megabytes: int) -> bool:
    """Mount a new ext4 image on `folder`; whether that worked."""
    make = shutil.which("mkfs.ext4", path=os.environ.get("PATH", "") + os.pathsep + "/usr/sbin")
    if make is None or os.geteuid() != 0:
        return False
    image = folder.with_suffix(".img")
    with image.open("wb") as file:
        file.truncate(megabytes << 20)
    steps: list[list[str | Path]] = [[make, "-q", "-F", "-m", "0", image], ["mount", "-o", "loop", image, folder]]
    return all(subprocess.run(step, check=False, capture_output=True).returncode == 0 for step in steps)


def _mount_memory(folder: Path, megabytes: int) -> bool:
    """Mount a tmpfs on `folder`; whether that worked."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        return False
    step: list[str | Path] = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", folder]
    return subprocess.run(step, check=False, capture_output=True).returncode == 0


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A skipped test fails where nothing may be skipped."""
    return _refuse_skip((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """A skipped test file fails where nothing may be skipped."""
    return _refuse_skip((yield))


def _refuse_skip(report: _Report) -> _Report:
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("SOJOURN_NO_SKIPS") == "1":
        report.outcome = "failed"
        report.longrepr = f"skipped where SOJOURN_NO_SKIPS=1: {report.longrepr}"
    return report
