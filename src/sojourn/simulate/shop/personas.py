"""Who comes to the simulated shop, how, and what for.

In: nothing. Out: `Persona` records. Never a stereotype of anyone: age, place and device are drawn apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sojourn.simulate.channels import DIRECT, GOOGLE, Channel
from sojourn.simulate.dice import Weighted
from sojourn.simulate.rhythm import COMMUTE, EVENING, LEISURE, NIGHT, OFFICE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sojourn.simulate.devices import Kind
    from sojourn.simulate.rhythm import Habit

BRAND = Channel("Paid Search", "google", "cpc", "sim_brand", GOOGLE, "gclid", 0.32)
GENERIC = Channel("Paid Search", "google", "cpc", "sim_tents_generic", GOOGLE, "gclid", 0.88)
BING = Channel("Paid Search", "bing", "cpc", "sim_generic_bing", "https://www.bing.com/", "msclkid", 0.55)
SHOPPING = Channel("Paid Shopping", "google", "cpc", "sim_shopping_all", GOOGLE, "gclid", 0.47)
FACEBOOK = Channel(
    "Paid Social", "facebook", "paid_social", "sim_spring_sale", "https://l.facebook.com/", "fbclid", 0.61
)
DISPLAY = Channel("Display", "display", "display", "sim_retargeting", "https://news.example/", None, 0.29)
AFFILIATE = Channel("Affiliates", "gearblog", "affiliate", "sim_reviews", "https://gearblog.example/", None, 0.7)
EMAIL = Channel("Email", "newsletter", "email", "sim_newsletter")
REMINDER = Channel("Email", "reminder", "email", "sim_cart_reminder")
ORGANIC = Channel("Organic Search", referrer=GOOGLE)
SOCIAL = Channel("Organic Social", referrer="https://www.instagram.com/")
REFERRAL = Channel("Referral", referrer="https://hikers-forum.example/thread/81")
CHANNELS = (BRAND, GENERIC, BING, SHOPPING, FACEBOOK, DISPLAY, AFFILIATE, EMAIL, REMINDER, ORGANIC, SOCIAL, REFERRAL, DIRECT)  # fmt: skip

STAGES = ("bounced", "browsed", "viewed_products", "filled_cart", "started_checkout", "bought")
"""How far someone comes; a plan holds the place in this list."""


@dataclass(frozen=True, slots=True)
class Persona:
    """A kind of shopper.

    Attributes:
        name: What they are called in the truth.
        intents: What they may come for.
        stages: How far they would come if nothing stopped them.
        account_share: Share with an account.
        card_share: Share with a loyalty card.
        newsletter_share: Share who get the newsletter.
        devices: What they use.
        habit: When they are online.
        channels: How they come.
        patience: Factor on a cause's share of leavers; above 1 they leave more easily.
        interests: Psychographic traits some of them tell.
        attitude: What they say matters to them when they shop.
    """

    name: str
    intents: Weighted[str]
    stages: Weighted[int]
    account_share: float
    card_share: float
    newsletter_share: float
    devices: Weighted[Kind]
    habit: Habit
    channels: Weighted[Channel]
    patience: Mapping[str, float]
    interests: tuple[str, ...]
    attitude: str


def _stages(*weights: float) -> Weighted[int]:
    return Weighted.of(dict(enumerate(weights)))


_PHONE: Weighted[Kind] = Weighted.of({"mobile": 0.8, "tablet": 0.08, "desktop": 0.12})
_MIXED: Weighted[Kind] = Weighted.of({"mobile": 0.55, "tablet": 0.08, "desktop": 0.37})
_DESK: Weighted[Kind] = Weighted.of({"mobile": 0.3, "tablet": 0.05, "desktop": 0.65})

PERSONAS = Weighted.of(
    {
        "bargain_hunter": 0.2, "loyal_regular": 0.12, "hurried_professional": 0.13,
        "researcher": 0.17, "gift_giver": 0.1, "window_shopper": 0.28,
    }
)  # fmt: skip

BY_NAME = {
    persona.name: persona
    for persona in (
        Persona(
            "bargain_hunter", Weighted.of({"deal": 0.6, "compare": 0.3, "buy": 0.1}), _stages(41, 16, 22, 4, 3, 14),
            0.3, 0.06, 0.22, _PHONE, EVENING,
            Weighted.of({FACEBOOK: 3, SHOPPING: 3, DISPLAY: 2, AFFILIATE: 2, ORGANIC: 2, EMAIL: 1, GENERIC: 1}),
            {"late_shipping_cost": 1.15, "expired_coupon": 1.2, "long_form": 0.8},
            ("camping on a budget", "festivals"), "price",
        ),
        Persona(
            "loyal_regular", Weighted.of({"buy": 0.6, "browse": 0.2, "support": 0.2}), _stages(20, 16, 24, 4, 3, 33),
            0.75, 0.5, 0.6, _MIXED, EVENING,
            Weighted.of({DIRECT: 5, EMAIL: 3, BRAND: 2, ORGANIC: 2}),
            {"late_shipping_cost": 0.7, "forced_account": 0.6, "expired_coupon": 0.8, "empty_search": 0.8},
            ("hiking", "mountaineering"), "quality",
        ),
        Persona(
            "hurried_professional", Weighted.of({"buy": 0.75, "compare": 0.25}), _stages(34, 12, 20, 3, 4, 27),
            0.35, 0.1, 0.12, _DESK, OFFICE,
            Weighted.of({BRAND: 3, GENERIC: 3, SHOPPING: 2, DIRECT: 2, ORGANIC: 2, BING: 1}),
            {"long_form": 1.25, "forced_account": 1.2, "late_shipping_cost": 0.75},
            ("trail running", "city life"), "speed",
        ),
        Persona(
            "researcher", Weighted.of({"compare": 0.75, "browse": 0.15, "buy": 0.1}), _stages(33, 20, 29, 3, 3, 12),
            0.3, 0.1, 0.2, _DESK, LEISURE,
            Weighted.of({ORGANIC: 5, REFERRAL: 3, AFFILIATE: 2, GENERIC: 2, DIRECT: 1}),
            {"empty_search": 0.8},
            ("ultralight trekking", "photography"), "sustainability",
        ),
        Persona(
            "gift_giver", Weighted.of({"gift": 0.9, "support": 0.1}), _stages(38, 15, 23, 3, 3, 18),
            0.2, 0.04, 0.08, _MIXED, NIGHT,
            Weighted.of({SHOPPING: 3, GENERIC: 2, ORGANIC: 3, SOCIAL: 2, DIRECT: 1, BING: 1}),
            {"forced_account": 1.2, "empty_search": 1.1},
            ("family", "gardening"), "service",
        ),
        Persona(
            "window_shopper", Weighted.of({"browse": 0.9, "deal": 0.1}), _stages(56, 20, 18, 2, 1, 3),
            0.12, 0.04, 0.1, _PHONE, COMMUTE,
            Weighted.of({SOCIAL: 4, FACEBOOK: 3, ORGANIC: 2, DISPLAY: 2, DIRECT: 1}),
            {},
            ("travel", "fashion"), "style",
        ),
    )
}  # fmt: skip
