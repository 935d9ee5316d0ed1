"""Channels: the default channel groups of Google Analytics 4, as an ordered table of rules.

In: source, medium and campaign of a visit. Out: the name of its channel. The first rule that holds decides; docs/channels.md has
the same table in words. Written from the public definition (support.google.com/analytics/answer/9756891, manual traffic).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from sojourn.records.enrichment.sites import SiteKind, source_kind

if TYPE_CHECKING:
    from collections.abc import Callable

UNASSIGNED = "Unassigned"
DIRECT = "(direct)"
NONE = "(none)"
NOT_SET = "(not set)"
_PAID = re.compile(r".*cp.*|ppc|retargeting|paid.*", re.DOTALL)
_SHOP = re.compile(r".*(([^a-df-z]|^)shop|shopping).*", re.DOTALL)
_MAIL = frozenset(("email", "e-mail", "e_mail", "e mail"))


class Visit(NamedTuple):
    """What a rule looks at, all in lower case; empty for nothing.

    Attributes:
        source: Who sent it.
        medium: How.
        campaign: Its name.
        kind: What kind of site the source is.
    """

    source: str
    medium: str
    campaign: str
    kind: SiteKind | None

    @property
    def paid(self) -> bool:
        """Whether the medium says it was paid for."""
        return _PAID.fullmatch(self.medium) is not None

    @property
    def shop(self) -> bool:
        """Whether source or campaign are about a shopping site."""
        return self.kind == "shopping" or _SHOP.fullmatch(self.campaign) is not None


class Rule(NamedTuple):
    """One row of the table.

    Attributes:
        channel: Its name.
        holds: Whether a visit came by it.
    """

    channel: str
    holds: Callable[[Visit], bool]


RULES = (
    Rule("Direct", lambda v: v.source == DIRECT and v.medium in (NOT_SET, NONE)),
    Rule("Cross-network", lambda v: "cross-network" in v.campaign),
    Rule("Paid Shopping", lambda v: v.shop and v.paid),
    Rule("Paid Search", lambda v: v.kind == "search" and v.paid),
    Rule("Paid Social", lambda v: v.kind == "social" and v.paid),
    Rule("Paid Video", lambda v: v.kind == "video" and v.paid),
    Rule("Display", lambda v: v.medium in ("display", "banner", "expandable", "interstitial", "cpm")),
    Rule("Paid Other", lambda v: v.paid),
    Rule("Organic Shopping", lambda v: v.shop),
    Rule(
        "Organic Social",
        lambda v: v.kind == "social"
        or v.medium in ("social", "social-network", "social-media", "sm", "social network", "social media"),
    ),
    Rule("Organic Video", lambda v: v.kind == "video" or "video" in v.medium),
    Rule("Organic Search", lambda v: v.kind == "search" or v.medium == "organic"),
    Rule("Referral", lambda v: v.medium in ("referral", "app", "link")),
    Rule("Email", lambda v: v.source in _MAIL or v.medium in _MAIL),
    Rule("Affiliates", lambda v: v.medium in ("affiliate", "affiliates")),
    Rule("Audio", lambda v: v.medium == "audio"),
    Rule("SMS", lambda v: v.source == "sms" or v.medium == "sms"),
    Rule(
        "Mobile Push Notifications",
        lambda v: v.medium.endswith("push") or "mobile" in v.medium or "notification" in v.medium or v.source == "firebase",
    ),
)  # fmt: skip
"""In order: the first that holds decides."""


@lru_cache(maxsize=50_000)
def channel_of(source: str, medium: str, campaign: str = "") -> str:
    """The channel of a visit; `Unassigned` when no rule holds. Upper and lower case are one."""
    kind = source_kind(source)
    visit = Visit(source.strip().lower(), medium.strip().lower(), campaign.strip().lower(), kind)
    return next((rule.channel for rule in RULES if rule.holds(visit)), UNASSIGNED)
