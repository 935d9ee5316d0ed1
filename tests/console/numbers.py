"""What every number of a page has to keep: it opens exactly the persons it counts."""

from __future__ import annotations

import csv
import html
import io
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from httpx2 import Response
    from starlette.testclient import TestClient

_NUMBER = re.compile(r'<a(?: class="value")? href="(/behind/[^"]+)"[^>]*>\s*([\d,]+)')
_SHARE = re.compile(r'<a class="of-share" href="(/behind/[^"]+)" title="([\d,]+)')
_TRIES = 200


def opened(console: TestClient, address: str) -> Response:
    """A page once its answer is there: the first question compiles, and the page says so meanwhile."""
    for _ in range(_TRIES):
        page = console.get(address)
        if page.status_code != 202:
            return page
    raise AssertionError(f"{address} is still being worked on")


def numbers_of(page: str) -> list[tuple[str, int]]:
    """Addresses and numbers of a page's links to persons."""
    return [
        (html.unescape(address), int(number.replace(",", "")))
        for address, number in _NUMBER.findall(page) + _SHARE.findall(page)
    ]


def persons_of(console: TestClient, address: str) -> list[str]:
    """The persons behind a number, as its CSV lists them; as many as its page says."""
    page = opened(console, address).text
    said = re.search(r'data-count="(\d+)"', page)
    assert said, page[-400:]
    header, *lines = csv.reader(io.StringIO(opened(console, f"{address}&format=csv").text))
    assert header == ["person"]
    persons = [person for (person,) in lines]
    assert len(persons) == int(said[1])
    shown = re.findall(r'<li><a href="/persons/[^"]+">([^<]+)</a></li>', page)
    assert [html.unescape(person) for person in shown] == persons[:100]
    return persons


def assert_numbers_open_their_persons(console: TestClient, address: str, *, least: int = 1) -> None:
    """Every number of a page that leads to persons leads to so many."""
    page = opened(console, address)
    assert page.status_code == 200, page.text[-500:]
    found = numbers_of(page.text)
    assert len(found) >= least
    for to, number in dict.fromkeys(found):
        assert len(persons_of(console, to)) == number, to
