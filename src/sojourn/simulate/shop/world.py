"""A life in the simulated shop, from the first visit to what follows the last.

In: a number and chance. Out: messages, and the truth about one person. Never another person's messages.
"""

from __future__ import annotations

import csv
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from sojourn.simulate.causes import SHOP
from sojourn.simulate.channels import DIRECT
from sojourn.simulate.devices import bot_device
from sojourn.simulate.dice import Dice, Weighted
from sojourn.simulate.people import person
from sojourn.simulate.rhythm import DAY, HOUR, MINUTE
from sojourn.simulate.shop.aftermath import after_leaving, after_order, reacts
from sojourn.simulate.shop.browse import (
    Shopper,
    choose,
    look_and_go,
    look_around,
    put_into_cart,
    search,
    see_category,
    see_product,
)
from sojourn.simulate.shop.catalogue import PRODUCTS
from sojourn.simulate.shop.checkout import check_out, in_cart, view_cart
from sojourn.simulate.shop.offline import SITE, in_crm, in_town, newsletters
from sojourn.simulate.shop.personas import CHANNELS, DISPLAY, REMINDER, STAGES
from sojourn.simulate.shop.plan import BROWSE, BUY, CART, CHECKOUT, PRODUCT, SHARING_PAIRS, Plan, draw_plan
from sojourn.simulate.truth import PersonTruth, outcome_of
from sojourn.simulate.visit import Visit, crawl

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sojourn.simulate.channels import Channel
    from sojourn.simulate.messages import Post

DEFAULT_PERSONS = 13_900
BOT_SHARE = 0.003
CURRENCY = "EUR"
CHANNELS_WITH_SPEND = tuple(channel for channel in CHANNELS if channel.cost_per_click)

_BOT_PAGES = tuple([("Home", "/"), ("Prices", "/prices-and-delivery")] + [("Product", p.path) for p in PRODUCTS[::3]])
_RETURN_BY: Weighted[Channel] = Weighted.of({DIRECT: 0.7, REMINDER: 0.05, DISPLAY: 0.25})


def live(number: int, dice: Dice, post: Post, on: Mapping[str, bool], seed: int) -> list[PersonTruth]:
    """Act out one person.

    Args:
        number: Their number, from 0.
        dice: Their chance.
        post: Where messages go.
        on: The switches of the causes.
        seed: Seed of the world; the device a household shares follows from it.
    """
    shared_id = _household(seed, number).uuid() if number // 2 % SHARING_PAIRS == 0 else ""
    someone, plan = draw_plan(number, dice, post, shared_id)
    shopper = Shopper(someone, plan, on)
    had_account = someone.user_id is not None
    for place, at_ms in enumerate(plan.starts[:-1]):
        last = place == len(plan.starts) - 2
        _research(shopper, place, at_ms, pause=plan.pauses and last)
    ended_ms = _visit_that_counts(shopper)
    if shopper.ordered:
        after_order(shopper, ended_ms)
    elif shopper.left_by is not None or shopper.basket:
        after_leaving(shopper, ended_ms)
    for place, at_ms in enumerate(plan.returns, start=len(plan.starts)):
        _return(shopper, place, at_ms)
    if plan.newsletter:
        newsletters(shopper)
    if plan.card is not None:
        in_town(shopper)
    if had_account:
        in_crm(shopper, plan.starts[0] + MINUTE)
        if dice.chance(0.05):
            reacts(shopper, ended_ms + 7 * HOUR)
    return [_truth(shopper, shared_id if plan.shared else None)]


def visit_once(  # noqa: PLR0913  (who, where to, under which causes, when)
    number: int, dice: Dice, post: Post, on: Mapping[str, bool], seed: int, *, at_ms: int, again: bool
) -> None:
    """Act out a single visit: of someone new the one that counts, of someone known one after it.

    Args:
        number: Their number; with the chance that belongs to it they are who they are in a world of this seed.
        dice: The chance that decides who they are; what they do follows from the moment too.
        post: Where messages go.
        on: The switches of the causes.
        seed: Seed of the world.
        at_ms: When it begins.
        again: They have been here before.
    """
    shared_id = _household(seed, number).uuid() if number // 2 % SHARING_PAIRS == 0 else ""
    someone, plan = draw_plan(number, dice, post, shared_id)
    # Whoever comes again does something else than the last time.
    someone.dice = Dice(np.random.default_rng([seed, 1, 6, number, at_ms]))
    shopper = Shopper(someone, replace(plan, starts=[at_ms], returns=[], pauses=False), on)
    if again:
        _return(shopper, 0, at_ms)
    else:
        _visit_that_counts(shopper)


def crawl_once(number: int, dice: Dice, post: Post) -> PersonTruth:
    """A crawler walks through the shop for some days."""
    robot = person(f"simulated-shop-bot{number:04}", dice, post, user_id=None)
    device = bot_device(dice)
    for _ in range(1 + dice.count(0.6, most=5)):
        at = post.period.start_ms + int(dice.uniform() * (post.period.days * DAY - HOUR))
        first = dice.below(20)
        crawl(robot, device, site=SITE, at_ms=at, paths=_BOT_PAGES[first : first + 15 + dice.below(30)])
    return PersonTruth(robot.key, "bot", anonymous_ids=list(robot.anonymous_ids))


