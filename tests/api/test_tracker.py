"""How browsers get the tracker."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest

from sojourn.api.tracker import tracker

if TYPE_CHECKING:
    from tests.api.conftest import Server


@pytest.mark.parametrize("path", ["/t.js", "/metrics/t.js", "/a/b/t.js"])
def test_the_script_is_served_under_any_first_party_path(server: Server, path: str) -> None:
    answer = server.call("GET", path, headers={"Origin": "https://shop.example"})

    assert (answer.status, answer.body) == (200, tracker())
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers["access-control-allow-origin"] == "https://shop.example"


def test_it_is_packed_where_the_browser_takes_that(server: Server) -> None:
    answer = server.call("GET", "/t.js", headers={"Accept-Encoding": "gzip, br"})

    assert answer.headers["content-encoding"] == "gzip"
    assert gzip.decompress(answer.body) == tracker()
    assert int(answer.headers["content-length"]) == len(answer.body)


def test_a_browser_that_has_it_gets_no_second_copy(server: Server) -> None:
    tag = server.call("GET", "/t.js").headers["etag"]

    assert server.call("GET", "/t.js", headers={"If-None-Match": tag}).status == 304
    assert server.call("GET", "/t.js", headers={"If-None-Match": '"old"'}).status == 200
    assert server.call("GET", "/t.js", headers={"If-None-Match": tag, "Accept-Encoding": "gzip"}).status == 200


def test_nothing_can_be_written_to_it(server: Server) -> None:
    assert server.call("POST", "/t.js", b"x").status == 405
