"""Packages of npm that tests need: installed once, at the versions of a committed lock, into a cache outside the repository.

`SOJOURN_TEST_CACHE` names another cache than `~/.cache/sojourn-tests`.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest

FILES = ("package.json", "package-lock.json")
# `install`, not `ci`: some packages list platforms that not every registry has, and `ci` wants all of them in the lock.
INSTALL = ("npm", "install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")


def installed(folder: Path) -> Path:
    """A folder with the `node_modules` that the lock in `folder` names; the same one for the same lock."""
    if shutil.which("npm") is None:
        # `.ci/run` installs them, and fails on a skip; who has none can still run the other tests.
        pytest.skip("node and npm are not installed")
    said = b"".join((folder / name).read_bytes() for name in FILES)
    cache = Path(os.environ.get("SOJOURN_TEST_CACHE") or Path.home() / ".cache" / "sojourn-tests")
    place = cache / f"{folder.name}-{hashlib.blake2b(said, digest_size=8).hexdigest()}"
    place.mkdir(parents=True, exist_ok=True)
    # Several test processes may ask at once.
    with (place / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (place / "installed").exists():
            for name in FILES:
                shutil.copy(folder / name, place)
            done = subprocess.run(INSTALL, cwd=place, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
            (place / "installed").touch()
    return place
