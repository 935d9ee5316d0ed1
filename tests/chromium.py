"""Headless Chromium as Debian ships it, with an empty profile, talking to nobody but the test."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

ARGUMENTS = (
    *(
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
    ),
    *("--disable-sync", "--autoplay-policy=no-user-gesture-required"),
)


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser, ended at the end of the block; the test is skipped, aloud, where there is none."""
    program = shutil.which("chromium")
    if program is None:
        # `.ci/run` installs it, and fails on a skip; who has none can still run the other tests.
        pytest.skip("chromium is not installed")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        try:
            yield started
        finally:
            started.close()
