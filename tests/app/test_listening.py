"""Which port a process listens on."""

from __future__ import annotations

import json
import socket
from contextlib import closing

import pytest
import structlog

from sojourn.app.collecting import address_of, listen
from sojourn.app.logs import configure_logs
from sojourn.records.errors import BadOption


def test_a_port_that_nobody_named_moves_to_the_next_free_one_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("collector")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        usual = taken.getsockname()[1]
        with closing(listen("127.0.0.1", None, usual=usual)) as listening:
            found = listening.getsockname()[1]
            assert usual < found < usual + 100
            assert address_of(listening) == f"http://127.0.0.1:{found}"
    structlog.reset_defaults()

    line = json.loads(capsys.readouterr().err)
    assert (line["level"], line["event"]) == ("warning", f"port {usual} is taken; listening on {found}")


def test_a_port_that_was_named_is_that_one_or_none() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(BadOption, match=f"port {port} of 127.0.0.1 is taken by another program"):
            listen("127.0.0.1", port, usual=8001)
    with closing(listen("127.0.0.1", port, usual=8001)) as listening:
        assert listening.getsockname()[1] == port


def test_a_host_of_another_machine_is_refused() -> None:
    with pytest.raises(BadOption, match="give --host an address of this machine"):
        listen("192.0.2.1", 0, usual=8001)


def test_an_address_of_six_parts_is_written_in_brackets() -> None:
    with closing(listen("::1", 0, usual=8001)) as listening:
        assert address_of(listening) == f"http://[::1]:{listening.getsockname()[1]}"
