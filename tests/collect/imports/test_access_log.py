from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sojourn.collect.imports.mapping import Mapping
from sojourn.collect.imports.read import read_batches

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:121.0) Gecko/20100101 Firefox/121.0"


def line(
    request: str = "GET / HTTP/1.1",
    *,
    address: str = "203.0.113.77",
    status: int = 200,
    agent: str | None = FIREFOX,
    user: str = "-",
    time: str = "17/May/2015:10:05:03 +0200",
) -> str:
    common = f'{address} - {user} [{time}] "{request}" {status} 512'
    return common + ("\n" if agent is None else f' "https://search.example/?q=x" "{agent}"\n')


def test_a_combined_line_becomes_an_event(written: Callable[..., Any]) -> None:
    log = written(line("GET /pricing?plan=a%20b HTTP/1.1"))

    assert log.column("time") == ["2015-05-17 08:05:03.000000Z"]
    assert (log.column("event"), log.column("type"), log.column("bot")) == (["Page Viewed"], ["page"], [False])
    wanted = {"method": "GET", "path": "/pricing", "query": "plan=a%20b", "status": 200, "bytes": 512}
    wanted |= {"referrer": "https://search.example/?q=x", "user_agent": FIREFOX, "ip": "203.0.113.0"}
    assert {name: log.property(name)[0] for name in log.batches[0].properties} == wanted


def test_a_common_line_has_neither_referrer_nor_agent(written: Callable[..., Any]) -> None:
    log = written(line(agent=None))

    assert log.property("user_agent") == [None]
    assert log.property("path") == ["/"]


@pytest.mark.parametrize(
    ("request_line", "status", "event"),
    [
        ("GET /shop HTTP/1.1", 200, "Page Viewed"),
        ("GET /shop HTTP/1.1", 304, "Page Viewed"),
        ("GET /shop", 200, "Page Viewed"),
        ("GET /style.CSS?v=3 HTTP/1.1", 200, "File Requested"),
        ("GET /logo.png HTTP/1.1", 304, "File Requested"),
        ("GET /favicon.ico HTTP/1.1", 200, "File Requested"),
        ("GET /old HTTP/1.1", 301, "File Requested"),
        ("HEAD /shop HTTP/1.1", 200, "File Requested"),
        ("POST /cart HTTP/1.1", 200, "File Requested"),
        ("GET /nowhere HTTP/1.1", 404, "Request Failed"),
        ("POST /cart HTTP/1.1", 500, "Request Failed"),
        ("-", 408, "Request Failed"),
        (r"\x16\x03\x01", 400, "Request Failed"),
    ],
)
def test_only_pages_opened_by_a_browser_are_page_views(
    written: Callable[..., Any], request_line: str, status: int, event: str
) -> None:
    assert written(line() + line(request_line, status=status)).column("event")[1] == event


def test_a_visitor_is_address_and_agent(written: Callable[..., Any]) -> None:
    lines = [line(), line("GET /b HTTP/1.1"), line(address="203.0.113.78"), line(agent="Other/1.0"), line(agent=None)]
    visitors = written("".join(lines)).column("anonymous_id")

    assert len(visitors) == 5
    assert visitors[0] == visitors[1]
    assert len(set(visitors)) == 4
    assert not any("203.0" in visitor for visitor in visitors)


def test_visitors_have_another_name_under_another_secret(tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    path.write_text(line())

    names = {
        str(batch.fixed.column("anonymous_id")[0])
        for secret in (b"", b"one", b"two")
        for batch in read_batches(path, Mapping(), secret=secret)
    }

    assert len(names) == 3


def test_a_logged_in_user_is_a_known_person(written: Callable[..., Any]) -> None:
    assert written(line(user="anna") + line()).column("user_id") == ["anna", None]


def test_ipv6_loses_its_last_80_bits_and_virtual_hosts_are_passed_over(written: Callable[..., Any]) -> None:
    log = written(line(address="2001:db8:1:2::3") + "shop.example:443 " + line())

    assert log.property("ip") == ["2001:db8:1::", "203.0.113.0"]


def test_quotes_in_the_agent_are_unescaped(written: Callable[..., Any]) -> None:
    assert written(line(agent=r"Mozilla/5.0 \"quoted\" back\\slash")).property("user_agent") == [
        r'Mozilla/5.0 "quoted" back\slash'
    ]


def test_what_is_no_request_is_rejected_with_its_line(written: Callable[..., Any]) -> None:
    bad = line().rstrip('"\n') + "\n"
    log = written(
        line()
        + bad
        + "\n"
        + "rubbish\n"
        + line(time="17/Mai/2015:10:05:03 +0200")
        + line().replace("GET", "G\xff").replace("\xff", "\udcff")
    )

    assert log.accepted == 1
    assert [(row.line, row.reason.value) for row in log.rejected] == [
        (2, "bad_line"),
        (4, "bad_line"),
        (5, "bad_time"),
        (6, "bad_encoding"),
    ]


def test_crawlers_are_marked(written: Callable[..., Any]) -> None:
    log = written(
        line(agent="Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)")
        + line()
        + line(agent="okhttp/4.9")
    )

    assert log.column("bot") == [True, False, False]


def test_windows_line_ends_and_order_do_not_matter(written: Callable[..., Any]) -> None:
    later, earlier = line(time="17/May/2015:12:00:00 +0000"), line(time="17/May/2015:10:00:00 +0000")
    log = written((later + earlier).replace("\n", "\r\n"))

    assert log.column("time") == ["2015-05-17 12:00:00.000000Z", "2015-05-17 10:00:00.000000Z"]  # file order is kept
