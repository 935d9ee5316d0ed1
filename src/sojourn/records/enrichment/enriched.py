"""Everything an event's context tells, under one set of names.

In: context and properties of an event as they were sent. Out: a dictionary of named results, docs/channels.md. Pure, and cached where it
costs. Never overwrites what came: who calls it decides where the results go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote_plus

from sojourn.records.enrichment.agents import read_agent
from sojourn.records.enrichment.channels import DIRECT, NONE, NOT_SET, channel_of
from sojourn.records.enrichment.clicks import CLICKS, Click
from sojourn.records.enrichment.sites import site_of
from sojourn.records.enrichment.urls import Address, normal_path, read_address

if TYPE_CHECKING:
    from collections.abc import Mapping

NAMES = (
    "url", "host", "path", "referrer_host", "referrer_kind", "channel", "source", "medium", "campaign", "term", "content", "click_id",
    "device", "device_brand", "device_model", "browser", "browser_version", "os", "os_version",
)  # fmt: skip
"""Every result there can be."""
_CAMPAIGN = (("source", "source"), ("medium", "medium"), ("campaign", "name"), ("term", "term"), ("content", "content"))
_TYPES = {"ios": "mobile", "android": "mobile", "phone": "mobile", "handset": "mobile", "smartphone": "mobile"}
_KINDS = ("mobile", "tablet", "desktop", "tv", "console", "watch", "bot")
_NO_REFERRER = ("", "$direct")
_LONGEST = 500
_CLICK_BY_NAME = {click.parameter: click for click in CLICKS}


class Arrival(NamedTuple):
    """Where a visitor came from, as far as one event tells.

    Attributes:
        source: Who sent them.
        medium: How.
        campaign: Name of the campaign, or None.
    """

    source: str
    medium: str
    campaign: str | None = None


def enriched(context: Mapping[str, Any], properties: Mapping[str, Any]) -> dict[str, str]:
    """What an event tells about page, channel and device.

    Args:
        context: Segment's context: `page`, `campaign`, `userAgent`, `device`, `os`; anything else is not looked at.
        properties: The event's: `url`, `path`, `referrer`, `query`, `user_agent`, `utm_...`, and PostHog's `$current_url`, `$referrer`, ...

    Returns:
        Some of `NAMES`, none empty. `channel`, `source` and `medium` only of an event that tells how somebody arrived: one with an address
        of a page whose referrer is not the same site, or with a campaign or click id.
    """
    page = _object(context.get("page"))
    address = _address(page, properties)
    found = _page(address, page, properties)
    query = _query(page, properties)
    referrer = _referrer(page, properties)
    if referrer is not None:
        site = site_of(referrer.host)
        found |= {"referrer_host": referrer.host} | ({"referrer_kind": site.kind} if site.kind else {})
    named = _campaign(context, properties, query)
    click = _click(query)
    arrival = _arrival(named, click, address, referrer)
    if click is not None:
        found["click_id"] = click.parameter
    if arrival is not None:
        found |= {"source": arrival.source, "medium": arrival.medium}
        found["channel"] = channel_of(arrival.source, arrival.medium, named.get("campaign", ""))
        found |= {name: value for name, value in named.items() if name in ("campaign", "term", "content")}
    return found | _device(context, properties)


def _page(address: Address | None, page: Mapping[str, Any], properties: Mapping[str, Any]) -> dict[str, str]:
    if address is not None:
        return {"url": address.url, "host": address.host, "path": address.path}
    path = _first(properties.get("path"), page.get("path"), properties.get("$pathname"))
    return {"path": normal_path(path)} if path else {}


def _address(page: Mapping[str, Any], properties: Mapping[str, Any]) -> Address | None:
    url = _first(
        properties.get("url"), page.get("url"), properties.get("$current_url"), properties.get("page_location")
    )
    return read_address(url) if url else None


def _query(page: Mapping[str, Any], properties: Mapping[str, Any]) -> dict[str, str]:
    """Parameters of the address as it was sent, names in lower case; the first of a name counts."""
    url = (
        _first(properties.get("url"), page.get("url"), properties.get("$current_url"), properties.get("page_location"))
        or ""
    )
    text = url.partition("#")[0].partition("?")[2] or _first(
        page.get("search"), properties.get("search"), properties.get("query")
    )
    found: dict[str, str] = {}
    for piece in (text or "").removeprefix("?").split("&"):
        name, equals, value = piece.partition("=")
        if equals:
            found.setdefault(unquote_plus(name).lower(), unquote_plus(value).strip()[:_LONGEST])
    return found


def _referrer(page: Mapping[str, Any], properties: Mapping[str, Any]) -> Address | None:
    text = _first(
        properties.get("referrer"), page.get("referrer"), properties.get("$referrer"), properties.get("page_referrer")
    )
    return None if text is None or text in _NO_REFERRER else read_address(text)


def _campaign(context: Mapping[str, Any], properties: Mapping[str, Any], query: Mapping[str, str]) -> dict[str, str]:
    """Source, medium, campaign, term and content as the address or the client names them; the address is first, it is what was clicked."""
    given = _object(context.get("campaign"))
    found = {}
    for name, key in _CAMPAIGN:
        value = _first(query.get(f"utm_{name}"), given.get(key), given.get(name), properties.get(f"utm_{name}"))
        if value:
            found[name] = value
    return found


def _click(query: Mapping[str, str]) -> Click | None:
    """The first click id of the table that the address carries."""
    if query.keys().isdisjoint(_CLICK_BY_NAME):
        return None
    return next(click for click in CLICKS if click.parameter in query)


def _arrival(
    named: Mapping[str, str], click: Click | None, address: Address | None, referrer: Address | None
) -> Arrival | None:
    """Campaign before click id before referrer; nothing of these on a page is direct."""
    if "source" in named or "medium" in named or "campaign" in named:
        said = click.medium if click else NOT_SET
        sender = site_of(referrer.host).name if referrer is not None else NOT_SET
        return Arrival(
            named.get("source") or (click.source if click else sender), named.get("medium", said), named.get("campaign")
        )
    if click is not None:
        return Arrival(click.source, click.medium)
    if referrer is not None:
        if address is not None and _same_site(address.host, referrer.host):
            return None
        site = site_of(referrer.host)
        if address is None and site.kind is None:
            # An access log's line does not say its own host: its links within the site look like anybody's.
            return None
        return Arrival(site.name, "organic" if site.kind == "search" else "referral")
    return Arrival(DIRECT, NONE) if address is not None else None


def _same_site(host: str, other: str) -> bool:
    """One host, or one below the other: shop.example.com and example.com."""
    mine, theirs = host.removeprefix("www."), other.removeprefix("www.")
    return mine == theirs or mine.endswith(f".{theirs}") or theirs.endswith(f".{mine}")


def _device(context: Mapping[str, Any], properties: Mapping[str, Any]) -> dict[str, str]:
    """What the client says of itself (apps do), else what its user agent says."""
    agent = _first(
        context.get("userAgent"), context.get("user_agent"), properties.get("user_agent"), properties.get("$user_agent")
    )
    told = read_agent(agent)._asdict() if agent else {}
    device, system = _object(context.get("device")), _object(context.get("os"))
    hints = _object(context.get("userAgentData"))
    if not agent and hints:
        told = {"device": "mobile" if hints.get("mobile") is True else None, "os": _first(hints.get("platform"))}
    kind = (_first(device.get("type"), properties.get("$device_type")) or "").lower()
    said = {
        "device": _TYPES.get(kind, kind if kind in _KINDS else None),
        "device_brand": _first(device.get("manufacturer")),
        "device_model": _first(device.get("model")),
        "browser": _first(properties.get("$browser")),
        "os": _first(system.get("name"), properties.get("$os")),
        "os_version": _first(system.get("version"), properties.get("$os_version")),
    }
    if told.get("device") == "tablet" and said["device"] == "mobile":
        # `type: ios` is said by iPads too.
        said["device"] = "tablet"
    told |= {name: value for name, value in said.items() if value}
    return {name: value for name, value in told.items() if value}


def _object(value: Any) -> Mapping[str, Any]:  # noqa: ANN401  (JSON is anything)
    return value if isinstance(value, dict) else {}


def _first(*values: Any) -> str | None:
    """The first text that is not empty."""
    return next((value.strip() for value in values if isinstance(value, str) and value.strip()), None)
