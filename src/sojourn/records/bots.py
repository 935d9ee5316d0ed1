"""Which user agents are bots.

In: a user agent. Out: True where it is a known bot or a self-declared crawler. Never judges by behaviour.

The crawler list also names HTTP libraries (okhttp, axios, python-requests, ...). Shops send their own events with those,
so they are not bots here. Here, because files (`collect`) and the log (`store`) are judged alike.
"""

from __future__ import annotations

import re
from functools import lru_cache

from crawleruseragents import is_crawler  # type: ignore[import-untyped]  # the package ships no types

_LIBRARIES = re.compile(
    r"^(okhttp|axios|python-requests|python-urllib|python-httpx|aiohttp|python|httpx|go-http-client|java|apache-httpclient|node-fetch|node"
    r"|undici|got|superagent|guzzlehttp|guzzle|libwww-perl|ruby|faraday|dart|cfnetwork|alamofire|restsharp|curl|libcurl|wget|postmanruntime"
    r"|insomnia|unirest|reactornetty|http_request2|php|jakarta commons-httpclient|winhttp|analytics-\w+|segment|posthog-\w+|rudder-\w+)"
    r"([/ (;-]|$)",
    re.IGNORECASE,
)
_DECLARED = re.compile(r"(?<!cu)bot\b|crawl|spider|slurp|scraper|headlesschrome|phantomjs", re.IGNORECASE)


@lru_cache(maxsize=100_000)
def is_bot(user_agent: str) -> bool:
    """Whether this user agent is a known bot or says it is one.

    A user agent of an HTTP library is none: servers send their customers' events with it.
    """
    if _LIBRARIES.match(user_agent):
        return False
    return bool(_DECLARED.search(user_agent)) or is_crawler(user_agent)
