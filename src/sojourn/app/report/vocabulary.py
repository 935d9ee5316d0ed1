"""Names of events and columns as they are usual in the field.

In: a name as it was sent. Out: what it probably means. Never looks at the events themselves; `choose` weighs names against data.
"""

from __future__ import annotations

import re

_WORD = re.compile(r"[^\W_]+")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")

GOALS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (meaning, re.compile(pattern))
    for meaning, pattern in (
        (
            "a purchase",
            (
                r"\b(order|checkout|purchase|payment|transaction|booking|reservation|donation)s? "
                r"(complete|completed|completion|placed|confirmed|confirmation|success|succeeded|successful|paid|made|finished|done)$"
                r"|^(complete|completed|place|placed|confirm|confirmed|make|made) (an? )?(order|purchase|checkout|booking|payment|donation)$"
                r"|^(e ?commerce |in app |first )?(purchase|purchased|buy|bought|order|ordered|transaction|booked|donated?|sale|paid)$"
                r"|^thank you( page)?$|^(product|item|ticket)s? (purchased|bought)$"
            ),
        ),
        (
            "a subscription",
            r"^subscri(be|bed|ption)( (started|created|activated|purchased|bought|paid))?$|^start subscription$",
        ),
        ("a paid plan", r"\b(upgraded|plan purchased|contract signed|deal won|closed won|opportunity won)$"),
        ("a conversion", r"^(conversion|converted|convert|goal|goal (reached|completed|met))$"),
        ("an approval", r"\b(approved|granted|admitted|hired|enrolled)$"),
        ("an activation", r"\bactivated$"),
        ("an acceptance", r"\baccepted$"),
        ("a trial", r"\btrial (started|begun|created|activated)$|^(start|started) (free )?trial$|^(free )?trial$"),
        (
            "a demo request",
            r"\b(demo|quote|offer|callback) (requested|booked)$|^(request|book) (an? )?(demo|quote|offer|callback)$",
        ),
        (
            "a sign-up",
            (
                r"^(sign up|signup|signed up|registered|register|registration|joined|new user)( (complete|completed|success|done))?$"
                r"|\b(account|user) (created|registered|signed up)$|^(create|created) account$|^complete registration$"
            ),
        ),
        (
            "a lead",
            r"^(generate )?leads?( (generated|created|submitted))?$|\b(form|application|contact|survey) (submitted|sent|completed)$",
        ),
        ("a download", r"\bdownload(ed)?$"),
        ("completion", r"\b(completed|finished)$"),
    )
)
"""Meaning of a goal and its names, the one nearest to the money first. Names are reduced by `words`."""

NOT_A_GOAL = re.compile(
    r"\b(fail\w*|errors?|bugs?|cancel\w*|refund\w*|return(ed|s)?|declin\w*|reject\w*|abandon\w*|remov\w*|delet\w*|unsubscri\w*|expir\w*"
    r"|churn\w*|logout|log ?out|logged out|sign ?out|signed out|closed|dismiss\w*|help|support|complain\w*|step|reminder|lost|view(ed)?|bounce\w*)\b"
)
"""Words of events that may end a journey but that nobody hopes for."""

NOT_A_STEP = re.compile(
    r"\b(fail\w*|errors?|bugs?|cancel\w*|refund\w*|return(ed|s)?|declin\w*|reject\w*|abandon\w*|remov\w*|delet\w*|unsubscri\w*|expir\w*"
    r"|churn\w*|logout|log ?out|logged out|sign ?out|signed out|bounce\w*|engaged|engagement|heartbeat|ping|scroll\w*|impression|interrupted|paused)\b"
)
"""Words of events that may happen on the way but lead nowhere."""

