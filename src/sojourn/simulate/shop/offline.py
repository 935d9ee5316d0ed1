"""The simulated shop away from its site: newsletters, the shop in town, the CRM.

In: a shopper. Out: messages of servers and tills, and visits that begin with a click in a mail. Never fills an online cart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sojourn.simulate.contact import mail
from sojourn.simulate.rhythm import DAY, HOUR, MINUTE
from sojourn.simulate.shop.browse import look_around
from sojourn.simulate.shop.catalogue import CURRENCY
from sojourn.simulate.shop.personas import EMAIL
from sojourn.simulate.shop.plan import BUY
from sojourn.simulate.visit import Visit

if TYPE_CHECKING:
    from sojourn.simulate.shop.browse import Shopper

SITE = "simulated-shop.example"
_THURSDAY = 3
_PROFESSIONS = ("teacher", "nurse", "engineer", "student", "carpenter", "retired", "designer", "lawyer", "driver")
_SHOPS = ("Leeds", "Hamburg", "Lyon", "Bilbao")


def newsletters(shopper: Shopper) -> None:
    """A mail every second Thursday; a click brings them to the site for a look."""
    period = shopper.person.post.period
    for day in range(period.days):
        if period.weekday(day) != _THURSDAY or day // 7 % 2:
            continue
        clicked = mail(shopper.person, period.start_ms + day * DAY + 8 * HOUR, f"sim_newsletter_{day // 7 + 1}",
                       opened=0.38, clicked=0.16, link="/sale")  # fmt: skip
        if clicked is not None and clicked < period.end_ms - HOUR:
            device = shopper.plan.device_of(0)
            look_around(Visit(shopper.person, device, site=SITE, at_ms=clicked + 2_000), EMAIL, shopper, products=False)


def in_town(shopper: Shopper) -> None:
    """Visits to the shop in town; with a loyalty card they are recognised, also when they buy nothing."""
    person, dice = shopper.person, shopper.dice
    period = person.post.period
    card = f"card:{shopper.plan.card}"
    shop = dice.pick(_SHOPS)
    for _ in range(dice.count(0.55, most=4)):
        at = period.start_ms + dice.below(period.days) * DAY + int((9 + 9 * dice.uniform()) * HOUR)
        person.server("Store Visited", at, {"store": shop, "via": "wifi"}, system="pos", anonymous_id=card)
        if dice.chance(0.45):
            continue
        product = shopper.product()
        purchase = {"order_id": f"st-{person.message_id()}", "revenue": product.price, "currency": CURRENCY,
                    "store": shop, "loyalty_card": shopper.plan.card, "channel": "store",
                    "products": [{"product_id": product.product_id, "quantity": 1, "price": product.price}]}  # fmt: skip
        bought = at + int(dice.between(5, 40) * MINUTE)
        person.server("Store Purchase Completed", bought, purchase, system="pos", anonymous_id=card)
        points = {"points": int(product.price), "store": shop}
        person.server("Loyalty Points Earned", bought, points, system="loyalty", anonymous_id=card)
        if dice.chance(0.06):
            refund = {"order_id": purchase["order_id"], "revenue": -product.price, "currency": CURRENCY, "store": shop}
            person.server("Order Refunded", bought + 3 * DAY, refund, system="pos", anonymous_id=card)
    if dice.chance(0.15):
        at = period.start_ms + dice.below(period.days) * DAY + 12 * HOUR
        redeemed = {"points": 100 * (1 + dice.below(9))}
        person.server("Loyalty Points Redeemed", at, redeemed, system="loyalty", anonymous_id=card)


def in_crm(shopper: Shopper, at_ms: int) -> None:
    """What the CRM holds about an account, sent once around its first visit."""
    person, dice = shopper.person, shopper.dice
    stage = "customer" if shopper.ordered else "opportunity" if shopper.plan.stage >= BUY - 1 else "lead"
    traits = {
        **shopper.traits(), "stage": stage, "profession": dice.pick(_PROFESSIONS), "age": 18 + dice.below(60),
        "city": dice.pick(person.place.cities), "household_size": 1 + dice.below(5), "owner": f"agent{dice.below(6) + 1}",
    }  # fmt: skip
    person.trait(at_ms, traits, system="crm")
