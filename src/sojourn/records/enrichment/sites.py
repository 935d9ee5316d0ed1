"""Which kind of site sends visitors: search, social, video, shopping, assistants, webmail.

In: the host of a referrer, or a source as campaigns name it. Out: its name and kind. Written by hand from what is publicly known
of these sites; docs/channels.md lists them. Never asks anybody.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal, NamedTuple

SiteKind = Literal["search", "social", "video", "shopping", "assistant", "email"]


class Site(NamedTuple):
    """Who sent a visitor.

    Attributes:
        name: What it is called: `google` of www.google.de; the host itself of an unknown one.
        kind: What it is; None when it is not known.
    """

    name: str
    kind: SiteKind | None


BY_NAME: dict[SiteKind, str] = {
    "search": "google bing yahoo duckduckgo baidu yandex ecosia qwant startpage naver daum seznam aol sogou mojeek kagi presearch swisscows "
    "metager dogpile webcrawler lycos rambler petalsearch coccoc biglobe excite searx gibiru onet",
    "social": "facebook instagram threads twitter linkedin pinterest reddit tumblr tiktok snapchat whatsapp telegram weibo wechat vkontakte "
    "quora discord xing mastodon bluesky flickr meetup nextdoor foursquare livejournal viber kakaotalk qzone disqus blogger medium "
    "goodreads hootsuite messenger mix digg plurk skyrock taringa",
    "video": "youtube vimeo twitch dailymotion netflix hulu disneyplus bilibili rumble wistia vevo youku iqiyi crunchyroll odysee nicovideo",
    "shopping": "amazon ebay etsy walmart aliexpress alibaba taobao tmall jd mercadolibre mercadolivre rakuten zalando otto idealo shopzilla temu "
    "shein pricerunner kelkoo shopping bestbuy flipkart shopee lazada wayfair allegro bol cdiscount coupang homedepot shopify wish manomano "
    "geizhals billiger guenstiger ladenzeile",
    "assistant": "chatgpt openai perplexity deepseek",
}
"""Names that stand directly before the public suffix of the site's hosts, and that campaigns use as a source."""

BY_HOST: dict[str, tuple[str, SiteKind]] = {
    "ask.com": ("ask", "search"),
    "so.com": ("so.com", "search"),
    "search.brave.com": ("brave", "search"),
    "fb.me": ("facebook", "social"),
    "t.co": ("twitter", "social"),
    "x.com": ("twitter", "social"),
    "lnkd.in": ("linkedin", "social"),
    "redd.it": ("reddit", "social"),
    "t.me": ("telegram", "social"),
    "wa.me": ("whatsapp", "social"),
    "vk.com": ("vkontakte", "social"),
    "ok.ru": ("ok.ru", "social"),
    "line.me": ("line", "social"),
    "bsky.app": ("bluesky", "social"),
    "pin.it": ("pinterest", "social"),
    "ig.me": ("instagram", "social"),
    "mastodon.social": ("mastodon", "social"),
    "news.ycombinator.com": ("ycombinator", "social"),
    "youtu.be": ("youtube", "video"),
    "tv.apple.com": ("apple tv", "video"),
    "ted.com": ("ted", "video"),
    "shop.app": ("shop.app", "shopping"),
    "shopping.google.com": ("google shopping", "shopping"),
    "target.com": ("target", "shopping"),
    "claude.ai": ("claude", "assistant"),
    "grok.com": ("grok", "assistant"),
    "chat.mistral.ai": ("mistral", "assistant"),
    "poe.com": ("poe", "assistant"),
    "gemini.google.com": ("gemini", "assistant"),
    "copilot.microsoft.com": ("copilot", "assistant"),
    "mail.google.com": ("gmail", "email"),
    "mail.yahoo.com": ("yahoo mail", "email"),
    "outlook.live.com": ("outlook", "email"),
    "outlook.office.com": ("outlook", "email"),
    "outlook.office365.com": ("outlook", "email"),
    "mail.proton.me": ("proton mail", "email"),
    "mail.aol.com": ("aol mail", "email"),
    "mail.yandex.ru": ("yandex mail", "email"),
    "mail.ru": ("mail.ru", "email"),
    "webmail.gmx.net": ("gmx", "email"),
    "navigator.web.de": ("web.de", "email"),
}
"""Hosts whose name alone says too little, or that are something else than the rest of their domain."""

BY_ALIAS: dict[str, str] = {
    "fb": "facebook",
    "ig": "instagram",
    "yt": "youtube",
    "x": "twitter",
    "li": "linkedin",
    "tt": "tiktok",
    "adwords": "google",
    "googleads": "google",
    "meta": "facebook",
    "ddg": "duckduckgo",
}
"""How campaigns shorten them."""

_KINDS: dict[str, SiteKind] = {name: kind for kind, names in BY_NAME.items() for name in names.split()}
_SECOND_LEVEL = frozenset(["ac", "co", "com", "edu", "gov", "gob", "go", "ne", "net", "or", "org"])
"""What stands before a country's code where domains are one level lower: google.co.uk."""
_COUNTRY = 2


@lru_cache(maxsize=50_000)
def site_of(host: str) -> Site:
    """Who a host belongs to.

    Args:
        host: Lower case, without port.
    """
    labels = host.split(".")
    for place in range(len(labels) - 1):
        known = BY_HOST.get(".".join(labels[place:]))
        if known is not None:
            return Site(*known)
    name = _before_suffix(labels)
    if name in _KINDS and len(labels) > 1:
        return Site(name, _KINDS[name])
    return Site(host.removeprefix("www."), None)


@lru_cache(maxsize=50_000)
def source_kind(source: str) -> SiteKind | None:
    """What kind of site a campaign's source names: `google`, `FB`, `m.facebook.com`; None for `newsletter`."""
    plain = source.strip().lower()
    plain = BY_ALIAS.get(plain, plain)
    if plain in _KINDS:
        return _KINDS[plain]
    named = next((kind for name, kind in BY_HOST.values() if name == plain), None)
    return named or (site_of(plain).kind if "." in plain else None)


def _before_suffix(labels: list[str]) -> str:
    """`google` of www.google.co.uk; approximate, without a list of all public suffixes."""
    if len(labels) > _COUNTRY and len(labels[-1]) == _COUNTRY and labels[-2] in _SECOND_LEVEL:
        return labels[-3]
    return labels[-2] if len(labels) > 1 else ""
