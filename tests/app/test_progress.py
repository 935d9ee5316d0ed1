"""A terminal shows how far work is, whether it takes a callback or tells it by itself."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from sojourn.app import progress
from sojourn.app.progress import Progress
from sojourn.records.progress import tell


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What a terminal of 100 columns is sent, from the first moment on."""
    out = io.StringIO()
    monkeypatch.setattr(progress, "Console", lambda **_: Console(file=out, force_terminal=True, width=100))
    monkeypatch.setattr(progress, "_PATIENCE_S", -1.0)
    return out


def test_what_work_tells_and_what_it_is_handed_are_bars_of_their_own(shown: io.StringIO) -> None:
    with Progress() as handed:
        tell("counting", 1, 4)
        handed("reading log.csv", 300_000_000, 400_000_000)

    assert "counting" in shown.getvalue()
    assert "25%" in shown.getvalue()
    assert "reading log.csv" in shown.getvalue()
    assert "75%" in shown.getvalue()
    assert "M/s" in shown.getvalue()


def test_nothing_is_heard_afterwards_nor_when_it_is_quiet(shown: io.StringIO) -> None:
    with Progress(quiet=True):
        tell("counting", 1, 4)
    with Progress():
        pass
    tell("counting", 2, 4)

    assert "counting" not in shown.getvalue()
