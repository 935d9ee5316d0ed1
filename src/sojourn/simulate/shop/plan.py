"""What is decided about a shopper before anything happens.

In: a number, chance. Out: a `Plan`: how far they would come, which causes they would meet and leave by, when they
come, with what. Never looks at the switches: that is why a cause can be switched without moving anything else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sojourn.simulate.causes import SHOP, draw_lots
from sojourn.simulate.devices import device
from sojourn.simulate.dice import Weighted
from sojourn.simulate.people import person
from sojourn.simulate.rhythm import DAY, session_starts
from sojourn.simulate.shop.catalogue import CATEGORIES
from sojourn.simulate.shop.personas import BY_NAME, PERSONAS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sojourn.simulate.causes import Lot
    from sojourn.simulate.devices import Device
    from sojourn.simulate.dice import Dice
    from sojourn.simulate.messages import Post
    from sojourn.simulate.people import Person
    from sojourn.simulate.shop.personas import Persona

BOUNCE, BROWSE, PRODUCT, CART, CHECKOUT, BUY = range(6)

CONTACT, ADDRESS, PAYMENT, REVIEW = range(1, 5)

_STOPS = Weighted.of({CONTACT: 0.15, ADDRESS: 0.2, PAYMENT: 0.2, REVIEW: 0.45})
_SECOND_DEVICE_SHARE = 0.14
SHARING_PAIRS = 20  # one pair of neighbours in twenty is a household with a tablet on the sofa
_APP_SHARE = 0.22
_COUPLE = 2


@dataclass(frozen=True, slots=True)
class Plan:
    """One shopper's fate.

    Attributes:
        persona: Who they are.
        intent: What they came for.
        stage: How far they come if nothing stops them (BOUNCE to BUY).
        stop: Checkout step at which someone leaves who comes no further than CHECKOUT.
        lots: Causes they would meet and leave by.
        searches: They search on the visit that counts.
        category: What they are after.
        starts: Start times of their visits before and including the one that counts.
        returns: Start times of visits after it.
        devices: What they use, one or two.
        shared: They share their first device with someone of their household.
        card: Number of a loyalty card, or None.
        newsletter: They get the newsletter.
        signs_in: They sign in on the visit that counts, before the cart.
        pauses: They fill the cart on the visit before the one that counts.
    """

    persona: Persona
    intent: str
    stage: int
    stop: int
    lots: Mapping[str, Lot]
    searches: bool
    category: str
    starts: list[int]
    returns: list[int]
    devices: tuple[Device, ...]
    shared: bool
    card: str | None
    newsletter: bool
    signs_in: bool
    pauses: bool

    def comes_to(self) -> dict[str, bool]:
        """Whether they come to the place of each cause when none stops them."""
        stop = self.stop if self.stage == CHECKOUT else REVIEW
        in_checkout = self.stage >= CHECKOUT
        return {
            "empty_search": self.searches and self.stage >= BROWSE,
            "broken_button": self.stage >= CART and not self.pauses,
            "expired_coupon": self.stage >= CART,
            "forced_account": in_checkout and not self.signs_in and not self.shared,
            "long_form": in_checkout and stop >= ADDRESS,
            "missing_payment_method": in_checkout and stop >= PAYMENT,
            "late_shipping_cost": in_checkout and stop >= REVIEW,
        }

    def stops_at(self, step: int) -> bool:
        """Whether this step of the checkout is the one they leave at for no planted cause."""
        return self.stage == CHECKOUT and self.stop == step

    def device_of(self, place: int) -> Device:
        """The device used on visit number `place`: the first visit on the first, later ones on the last."""
        return self.devices[-1] if place > 0 else self.devices[0]


def draw_plan(number: int, dice: Dice, post: Post, shared_id: str) -> tuple[Person, Plan]:
    """A shopper and their fate.

    Args:
        number: Their number in the world.
        dice: Their chance.
        post: Where their messages will go.
        shared_id: Identifier of the household's device, used when they have one.
    """
    persona = BY_NAME[dice.draw(PERSONAS)]
    shared = (number // _COUPLE) % SHARING_PAIRS == 0
    stage = max(dice.draw(persona.stages), BROWSE if shared else BOUNCE)
    has_account = dice.chance(persona.account_share * (1.0 if stage >= PRODUCT else 0.25)) or shared
    someone = person(f"simulated-shop-{number:07}", dice, post, user_id=None)
    if has_account:
        someone.user_id = f"u{100_000 + number}"
    kind = dice.draw(persona.devices)
    app = "Simulated Shop" if kind != "desktop" and has_account and dice.chance(_APP_SHARE) else None
    first = device(kind, dice, app=app)
    if shared:
        first = device("tablet", dice, anonymous_id=shared_id)
    devices: tuple[Device, ...] = (first,)
    if dice.chance(_SECOND_DEVICE_SHARE) and stage > BOUNCE:
        devices += (device("desktop" if kind == "mobile" else "mobile", dice),)
    someone.anonymous_ids[first.anonymous_id] = None
    before = dice.count(0.3 if stage >= PRODUCT else 0.16, most=4) if stage > BOUNCE else 0
    before = max(before, len(devices) - 1)
    after = dice.count(0.28, most=4) if stage > BOUNCE else int(dice.chance(0.05))
    gaps = [dice.lognormal(1.8, 0.9) for _ in range(before + after)]
    starts = session_starts(post.period, persona.habit, gaps, someone.place.offset_h, dice)
    if shared:
        starts = _take_turns(starts, number, post)
    plan = Plan(
        persona=persona,
        intent=dice.draw(persona.intents),
        stage=stage,
        stop=dice.draw(_STOPS),
        lots=draw_lots(SHOP, dice, patience=persona.patience),
        searches=dice.chance(0.45 if stage >= PRODUCT else 0.15),
        category=dice.pick(CATEGORIES),
        starts=starts[: before + 1],
        returns=starts[before + 1 :],
        devices=devices,
        shared=shared,
        card=f"94{number:08}" if dice.chance(persona.card_share) else None,
        newsletter=dice.chance(persona.newsletter_share * (1.0 if stage >= BROWSE else 0.3)),
        signs_in=dice.chance(0.55) and has_account,
        pauses=dice.chance(0.22) and before > 0 and stage >= BUY,
    )
    return someone, plan


def _take_turns(starts: list[int], number: int, post: Post) -> list[int]:
    """Let two people of a household use their device on alternate days."""
    moved = []
    for start in starts:
        day = (start - post.period.start_ms) // DAY
        if day % 2 != number % 2:
            start += -DAY if day else DAY  # noqa: PLW2901 -- the moved start replaces the drawn one
        moved.append(start)
    moved.sort()
    return [start + place for place, start in enumerate(moved)]
