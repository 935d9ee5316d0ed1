"""The ground the other tests stand on: a disk that really fills, and skips that count where they must not happen."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_a_small_disk_fills(small_disk: Callable[[int], Path]) -> None:
    folder = small_disk(2)

    with pytest.raises(OSError, match="No space left") as full:
        (folder / "big").write_bytes(b"x" * (3 << 20))

    assert full.value.errno == errno.ENOSPC


# Tests of a run inside a test: one skips on purpose, to see that a skip fails where nothing may be skipped.
SKIPS = """
import pytest

def test_runs(): pass

def test_skips(): pytest.skip("no real log here")

@pytest.mark.xfail(reason="known", strict=True)
def test_fails_as_known(): assert False
"""


@pytest.mark.parametrize(
    ("no_skips", "code", "said"), [pytest.param("0", 0, "1 skipped", marks=pytest.mark.long), ("1", 1, "1 failed")]
)
def test_a_skip_fails_where_nothing_may_be_skipped(
    root: Path, tmp_path: Path, no_skips: str, code: int, said: str
) -> None:
    """A test that is expected to fail is no skip."""
    (tmp_path / "conftest.py").write_text((root / "tests" / "conftest.py").read_text())
    (tmp_path / "test_it.py").write_text(SKIPS)

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--rootdir", tmp_path, tmp_path],
        cwd=tmp_path,
        env={**os.environ, "SOJOURN_NO_SKIPS": no_skips, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == code, done.stdout
    assert said in done.stdout
    assert "1 xfailed" in done.stdout
