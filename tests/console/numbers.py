"""What every number of a page has to keep: it opens exactly the persons it counts; what counts no persons opens who did it."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from httpx2 import Response
    from starlette.testclient import TestClient

_NUMBER = re.compile(r'<a(?: class="value")? href="(/behind/[^"]+)"[^>]*>\s*([\d,]+)')
_SHARE = re.compile(r'<a class="of-share" href="(/behind/[^"]+)" title="([\d,]+)')
_DEED = re.compile(r'<a class="(?:value )?of-events" href="(/behind/[^"]+)"[^>]*>([^<]*)')
_FIGURE = re.compile(r'<script type="application/json">(.*?)</script>', re.DOTALL)
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


def deeds_of(page: str) -> list[tuple[str, str]]:
    """Addresses and texts of a page's links from numbers that count no persons."""
    return [(html.unescape(address), text.strip()) for address, text in _DEED.findall(page)]


def marks_of(page: str) -> Iterator[tuple[str, float | int | str]]:
    """Addresses that the marks of a page's figures lead to, and what the mark says: a value, or its words."""
    for text in _FIGURE.findall(page):
        for trace in json.loads(text)["data"]:
            values = trace.get("x" if trace.get("orientation") == "h" else "y")
            links = (trace.get("meta") or {}).get("links", ())
            yield from zip(links, values if links else (), strict=True)
            for part in ("node", "link"):
                yield from ((told[1], told[0]) for told in trace.get(part, {}).get("customdata", ()) if told[1])


def unlinked(page: str) -> Iterator[tuple[str, str]]:
    """Column and text of each number of a table that is a whole one and leads nowhere."""
    for table in re.findall(r"<table.*?</table>", page, re.DOTALL):
        head, _, body = table.partition("</thead>")
        names = [re.sub(r"<[^>]+>", "", name).strip() for name in re.findall(r"<t[hd][ >].*?</t[hd]>", head, re.DOTALL)]
        for row in re.findall(r"<tr.*?</tr>", body, re.DOTALL):
            for place, cell in enumerate(re.findall(r"<t[hd][ >].*?</t[hd]>", row, re.DOTALL)):
                text = re.sub(r"<[^>]+>", "", cell).strip()
                of_number = re.match(r'<td class="[^"]*\bnumber\b', cell)
                if of_number and re.fullmatch(r"[1-9][\d,]*", text) and "<a " not in cell:
                    yield names[place] if place < len(names) else "", text


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


def many_behind(console: TestClient, address: str) -> int:
    """How many persons a number opens."""
    page = opened(console, address).text
    said = re.search(r'data-count="(\d+)"', page)
    assert said, f"{address}: {page[-400:]}"
    return int(said[1])


def assert_numbers_open_their_persons(
    console: TestClient, address: str, *, least: int = 1, but: frozenset[str] = frozenset(), csv_too: bool = True
) -> None:
    """Every number of a page leads to so many persons; what counts no persons to somebody, and to no more than it counts.

    Args:
        console: A browser.
        address: Of the page.
        least: Numbers that lead to persons.
        but: Columns of tables whose counts are of nothing that persons do.
        csv_too: Whether the list as CSV is compared as well.
    """
    page = opened(console, address)
    assert page.status_code == 200, page.text[-500:]
    found = dict.fromkeys(numbers_of(page.text))
    assert len(found) >= least
    assert [(column, text) for column, text in unlinked(page.text) if column not in but] == []
    for to, number in found:
        assert (len(persons_of(console, to)) if csv_too else many_behind(console, to)) == number, to
    for to, text in dict.fromkeys(deeds_of(page.text)):
        behind = many_behind(console, to)
        assert behind, to
        # A mean opens everybody it is taken over.
        if re.fullmatch(r"[\d,]+", text) and "drill=persons_in&" not in f"{to}&":
            assert behind <= int(text.replace(",", "")), to
    assert_marks_open_their_persons(console, page.text)


def assert_marks_open_their_persons(console: TestClient, page: str) -> None:
    """Every mark of a figure leads to as many persons as it or its words say, no more where it counts something else."""
    for to, told in dict.fromkeys(marks_of(page)):
        words = re.search(r"([\d,]+) persons", told) if isinstance(told, str) else None
        behind = many_behind(console, to)
        if words:
            assert behind == int(words[1].replace(",", "")), to
        elif isinstance(told, int) and told:
            assert 1 <= behind <= told, to
