"""Touchpoints: where a person and the business meet, read from an event's name.

In: names of events. Out: the touchpoint of each. Rules are read from top to bottom, the first that fits decides; they look at the
words of a name, so that `Product Added`, `product_added` and `productAdded` are one. docs/methods/journey-map.md has them as a table.
"""

from __future__ import annotations

import re

OTHER_TOUCHPOINT = "Other"
RULES: tuple[tuple[str, str], ...] = (
    (
        "Messages",
        r"^(e ?mail|push|sms|whatsapp|newsletter|unsubscribed?|notification|in app message|renewal reminded)\b",
    ),
    ("Support", r"^(ticket|live chat|chat|phone|call|support|help|survey|demo|contact)\b|\bcall ended$"),
    ("Store", r"^(store|visit to store)\b"),
    (
        "Reviews and sharing",
        r"\b(review|reviews|reviewed|shared?|social|referral|referred|invite|invited|comments?|rated)\b",
    ),
    ("Advertising", r"^(ad|ads|promotions?|banner|campaign|offer|impression)\b"),
    ("Search", r"\b(search|searched)\b"),
    (
        "Cart and checkout",
        (
            r"\b(cart|checkout|basket|payment|coupon|shipping cost|order (completed|placed|paid)|purchase|purchased|buy|bought"
            r"|transaction|plan selected|card required|account required|product (added|removed)( to cart| from cart)?$)"
        ),
    ),
    ("Delivery and returns", r"^(order|return|refund|shipment|delivery|parcel)\b"),
    ("Products", r"\b(product|products|item|items|wishlist|title|pricing|catalogue|catalog)\b|^view(ed)?$"),
    (
        "Content",
        r"\b(video|trailer|watched|playback|whitepaper|webinar|article|blog|download|downloaded|podcast|subtitles)\b",
    ),
    (
        "Account",
        r"\b(signed|sign|login|logged|logout|registered|identified|identify|account|loyalty|profile|trial|subscription|billing|plan|price increase)\b",
    ),
    ("App", r"^(screen|application|app)\b"),
    ("Use of the product", r"\b(feature|integration|imported|import|export|exported|report)\b"),
    ("Pages and forms", r"\b(page|pages|form|clicked|click|tapped|scroll|scrolled|rage|dead|error|request|session)\b"),
)
"""Touchpoint, and what the words of a name look like."""
TOUCHPOINTS: tuple[str, ...] = (*(name for name, _ in RULES), OTHER_TOUCHPOINT)
_COMPILED = tuple((name, re.compile(pattern)) for name, pattern in RULES)
_BORDER = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[^0-9A-Za-z]+")


def touchpoint_of(event: str) -> str:
    """The touchpoint of an event, `Other` when no rule fits."""
    words = " ".join(_BORDER.sub(" ", event).lower().split())
    return next((name for name, pattern in _COMPILED if pattern.search(words)), OTHER_TOUCHPOINT)