def write_products(path: Path) -> None:
    """The catalogue as a table."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(("product_id", "sku", "name", "brand", "category", "price", "currency", "weight_kg", "path"))
        for product in PRODUCTS:
            known = product.properties()
            table.writerow((*(known[name] for name in ("product_id", "sku", "name", "brand", "category")),
                            f"{product.price:.2f}", CURRENCY, product.weight_kg, product.path))  # fmt: skip


def _household(seed: int, number: int) -> Dice:
    """Chance that both people of a pair have in common."""
    return Dice(np.random.default_rng([seed, 1, 7, number // 2]))


def _begin(shopper: Shopper, place: int, at_ms: int) -> Visit:
    """Visit number `place` of this shopper, on the device they use by then."""
    return Visit(shopper.person, shopper.plan.device_of(place), site=SITE, at_ms=at_ms)


def _end(visit: Visit, shopper: Shopper) -> None:
    visit.close()
    if visit.signed_in and (shopper.plan.shared or shopper.dice.chance(0.05)):
        visit.sign_out()


def _sign_in(visit: Visit, shopper: Shopper, *, share: float) -> None:
    """Sign in with an account: always on a shared device, elsewhere in `share` of visits."""
    wants = shopper.dice.chance(share) or shopper.plan.shared
    if wants and shopper.person.user_id is not None and not visit.signed_in:
        visit.sign_in(shopper.traits())


def _research(shopper: Shopper, place: int, at_ms: int, *, pause: bool) -> None:
    """A visit before the one that counts; it may end with a full cart left for later."""
    visit = _begin(shopper, place, at_ms)
    channel = shopper.dice.draw(shopper.plan.persona.channels)
    if shopper.dice.chance(0.3) and not pause:
        look_and_go(visit, channel, shopper)
        return
    look_around(visit, channel, shopper, products=shopper.plan.stage >= PRODUCT and not shopper.plan.searches)
    _sign_in(visit, shopper, share=0.5 if shopper.plan.signs_in else 0.0)
    if pause:
        product = shopper.product()
        see_product(visit, shopper, product, deep=True)
        visit.track("Add to Cart Clicked", product_id=product.product_id)
        put_into_cart(visit, shopper, product)
        view_cart(visit, shopper)
        visit.close()
        return
    _end(visit, shopper)


def _visit_that_counts(shopper: Shopper) -> int:
    """The visit on which they come as far as they come; its end."""
    plan = shopper.plan
    visit = _begin(shopper, len(plan.starts) - 1, plan.starts[-1])
    channel = shopper.dice.draw(plan.persona.channels)
    if plan.stage < BROWSE:
        look_and_go(visit, channel, shopper)
        return visit.now_ms
    _come_in(visit, channel, shopper)
    if _go_on(visit, shopper):
        shopper.left_by = None
    _end(visit, shopper)
    return visit.now_ms


def _come_in(visit: Visit, channel: Channel, shopper: Shopper) -> None:
    dice = shopper.dice
    if dice.chance(0.5):
        visit.land(channel, "Home", "/")
        visit.wait(8)
    else:
        visit.land(channel, "Category", f"/c/{shopper.plan.category.lower()}")
        visit.wait(12)
    _sign_in(visit, shopper, share=0.7 if shopper.plan.signs_in else 0.0)


def _go_on(visit: Visit, shopper: Shopper) -> bool:
    """From looking around to the order, as far as plan and causes let them; True when they ordered."""
    plan = shopper.plan
    if plan.searches:
        if not search(visit, shopper):
            return False
    else:
        see_category(visit, shopper)
    if plan.stage < CART:
        _look_in_vain(visit, shopper)
        return False
    if plan.pauses:
        see_product(visit, shopper, shopper.basket[0][0], listed=True)
    elif not choose(visit, shopper):
        return False
    view_cart(visit, shopper)
    goes_on, discount = in_cart(visit, shopper)
    return goes_on and plan.stage >= CHECKOUT and check_out(visit, shopper, discount)


def _look_in_vain(visit: Visit, shopper: Shopper) -> None:
    """Products without a purchase, for those whom products interest at all."""
    dice = shopper.dice
    if shopper.plan.stage < PRODUCT:
        return
    for place in range(1 + dice.count(0.68, most=8)):
        see_product(visit, shopper, shopper.product(), deep=True, listed=place == 0)
    if dice.chance(0.03):  # no size chosen: the click does nothing, and they leave it at that
        visit.track("Add to Cart Clicked", product_id=shopper.product().product_id)


def _return(shopper: Shopper, place: int, at_ms: int) -> None:
    """A visit after the one that counts: a look, and for customers perhaps a question."""
    visit = _begin(shopper, place, at_ms)
    channel = shopper.dice.draw(_RETURN_BY)
    if shopper.dice.chance(0.35):
        look_and_go(visit, channel, shopper)
        return
    # Someone who left over a search must not be seen to have found the product after all.
    free = not shopper.plan.searches and shopper.left_by is None and shopper.plan.stage >= PRODUCT
    look_around(visit, channel, shopper, products=free and shopper.dice.chance(0.5))
    _sign_in(visit, shopper, share=0.4)
    _end(visit, shopper)


def _truth(shopper: Shopper, shared_id: str | None) -> PersonTruth:
    plan: Plan = shopper.plan
    bought = outcome_of(SHOP, plan.lots, shopper.on, willing=plan.stage >= BUY, comes_to=plan.comes_to())
    return PersonTruth(
        person=shopper.person.key, kind="person", user_id=shopper.person.user_id,
        anonymous_ids=list(shopper.person.anonymous_ids), persona=plan.persona.name, intent=plan.intent,
        outcomes={"bought": bought}, met=list(dict.fromkeys(shopper.met)), shared_device=shared_id,
        orders=len(shopper.ordered), revenue=round(shopper.paid, 2), stage=STAGES[plan.stage],
    )  # fmt: skip
