"""What follows a visit to the simulated shop: delivery, surveys, reviews, returns, calls, reminders.

In: a shopper who ordered or left, and when. Out: messages of servers. Never brings anyone to order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sojourn.simulate.contact import answer, call, mail, resolve, ticket
from sojourn.simulate.dice import Weighted
from sojourn.simulate.rhythm import DAY, HOUR, MINUTE
from sojourn.simulate.shop.catalogue import CURRENCY
from sojourn.simulate.texts import write

if TYPE_CHECKING:
    from sojourn.simulate.shop.browse import Shopper

_NETWORKS = ("instagram", "x", "mastodon", "reddit")
_REASONS = Weighted.of({"wrong_size": 0.4, "not_as_described": 0.25, "damaged": 0.15, "changed_mind": 0.2})
_HAPPY = 4


def words(shopper: Shopper, topic: str, **slots: object) -> str:
    """A text by this shopper, in their language."""
    return write("shop", topic, shopper.person.place.language, shopper.dice, slots=slots)


def after_order(shopper: Shopper, at_ms: int) -> None:
    """Everything that may follow an order placed at `at_ms`."""
    person, dice = shopper.person, shopper.dice
    order = {"order_id": shopper.ordered[-1]}
    pains = [cause for cause in shopper.met if cause != "empty_search"]
    if dice.chance(0.12):
        effort = max(1, 6 - 2 * len(pains) + dice.below(2))
        answer(
            person, "shop", at_ms + 4 * MINUTE, "CES", effort, pains[-1] if pains else "easy_checkout", **slots(shopper)
        )
    if shopper.plan.card is not None:
        points = int(shopper.paid)
        person.server("Loyalty Points Earned", at_ms + MINUTE, {**order, "points": points}, system="loyalty")
    person.server("Email Sent", at_ms + 2 * MINUTE, {**order, "campaign": "sim_order_confirmation"}, system="mail")
    person.server("Order Shipped", at_ms + DAY + 3 * HOUR, order, system="warehouse")
    delivered = at_ms + 2 * DAY + int(dice.uniform() * 2 * DAY)
    person.server("Order Delivered", delivered, order, system="warehouse")
    stars = min(5, max(1, round(4.3 + 0.9 * dice.normal() - 0.4 * len(pains))))
    if dice.chance(0.3):
        nps = min(10, max(0, 2 * stars + dice.below(3) - 1))
        answer(
            person,
            "shop",
            delivered + 2 * DAY,
            "NPS",
            nps,
            "praise" if stars >= _HAPPY else "complaint",
            product=_name(shopper),
        )
    if dice.chance(0.18):
        _review(shopper, delivered + DAY, stars)
    if dice.chance(0.1 if stars >= _HAPPY else 0.3):
        _return(shopper, delivered)
    if stars > _HAPPY and dice.chance(0.08):
        person.server(
            "Referral Sent", delivered + 3 * DAY, {"via": "email", "code": f"SIM{person.sent:03}"}, system="crm"
        )
    if dice.chance(0.03):
        topic = "praise" if stars >= _HAPPY else "complaint"
        mention = {"network": dice.pick(_NETWORKS), "text": words(shopper, topic, product=_name(shopper)),
                   "reach": int(dice.lognormal(180, 1.2))}  # fmt: skip
        person.server("Social Mention Posted", delivered + 5 * HOUR, mention, system="social")


def reacts(shopper: Shopper, at_ms: int) -> None:
    """A reaction to one of the shop's posts, by someone whose account there is known."""
    about = {"network": shopper.dice.pick(_NETWORKS), "reaction": shopper.dice.pick(("like", "share", "save"))}
    shopper.person.server("Social Reaction", at_ms, about, system="social")


def after_leaving(shopper: Shopper, at_ms: int) -> None:
    """What may follow a visit that ended with a full cart, or over a cause."""
    person, dice = shopper.person, shopper.dice
    reachable = person.user_id is not None or shopper.plan.newsletter
    if shopper.basket and reachable and dice.chance(0.3):
        mail(person, at_ms + 20 * HOUR, "sim_cart_reminder", opened=0.45, clicked=0.0, link="/cart")
    if shopper.left_by is None:
        return
    if dice.chance(0.07):
        call(person, "shop", at_ms, shopper.left_by, slots(shopper))
    if dice.chance(0.06):
        answer(person, "shop", at_ms + 2 * MINUTE, "CSAT", 1 + dice.below(3), shopper.left_by, **slots(shopper))
    if reachable and dice.chance(0.05):
        opened = at_ms + 3 * HOUR
        resolve(person, opened, ticket(person, "shop", opened, shopper.left_by, slots(shopper)), median_h=14)


def slots(shopper: Shopper) -> dict[str, object]:
    """Values for the gaps in the phrases about the causes."""
    return {
        "cost": "14.90", "method": "PayPal", "fields": 24, "coupon": "SIMSPRING10",
        "query": shopper.plan.category.lower(), "product": _name(shopper),
    }  # fmt: skip


def _name(shopper: Shopper) -> str:
    return shopper.basket[0][0].name if shopper.basket else shopper.plan.category.lower()


def _review(shopper: Shopper, at_ms: int, stars: int) -> None:
    product = shopper.basket[0][0]
    topic = "praise" if stars >= _HAPPY else "complaint"
    review = {"product_id": product.product_id, "rating": stars, "text": words(shopper, topic, product=product.name)}
    shopper.person.server("Product Reviewed", at_ms, review, system="reviews")


def _return(shopper: Shopper, delivered: int) -> None:
    """A return is asked for, and the money goes back; some call or write about it."""
    person, dice = shopper.person, shopper.dice
    product, quantity = shopper.basket[0]
    asked = delivered + int(dice.lognormal(30, 0.7) * HOUR)
    reason = dice.draw(_REASONS)
    item: dict[str, object] = {"order_id": shopper.ordered[-1], "product_id": product.product_id, "reason": reason}
    if dice.chance(0.5):
        item["text"] = words(shopper, f"return_{reason}", product=product.name)
    person.server("Return Requested", asked, item, system="warehouse")
    amount = round(product.price * quantity, 2)
    refund = {"order_id": shopper.ordered[-1], "revenue": -amount, "total": -amount, "currency": CURRENCY}
    person.server("Order Refunded", asked + 4 * DAY, refund, system="warehouse")
