from __future__ import annotations

import pyarrow as pa
import pytest

from sojourn.collect.imports.bots import mark_bots
from sojourn.records.bots import is_bot

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36"
)


@pytest.mark.parametrize(
    "agent",
    [
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
        "msnbot/2.0b (+http://search.msn.com/msnbot.htm)",
        "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/120.0 Safari/537.36",
        "Mozilla/5.0 (compatible; SomeUnknownCrawler/0.1)",
        "My own spider",
    ],
)
def test_crawlers_and_self_declared_bots_are_marked(agent: str) -> None:
    assert is_bot(agent)


@pytest.mark.parametrize(
    "agent",
    [
        CHROME,
        "Mozilla/5.0 (Linux; Android 9; CUBOT_X19) AppleWebKit/537.36 Chrome/120.0 Mobile Safari/537.36",  # a telephone
        "okhttp/4.9.1",
        "axios/1.6.2",
        "python-requests/2.31.0",
        "Python/3.11 aiohttp/3.9.1",
        "Go-http-client/1.1",
        "analytics-python/2.2.2",
        "",
    ],
)
def test_browsers_and_libraries_of_servers_are_not(agent: str) -> None:
    assert not is_bot(agent)


def test_a_column_is_marked_row_by_row_and_a_missing_agent_is_no_bot() -> None:
    assert mark_bots(pa.array(["Googlebot/2.1", None, CHROME, "Googlebot/2.1"])).to_pylist() == [
        True,
        False,
        False,
        True,
    ]
    assert mark_bots(pa.nulls(2, pa.string())).to_pylist() == [False, False]
