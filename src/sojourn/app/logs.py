"""What the processes say of themselves: one line a happening on stderr, the same for all of them.

In: happenings, by structlog. Out: JSON objects, one a line, for whoever keeps logs; at a terminal a line that is read. Never what was
sent by customers.
"""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Any

import structlog

from sojourn.records.visible import visible

if TYPE_CHECKING:
    from collections.abc import MutableMapping

_FIRST = ("timestamp", "level", "process", "event")
_NAME_WIDTH = 9


def configure_logs(process: str) -> None:
    """Say what happens to this process on stderr.

    Args:
        process: `collector`, `worker`, ...: each line names it, for several share one stream.
    """

    def named(_logger: object, _method: str, said: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        said["process"] = process
        return {name: said[name] for name in (*_FIRST, *(name for name in said if name not in _FIRST))}

    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            named,
            _read_line if sys.stderr.isatty() else structlog.processors.JSONRenderer(),
        ],
        # Found at each line: whoever replaces stderr, as tests and supervisors do, gets what follows.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
    # The server's own words may quote a request; its errors are answered and counted by the application.
    logging.getLogger("uvicorn").setLevel(logging.CRITICAL)


def _read_line(_logger: object, _method: str, said: MutableMapping[str, Any]) -> str:
    """`13:25:22 worker    working  behind=0`."""
    level = "" if said["level"] in ("info", "debug") else f"{said['level']}: "
    rest = "  ".join(f"{name}={value}" for name, value in said.items() if name not in _FIRST)
    head = f"{said['timestamp'][11:19]} {said['process']:<{_NAME_WIDTH}}"
    return visible(f"{head} {level}{said['event']}{'  ' + rest if rest else ''}")
