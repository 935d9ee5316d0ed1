"""Click ids: what advertising and mail platforms add to an address, and what that says of where a visitor came from.

In: names of query parameters. Out: the source and medium they stand for. Never keeps an id: it is not looked at.
"""

from __future__ import annotations

from typing import NamedTuple


class Click(NamedTuple):
    """What a click id says.

    Attributes:
        parameter: Its name in the query, lower case.
        source: Who put it there.
        medium: As campaigns would call it.
    """

    parameter: str
    source: str
    medium: str


CLICKS = (
    Click("gclid", "google", "cpc"),
    Click("gbraid", "google", "cpc"),
    Click("wbraid", "google", "cpc"),
    Click("dclid", "google", "display"),
    Click("gad_source", "google", "cpc"),
    Click("msclkid", "bing", "cpc"),
    Click("yclid", "yandex", "cpc"),
    Click("ttclid", "tiktok", "cpc"),
    Click("twclid", "twitter", "cpc"),
    Click("li_fat_id", "linkedin", "cpc"),
    Click("rdt_cid", "reddit", "cpc"),
    Click("sccid", "snapchat", "cpc"),
    Click("qclid", "quora", "cpc"),
    Click("epik", "pinterest", "social"),
    Click("fbclid", "facebook", "social"),
    Click("igshid", "instagram", "social"),
    Click("igsh", "instagram", "social"),
    Click("mc_eid", "mailchimp", "email"),
    Click("mc_cid", "mailchimp", "email"),
    Click("_hsenc", "hubspot", "email"),
    Click("_hsmi", "hubspot", "email"),
    Click("mkt_tok", "marketo", "email"),
    Click("_kx", "klaviyo", "email"),
    Click("vero_id", "vero", "email"),
    Click("irclickid", "impact", "affiliate"),
    Click("awc", "awin", "affiliate"),
    Click("cjevent", "cj", "affiliate"),
    Click("ransiteid", "rakuten advertising", "affiliate"),
)
"""The first that stands in an address decides. `fbclid`, `epik` and `igshid` come with unpaid links too, so they mean no advertisement."""
