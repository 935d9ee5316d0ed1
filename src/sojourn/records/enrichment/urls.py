"""Addresses of pages, written one way.

In: an address as a browser or a server sent it. Out: the same address in one form, and its parts. Rules: docs/channels.md.
Never fetches it. What is no http address stays as it is, without spaces around it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from sojourn.records.enrichment.clicks import CLICKS

_ADDRESS = re.compile(
    r"(?P<scheme>https?)://(?:[^/?#@]*@)?(?P<host>\[[^\]/?#]*\]|[^/?#:\[\]@]+)(?::(?P<port>\d*))?"
    r"(?P<path>/[^?#]*)?(?:\?(?P<query>[^#]*))?(?:#(?P<fragment>.*))?",
    re.IGNORECASE | re.DOTALL,
)
_PORTS = {"http": "80", "https": "443"}
_TRACKING = frozenset(
    [click.parameter for click in CLICKS]
    + ["gclsrc", "gad_campaignid", "_ga", "_gl", "_gac", "mibextid", "srsltid", "s_kwcid", "ef_id", "wickedid", "oly_enc_id", "oly_anon_id"]
    + ["vero_conv", "_openstat", "mkwid", "pcrid", "__s", "ml_subscriber", "ml_subscriber_hash", "pk_campaign", "pk_kwd", "piwik_campaign"]
    + ["mtm_campaign", "mtm_source", "mtm_medium", "hsctatracking", "__hstc", "__hssc", "__hsfp", "trk_contact", "trk_msg", "igsh"]
)  # fmt: skip
_TRACKING_BEGINS = ("utm_",)
_ESCAPE = re.compile(r"%([0-9a-fA-F]{2})")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_ROUTES = ("/", "!")
"""What begins a fragment that is a page of an application, not a place on the page."""


class Address(NamedTuple):
    """An address in its parts, in normal form.

    Attributes:
        url: The whole.
        host: Lower case, without port.
        path: Begins with a slash; ends with none unless it is the root.
        query: Without tracking parameters and question mark; empty for none.
    """

    url: str
    host: str
    path: str
    query: str


@lru_cache(maxsize=50_000)
def read_address(url: str) -> Address | None:
    """An http address in normal form; None when it is none.

    Scheme and host lower case, default ports, user names and passwords removed, dot segments resolved, escapes written one way
    (RFC 3986, 6.2.2), no slash at the end of a path, no tracking parameters, no fragment unless it is a route (`#/cart`, `#!cart`).
    """
    match = _ADDRESS.fullmatch(url.strip())
    if match is None:
        return None
    scheme, host = match["scheme"].lower(), match["host"].lower().rstrip(".")
    if not host:
        return None
    port = (match["port"] or "").lstrip("0")
    shown = host if port in ("", _PORTS[scheme]) else f"{host}:{port}"
    path, query = normal_path(match["path"] or "/"), normal_query(match["query"] or "")
    fragment = match["fragment"] or ""
    route = f"#{_escaped(fragment)}" if fragment.startswith(_ROUTES) else ""
    return Address(f"{scheme}://{shown}{path}{'?' if query else ''}{query}{route}", host, path, query)


def normal_url(url: str) -> str:
    """The address in normal form; what is no http address as it is. Applying it twice changes nothing more."""
    address = read_address(url)
    return url.strip() if address is None else address.url


def normal_path(path: str) -> str:
    """A path without dot segments and without a slash at its end: `/a/../b/` is `/b`."""
    kept: list[str] = []
    # Dots may come escaped; what they mean does not change by it.
    segments = _escaped(path).split("/")
    for segment in segments[1:] if path.startswith("/") else segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    while kept and not kept[-1]:
        kept.pop()
    return "/" + "/".join(kept)


def normal_query(query: str) -> str:
    """A query without tracking parameters and empty pieces, in the order they came."""
    return "&".join(_escaped(piece) for piece in query.split("&") if piece and not is_tracking(piece.partition("=")[0]))


def is_tracking(parameter: str) -> bool:
    """Whether a parameter only says where a visitor came from, not which page it is."""
    name = _escaped(parameter).lower()
    return name in _TRACKING or name.startswith(_TRACKING_BEGINS)


def _escaped(text: str) -> str:
    """Escapes in capitals, and none of what needs none (RFC 3986, 6.2.2.2)."""
    if "%" not in text:
        return text
    # What is decoded may stand behind a lone per cent sign and make a new escape with it: until nothing changes.
    while (once := _ESCAPE.sub(_one, text)) != text:
        text = once
    return text


def _one(match: re.Match[str]) -> str:
    sign = chr(int(match[1], 16))
    return sign if sign in _UNRESERVED else match[0].upper()
