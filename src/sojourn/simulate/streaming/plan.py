"""What is decided about a viewer before anything happens.

In: a number, chance. Out: a `Plan`. Never looks at the switches.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sojourn.simulate.causes import STREAMING, draw_lots
from sojourn.simulate.devices import device
from sojourn.simulate.people import person
from sojourn.simulate.rhythm import first_day
from sojourn.simulate.streaming.personas import BY_NAME, PERSONAS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sojourn.simulate.causes import Lot
    from sojourn.simulate.devices import Device
    from sojourn.simulate.dice import Dice
    from sojourn.simulate.messages import Post
    from sojourn.simulate.people import Person
    from sojourn.simulate.streaming.personas import Persona

BOUNCED, BROWSED, BEGAN, TRIED, SUBSCRIBED, MEMBER = range(6)

TRIAL_DAYS = 7
LONGEST_JOURNEY = TRIAL_DAYS + 3
FIRST_RENEWAL = 9
APP = "Simulated Streaming"

_WILLING_TO_STAY = 0.95
_SHARED = 8
_COUPLE = 2


@dataclass(frozen=True, slots=True)
class Plan:
    """One viewer's fate.

    Attributes:
        persona: Who they are.
        intent: What they came for.
        stage: How far they come if nothing stops them (BOUNCED to MEMBER).
        willing_to_stay: Of members: they stay if nothing stops them.
        lots: Causes they would meet and leave by.
        first_day: Day number of their first visit.
        renewal_day: Of members: day number on which the subscription renews.
        genre: What they like best.
        devices: What they use, one to three; the first is used before signing up.
        shared: They share their last device, a television, with a neighbour in number.
    """

    persona: Persona
    intent: str
    stage: int
    willing_to_stay: bool
    lots: Mapping[str, Lot]
    first_day: int
    renewal_day: int
    genre: str
    devices: tuple[Device, ...]
    shared: bool

    def comes_to(self) -> dict[str, bool]:
        """Whether they come to the place of each cause when none stops them."""
        member = self.stage == MEMBER
        return {
            "card_required": BEGAN <= self.stage < MEMBER,
            "missing_language": TRIED <= self.stage < MEMBER,
            "buffering": member,
            "removed_title": member,
            "price_increase": member,
        }


def draw_plan(number: int, dice: Dice, post: Post, shared_id: str) -> tuple[Person, Plan]:
    """A viewer and their fate.

    Args:
        number: Their number in the world.
        dice: Their chance.
        post: Where their messages will go.
        shared_id: Identifier of the television a household shares, used when they have one.
    """
    persona = BY_NAME[dice.draw(PERSONAS)]
    shared = in_shared_household(number)
    stage = MEMBER if shared else dice.draw(persona.stages)
    someone = person(f"simulated-streaming-{number:07}", dice, post, user_id=None)
    if stage == MEMBER:
        someone.user_id = f"v{700_000 + number}"
    first = device("mobile" if dice.chance(0.62) else "desktop", dice)
    devices: tuple[Device, ...] = (first,)
    if stage >= TRIED:
        kind = "tv" if shared else dice.draw(persona.devices)
        app = None if kind == "desktop" else APP
        devices += (device(kind, dice, app=app, anonymous_id=shared_id if shared else None),)
    someone.anonymous_ids[first.anonymous_id] = None
    days = post.period.days
    last = days - LONGEST_JOURNEY if BEGAN <= stage < MEMBER else days
    plan = Plan(
        persona=persona,
        intent=dice.draw(persona.intents),
        stage=stage,
        willing_to_stay=dice.chance(_WILLING_TO_STAY),
        lots=draw_lots(STREAMING, dice, patience=persona.patience),
        first_day=first_day(post.period, persona.habit, dice) % last,
        renewal_day=FIRST_RENEWAL + dice.below(days - 1 - FIRST_RENEWAL),
        genre=dice.draw(persona.genres),
        devices=devices,
        shared=shared,
    )
    return someone, plan


def in_shared_household(number: int) -> bool:
    """Whether the person of this number shares a television with the neighbour in number."""
    return (number // _COUPLE) % _SHARED == 0
