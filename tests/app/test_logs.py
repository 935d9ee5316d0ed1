"""One line a happening, the same from all processes."""

from __future__ import annotations

import io
import json
import sys
from typing import TYPE_CHECKING

import pytest
import structlog

from sojourn.app.logs import configure_logs

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    yield
    structlog.reset_defaults()


class Terminal(io.StringIO):
    """A stream that says it is read by a person."""

    def isatty(self) -> bool:
        """It is."""
        return True


def test_a_line_is_an_object_that_names_its_process_first(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    configure_logs("keeper")

    structlog.get_logger().warning("flushed", rows=3)

    line = json.loads(stream.getvalue())
    assert list(line) == ["timestamp", "level", "process", "event", "rows"]
    assert (line["process"], line["level"], line["event"], line["rows"]) == ("keeper", "warning", "flushed", 3)


def test_at_a_terminal_a_line_is_read_and_what_a_terminal_would_obey_is_spelled_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    configure_logs("worker")

    structlog.get_logger().error("broke", error="\x1b[2J")

    assert stream.getvalue()[8:] == " worker    error: broke  error=\\x1b[2J\n"