SHOP_STEPS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (meaning, re.compile(pattern))
    for meaning, pattern in (
        (
            "visit",
            r"^(home( ?page)?|landing( page)?|session start(ed)?|visit|visited|page ?view(ed)?|screen view(ed)?|app opened|first visit|main)$",
        ),
        (
            "browse",
            r"^(catalog(ue)?|category( view(ed)?)?|product list view(ed)?|products? searched|search|view item list|listing|collection view(ed)?)$",
        ),
        (
            "product",
            r"^(product|item|detail|content)s? (view(ed)?|page|detail|details|clicked)$|^view(ed)? (product|item|content|detail)$|^(view|detail|details|product)$",
        ),
        (
            "add to cart",
            r"^add(ed)? (item |product )?to (cart|basket|bag)$|^(product|item)s? added( to (cart|basket|bag))?$|^addtocart$|^(cart|basket|bag) add(ed)?$",
        ),
        ("cart", r"^(shopping )?(cart|basket|bag)( view(ed)?| page)?$|^view(ed)? (cart|basket|bag)$"),
        (
            "checkout",
            r"^(checkout|check out)( started| begun| page| view(ed)?)?$|^(begin|began|start|started|initiate|initiated) checkout$",
        ),
        (
            "delivery",
            r"^(add |added )?(shipping|delivery|address)( info| details| information| entered| info entered| selected| step| address)?$|^choose (shipping|delivery)$",
        ),
        (
            "payment",
            r"^(add |added |enter |entered )?(payment|billing)( info| details| information| method| entered| info entered| selected| step)?$|^choose payment$",
        ),
    )
)
"""Steps of a shop in their order, first the earliest."""

MOST_NEEDED = ("add to cart", "checkout", "product", "payment", "cart", "delivery", "browse", "visit")
"""Which of a shop's steps stay when there are too many."""

TOUCHES = (
    "channel", "acquisition_channel", "marketing_channel", "channel_grouping", "utm_source", "utm_medium", "traffic_source", "source_medium",
    "medium", "campaign", "utm_campaign", "referrer_type", "context.campaign.source", "context.campaign.medium", "traits.channel",
    "traffic_medium", "mc_channel", "touchpoint", "ad_platform",
)  # fmt: skip
"""Columns that say where a visit came from, best first."""

REFERRERS = ("referring_domain", "initial_referring_domain", "referrer", "referer", "context.page.referrer")
"""Columns that say it by an address: channels are told from them, docs/channels.md, and where that fails they stand for themselves."""

PAGES = (
    "path", "page_path", "page", "page_name", "url_path", "context.page.path", "pathname", "url", "page_url", "page_location", "uri",
    "request_uri", "screen", "screen_name", "page_title", "title", "context.page.url",
)  # fmt: skip
"""Columns that say which page, best first."""

PASSIVE = re.compile(
    r"^(email|e mail|mail|newsletter|message|sms|push|push notification|notification|campaign|letter|survey) (sent|delivered|bounced|dropped|deferred)$"
    r"|^(order|shipment|parcel|package) (shipped|delivered|fulfilled|dispatched)$|^(identified|group joined|alias created)$"
)
"""Events done to a person by others, not by the person: they are no visit."""
QUANTITIES = ("quantity", "qty", "units", "item_quantity")
PRICES = ("price", "unit_price", "unitprice", "item_price")

FILE_REQUESTED = "File Requested"
"""Canonical event of an access log for images, styles and scripts: what a page brings along, not what a person does."""


def words(name: str) -> str:
    """A name as small words: `OrderCompleted`, `order_completed` and `Order Completed` are `order completed`.

    One or two capital letters before an underscore are the family of a process step (`A_APPROVED`) and are left out.
    """
    bare = re.sub(r"^[A-Z]{1,2}_(?=[A-Z])", "", name)
    return " ".join(_WORD.findall(_HUMP.sub(" ", bare).lower()))


def family(name: str) -> str:
    """What stands before the first separator, the letters only: `A` of `A_APPROVED`; empty when there is none."""
    match = re.match(r"([A-Za-z]{1,12})[_:./ -]", name)
    return match[1].lower() if match else ""


def goal_meaning(name: str) -> tuple[int, str] | None:
    """Rank (0 is best) and meaning of a name that says a goal; None when it does not."""
    said = words(name)
    for rank, (meaning, pattern) in enumerate(GOALS):
        if pattern.search(said) and not NOT_A_GOAL.search(said):
            return rank, meaning
    return None


def is_passive(name: str) -> bool:
    """Whether a name says what others do to a person: an e-mail sent, an order shipped."""
    return bool(PASSIVE.search(words(name)))


def shop_step(name: str) -> str | None:
    """Which of a shop's steps a name says; None when none."""
    said = words(name)
    return next((meaning for meaning, pattern in SHOP_STEPS if pattern.search(said)), None)
