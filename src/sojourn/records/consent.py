"""What a person said to each purpose, and what that allows; docs/privacy.md has the whole table.

In: the context of an event. Out: `Consents`, and the `Handling` they allow. Never: keeps anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sojourn.records.event import Consent

Purpose = Literal["analytics", "personalisation", "marketing"]
State = Literal["granted", "denied", "unknown"]
PURPOSES: tuple[Purpose, ...] = ("analytics", "personalisation", "marketing")
STATES: tuple[State, ...] = ("granted", "denied", "unknown")

ALLOWED: dict[tuple[Consent, State], bool] = {
    ("required", "granted"): True,
    ("required", "denied"): False,
    ("required", "unknown"): False,
    ("assumed", "granted"): True,
    ("assumed", "denied"): False,
    ("assumed", "unknown"): True,
}
"""Whether a purpose may be served, by what the source asks for and what the person said."""

TELLING = frozenset(("Consent Updated", "Consent Preferences Updated", "Segment Consent Preference Updated"))
"""Events that tell of consent itself; of a browser it is that of the device alone, unless its user id is proven."""
CONSENT_SET = "Consent Set"
"""What somebody decided on a person's behalf, by hand."""
CONSENT_KEPT = "Consent Kept"
"""What is left of an event that has expired, where it holds a no that still counts."""

_CATEGORIES: dict[str, Purpose] = {
    "analytics": "analytics",
    "analytic": "analytics",
    "performance": "analytics",
    "statistics": "analytics",
    "statistical": "analytics",
    "measurement": "analytics",
    "c0002": "analytics",
    "personalisation": "personalisation",
    "personalization": "personalisation",
    "functional": "personalisation",
    "functionality": "personalisation",
    "preferences": "personalisation",
    "c0003": "personalisation",
    "marketing": "marketing",
    "advertising": "marketing",
    "advertisement": "marketing",
    "targeting": "marketing",
    "c0004": "marketing",
}
"""Purposes by the names that consent dialogs give their categories."""


class Consents(msgspec.Struct, frozen=True, gc=False):
    """What a person said to each purpose."""

    analytics: State = "unknown"
    personalisation: State = "unknown"
    marketing: State = "unknown"


class Handling(msgspec.Struct, frozen=True, gc=False):
    """What may be done with an event.

    Attributes:
        identified: Kept with who did it; else cookieless: a pseudonym of the day, no identifiers, no traits.
        scored: May count for what this person is shown.
        messaged: May lead to a message to this person.
    """

    identified: bool
    scored: bool
    messaged: bool


def consents(context: Mapping[str, Any], *, opted_out: bool) -> Consents:
    """What an event says of consent, in `context.consent.categoryPreferences` as Segment's clients and our tracker write it.

    Args:
        context: The context of the event.
        opted_out: The browser's own signal against personalisation and marketing; it counts for more than a category.
    """
    said: dict[Purpose, State] = {}
    consent = context.get("consent")
    if type(consent) is dict and type(categories := consent.get("categoryPreferences")) is dict:
        for name, value in categories.items():
            purpose = _CATEGORIES.get(name.strip().lower())
            if purpose is None or type(value) is not bool:
                continue
            # Several categories of one purpose: a single no is a no.
            said[purpose] = "granted" if value and said.get(purpose) != "denied" else "denied"
    if opted_out:
        said["personalisation"] = said["marketing"] = "denied"
    return Consents(**said) if said else UNKNOWN


def told(context: str | None) -> dict[str, bool]:
    """What an event, whose context is given as JSON, says of each purpose: true for granted; a purpose it is silent on is absent."""
    if context is None or '"consent"' not in context:
        return {}
    try:
        members = msgspec.json.decode(context, type=dict[str, Any])
    except (msgspec.MsgspecError, RecursionError):
        # The collector takes only objects; what an import brought may be anything.
        return {}
    consent = members.get("consent")
    said = consents(members, opted_out=isinstance(consent, dict) and consent.get("optedOut") is True)
    states = {purpose: getattr(said, purpose) for purpose in PURPOSES}
    return {purpose: state == "granted" for purpose, state in states.items() if state != "unknown"}


UNKNOWN = Consents()
"""Nothing was said."""


def handling(mode: Consent, said: Consents) -> Handling:
    """What may be done, by the mode of the source and what the person said; without analytics there is nobody to score or write to."""
    identified = ALLOWED[mode, said.analytics]
    return Handling(
        identified=identified,
        scored=identified and ALLOWED[mode, said.personalisation],
        messaged=identified and ALLOWED[mode, said.marketing],
    )
