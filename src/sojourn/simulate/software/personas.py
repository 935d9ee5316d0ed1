"""Who comes to the simulated software, how, and what for.

In: nothing. Out: `Persona` records, channels, and what companies are like. Never a company that exists.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sojourn.simulate.channels import DIRECT, GOOGLE, Channel
from sojourn.simulate.dice import Weighted
from sojourn.simulate.rhythm import EVENING, OFFICE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sojourn.simulate.rhythm import Habit

BRAND = Channel("Paid Search", "google", "cpc", "sim_brand_software", GOOGLE, "gclid", 2.4)
COMPETITOR = Channel("Paid Search", "google", "cpc", "sim_alternatives", GOOGLE, "gclid", 6.8)
LINKEDIN = Channel("Paid Social", "linkedin", "paid_social", "sim_whitepaper", "https://www.linkedin.com/", None, 7.9)
REVIEWS = Channel("Affiliates", "softwarereviews", "affiliate", "sim_listing", "https://reviews.example/", None, 4.1)
WEBINAR = Channel("Email", "webinar", "email", "sim_webinar")
NURTURE = Channel("Email", "nurture", "email", "sim_nurture")
ORGANIC = Channel("Organic Search", referrer=GOOGLE)
REFERRAL = Channel("Referral", referrer="https://ops-weekly.example/tools")
CHANNELS = (BRAND, COMPETITOR, LINKEDIN, REVIEWS, WEBINAR, NURTURE, ORGANIC, REFERRAL, DIRECT)

STAGES = ("bounced", "browsed", "lead", "saw_prices", "asked_for_demo", "tried", "subscribed", "customer", "colleague")
"""How far someone comes; a plan holds the place in this list."""

FEATURES = ("boards", "timeline", "reports", "automations", "time tracking", "forms", "goals", "api")
INTEGRATIONS = ("slack", "jira", "google drive", "outlook")
MISSING = ("salesforce", "sap", "datev")
INDUSTRIES = ("manufacturing", "retail", "consulting", "health", "public sector", "software", "logistics")
PLANS: Mapping[str, float] = {"starter": 9.0, "team": 19.0, "business": 39.0}
"""Price a seat and month, euro."""


@dataclass(frozen=True, slots=True)
class Persona:
    """A kind of visitor who may decide for a company.

    Attributes:
        name: What they are called in the truth.
        titles: Job titles.
        intents: What they may come for.
        stages: How far they would come if nothing stopped them.
        channels: How they come.
        habit: When they are online.
        patience: Factor on a cause's share of leavers; above 1 they leave more easily.
        interests: What they say they care about.
    """

    name: str
    titles: tuple[str, ...]
    intents: Weighted[str]
    stages: Weighted[int]
    channels: Weighted[Channel]
    habit: Habit
    patience: Mapping[str, float]
    interests: tuple[str, ...]


def _stages(*weights: float) -> Weighted[int]:
    return Weighted.of(dict(enumerate(weights)))


PERSONAS = Weighted.of({"operations_lead": 0.28, "founder": 0.2, "it_admin": 0.17, "analyst": 0.15, "student": 0.2})

# Weights of: bounced, browsed, lead, saw prices, asked for a demo, tried, subscribed, customer already.
BY_NAME = {
    persona.name: persona
    for persona in (
        Persona(
            "operations_lead", ("Head of Operations", "Project Manager"), Weighted.of({"replace_tool": 0.6, "learn": 0.4}),
            _stages(25, 14, 10, 4, 3, 4, 17, 23),
            Weighted.of({LINKEDIN: 3, COMPETITOR: 3, ORGANIC: 3, REFERRAL: 2, WEBINAR: 1, DIRECT: 2}),
            OFFICE, {"slow_demo": 1.1}, ("less meetings", "clear priorities"),
        ),
        Persona(
            "founder", ("Founder", "Managing Director"), Weighted.of({"first_tool": 0.7, "compare": 0.3}),
            _stages(29, 14, 8, 4, 2, 4, 17, 22),
            Weighted.of({ORGANIC: 4, BRAND: 2, REVIEWS: 3, REFERRAL: 2, DIRECT: 3}),
            EVENING, {"hidden_price": 1.2, "price_increase": 1.2}, ("growth", "saving money"),
        ),
        Persona(
            "it_admin", ("IT Administrator", "CTO"), Weighted.of({"check_security": 0.5, "replace_tool": 0.5}),
            _stages(27, 16, 9, 4, 3, 4, 15, 22),
            Weighted.of({ORGANIC: 4, REVIEWS: 2, COMPETITOR: 2, DIRECT: 2}),
            OFFICE, {"failed_import": 0.85, "missing_integration": 1.15}, ("security", "self-hosting"),
        ),
        Persona(
            "analyst", ("Business Analyst", "Controller"), Weighted.of({"compare": 0.7, "learn": 0.3}),
            _stages(28, 18, 13, 4, 3, 4, 12, 18),
            Weighted.of({ORGANIC: 4, REVIEWS: 3, LINKEDIN: 2, WEBINAR: 2}),
            OFFICE, {"failed_import": 1.15}, ("data", "reporting"),
        ),
        Persona(
            "student", ("Student", "Trainee"), Weighted.of({"learn": 0.9, "job": 0.1}),
            _stages(52, 30, 14, 3, 0.5, 0.5, 0, 0),
            Weighted.of({ORGANIC: 6, REFERRAL: 2, DIRECT: 1}),
            EVENING, {}, ("career", "studying"),
        ),
    )
}  # fmt: skip
