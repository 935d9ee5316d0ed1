"""The planted causes: reasons people leave that each world can switch on and off.

In: nothing. Out: `Cause` records by world. Never acts: the worlds do what these records say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from sojourn.records.errors import BadOption

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sojourn.simulate.dice import Dice

World = Literal["shop", "software", "streaming"]


@dataclass(frozen=True, slots=True)
class Marker:
    """What someone who meets a cause has in their events.

    Attributes:
        event: Name of the event.
        property: Property that tells, or None when the event itself does.
        value: Value of that property.
    """

    event: str
    property: str | None = None
    value: str | float | bool | None = None


@dataclass(frozen=True, slots=True)
class Cause:
    """One planted reason to leave.

    Attributes:
        name: Its switch, also on the command line.
        story: What goes wrong, in a sentence.
        exposed_share: Share of those who come to the place and then meet it.
        leave_share: Share of those who meet it and then leave for good (before any difference by persona).
        marker: How it shows in the events.
        traces: Names of all events it shows in: whatever separates by one of these is this cause, seen from one side.
        before: Predicate of the step someone has reached who can meet it.
        after: Predicate of the step someone does not reach who leaves by it.
        outcome: What is lost: a purchase, a subscription, a renewal.
        topic: Name of the phrases people use about it.
        said_by: Event by which someone who leaves says so, which of course only leavers have; None when they go in
            silence.
    """

    name: str
    story: str
    exposed_share: float
    leave_share: float
    marker: Marker
    traces: tuple[str, ...]
    before: str
    after: str
    outcome: Literal["bought", "subscribed", "stayed"]
    topic: str
    said_by: str | None = None


_FORM = "event = 'Checkout Step Viewed' and step = 2"
_FORM_DONE = "event = 'Form Submitted' and form = 'address'"
_CANCELLED = "Subscription Cancelled"
_CONTACT_DONE = "event = 'Checkout Step Completed' and step = 1"

SHOP = (
    Cause("empty_search", "The shop's search finds nothing for words it does not know, though it sells the thing.",
          0.30, 0.80, Marker("Products Searched", "results", 0), ("Products Searched", "Search Results"),
          "event = 'Products Searched'", "event = 'Product Clicked'", "bought", "empty_search"),
    Cause("broken_button", "The button that adds to the cart does nothing.",
          0.12, 0.90, Marker("Error Shown", "code", "add-to-cart-failed"), ("Error Shown", "Rage Clicked", "Add to Cart Clicked"),
          "event = 'Add to Cart Clicked'", "event = 'Product Added'", "bought", "broken_button"),
    Cause("expired_coupon", "A coupon that was mailed out is refused in the cart as expired.",
          0.28, 0.85, Marker("Coupon Denied", "reason", "expired"), ("Coupon Denied",),
          "event = 'Cart Viewed'", "event = 'Checkout Started'", "bought", "expired_coupon"),
    Cause("forced_account", "Guests must open an account before they can order.",
          0.30, 0.65, Marker("Account Required"), ("Account Required",),
          "event = 'Checkout Started'", _CONTACT_DONE, "bought", "forced_account"),
    Cause("long_form", "The address form asks for 24 fields instead of 9.",
          0.35, 0.65, Marker("Form Started", "fields", 24), ("Form Started", "Form Error"),
          _FORM, _FORM_DONE, "bought", "long_form"),
    Cause("missing_payment_method", "The way of paying they always use is not offered.",
          0.22, 0.85, Marker("Payment Method Missing"), ("Payment Method Missing",),
          "event = 'Checkout Step Viewed' and step = 3", "event = 'Payment Info Entered'", "bought",
          "missing_payment_method"),
    Cause("late_shipping_cost", "A high shipping cost is shown only on the last step, instead of in the cart.",
          0.40, 0.75, Marker("Shipping Cost Shown", "shown_at", "last step"), ("Shipping Cost Shown",),
          "event = 'Checkout Step Viewed' and step = 4", "event = 'Order Completed'", "bought", "late_shipping_cost"),
)  # fmt: skip

SOFTWARE = (
    Cause("hidden_price", "The pricing page names no price and sends people to sales.",
          0.45, 0.8, Marker("Contact Sales Shown"), ("Contact Sales Shown",),
          "event = 'Pricing Viewed'", "event = 'Plan Selected'", "subscribed", "hidden_price"),
    Cause("slow_demo", "The first slot for a demo is next week.",
          0.4, 0.7, Marker("Demo Scheduled", "wait", "next week"), ("Demo Scheduled",),
          "event = 'Demo Requested'", "event = 'Demo Held'", "subscribed", "slow_demo"),
    Cause("failed_import", "The import of the old tool's data fails on the first day of the trial.",
          0.35, 0.7, Marker("Data Import Failed"), ("Data Import Failed",),
          "event = 'Data Import Started'", "event = 'Data Imported'", "subscribed", "failed_import"),
    Cause("missing_integration", "The integration they need is not there.",
          0.35, 0.75, Marker("Integration Missing"), ("Integration Missing",),
          "event = 'Integration Searched'", "event = 'Integration Connected'", "subscribed", "missing_integration"),
    Cause("unanswered_ticket", "A customer's ticket stays without an answer for days.",
          0.35, 0.65, Marker("Ticket Overdue"), ("Ticket Overdue", "Ticket Resolved"),
          "event = 'Ticket Created'", "event = 'Subscription Renewed'", "stayed", "unanswered_ticket", _CANCELLED),
    Cause("price_increase", "A price increase of 35 percent is announced with the reminder of the renewal.",
          0.3, 0.6, Marker("Price Increase Announced"), ("Price Increase Announced",),
          "event = 'Renewal Reminded'", "event = 'Subscription Renewed'", "stayed", "price_increase", _CANCELLED),
)  # fmt: skip

STREAMING = (
    Cause("card_required", "The free week asks for a credit card.",
          0.4, 0.7, Marker("Card Required"), ("Card Required",),
          "event = 'Sign Up Started'", "event = 'Form Submitted' and form = 'sign-up'", "subscribed", "card_required"),
    Cause("missing_language", "Titles they want to see lack subtitles in their language.",
          0.35, 0.75, Marker("Subtitles Missing"), ("Subtitles Missing",),
          "event = 'Trial Started'", "event = 'Subscription Started'", "subscribed", "missing_language"),
    Cause("buffering", "Videos stop to load again and again.",
          0.3, 0.65, Marker("Video Playback Interrupted", "method", "buffering"), ("Video Playback Interrupted",),
          "event = 'Billing Period Started'", "event = 'Subscription Renewed'", "stayed", "buffering", _CANCELLED),
    Cause("removed_title", "The title they watch most is taken away.",
          0.25, 0.65, Marker("Title Removed Shown"), ("Title Removed Shown",),
          "event = 'Billing Period Started'", "event = 'Subscription Renewed'", "stayed", "removed_title", _CANCELLED),
    Cause("price_increase", "A price increase of 40 percent is announced with the reminder of the renewal.",
          0.3, 0.6, Marker("Price Increase Announced"), ("Price Increase Announced",),
          "event = 'Renewal Reminded'", "event = 'Subscription Renewed'", "stayed", "price_increase", _CANCELLED),
)  # fmt: skip

CAUSES: Mapping[World, tuple[Cause, ...]] = {"shop": SHOP, "software": SOFTWARE, "streaming": STREAMING}
"""Every planted cause by world, in the order a person meets them."""


def switches(world: World, causes: Mapping[str, bool] | None) -> dict[str, bool]:
    """Every cause of a world with its switch; causes not named stay on.

    Raises:
        BadOption: A name is not a cause of this world.
    """
    known = {cause.name: True for cause in CAUSES[world]}
    for name, on in (causes or {}).items():
        if name not in known:
            raise BadOption(f"the {world} world has no cause {name!r}; it has {', '.join(known)}")
        known[name] = on
    return known


def only(world: World, *names: str) -> dict[str, bool]:
    """Switches with these causes on and all others of the world off."""
    switches(world, dict.fromkeys(names, True))
    return {cause.name: cause.name in names for cause in CAUSES[world]}


@dataclass(frozen=True, slots=True)
class Lot:
    """What was decided about one person and one cause before anything happened.

    Attributes:
        exposed: They meet the cause if they come to its place and it is on.
        leaves: They leave for good if they meet it.
    """

    exposed: bool
    leaves: bool


def draw_lots(causes: tuple[Cause, ...], dice: Dice, *, patience: Mapping[str, float]) -> dict[str, Lot]:
    """One lot a cause; always the same number of draws, whatever is switched on.

    Args:
        causes: Those of the world.
        dice: Chance.
        patience: Factor on `leave_share` by cause name, 1 where a persona is like everyone.
    """
    return {
        cause.name: Lot(
            dice.chance(cause.exposed_share), dice.chance(cause.leave_share * patience.get(cause.name, 1.0))
        )
        for cause in causes
    }
