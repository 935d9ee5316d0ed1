"""What is decided about a company and the person who decides for it, before anything happens.

In: a number, chance. Out: a `Plan`. Never looks at the switches.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sojourn.simulate.causes import SOFTWARE, draw_lots
from sojourn.simulate.devices import device
from sojourn.simulate.dice import Weighted
from sojourn.simulate.people import person
from sojourn.simulate.rhythm import DAY, first_day
from sojourn.simulate.software.personas import BY_NAME, INDUSTRIES, PERSONAS, PLANS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sojourn.simulate.causes import Lot
    from sojourn.simulate.devices import Device
    from sojourn.simulate.dice import Dice
    from sojourn.simulate.messages import Post
    from sojourn.simulate.people import Person
    from sojourn.simulate.software.personas import Persona

BOUNCED, BROWSED, LEAD, PRICED, DEMO, TRIAL, SUBSCRIBED, CUSTOMER = range(8)

LONGEST_JOURNEY = 20
"""Days from the first visit of someone who tries the software to the end of their trial, at most."""

_NAMES = ("Nordlicht", "Brightwater", "Atelier Vert", "Casa Azul", "Quarry & Sons", "Lindenhof", "Redwood", "Orbis")
_FORMS = ("Ltd", "GmbH", "SARL", "SL", "Inc")
_PLAN = Weighted.of({"starter": 0.45, "team": 0.4, "business": 0.15})
_WILLING_TO_STAY = 0.95


@dataclass(frozen=True, slots=True)
class Company:
    """A company.

    Attributes:
        group_id: Its identifier in the events.
        name: Invented.
        industry: What it does.
        employees: How many work there.
        plan: The plan it is on or would take.
        seats: Seats it pays for.
    """

    group_id: str
    name: str
    industry: str
    employees: int
    plan: str
    seats: int

    @property
    def monthly_revenue(self) -> float:
        """What it pays a month, euro."""
        return round(PLANS[self.plan] * self.seats, 2)

    def traits(self, stage: str) -> dict[str, object]:
        """What a group call says of it."""
        return {
            "name": self.name,
            "industry": self.industry,
            "employees": self.employees,
            "plan": self.plan,
            "stage": stage,
        }


@dataclass(frozen=True, slots=True)
class Plan:
    """One deciding person's fate.

    Attributes:
        persona: Who they are.
        title: Their job.
        intent: What they came for.
        stage: How far they come if nothing stops them (BOUNCED to CUSTOMER).
        willing_to_stay: Of customers: they stay if nothing stops them.
        lots: Causes they would meet and leave by.
        by_demo: They ask for a demo before they try.
        wants_integration: They look for an integration while trying.
        has_ticket: Of customers: they open a ticket.
        first_day: Day number of their first visit.
        renewal_day: Of customers: day number on which the subscription renews.
        company: Where they work.
        devices: What they use, one or two.
        colleagues: People of the company who use the software too.
        shares_device: They and their first colleague present from one meeting-room computer.
    """

    persona: Persona
    title: str
    intent: str
    stage: int
    willing_to_stay: bool
    lots: Mapping[str, Lot]
    by_demo: bool
    wants_integration: bool
    has_ticket: bool
    first_day: int
    renewal_day: int
    company: Company
    devices: tuple[Device, ...]
    colleagues: int
    shares_device: bool

    def comes_to(self) -> dict[str, bool]:
        """Whether they come to the place of each cause when none stops them."""
        prospect = self.stage < CUSTOMER
        tries = TRIAL <= self.stage < CUSTOMER
        asks = (tries and self.by_demo) or self.stage == DEMO
        return {
            "hidden_price": prospect and self.stage >= PRICED,
            "slow_demo": asks,
            "missing_integration": tries and self.wants_integration,
            "failed_import": tries,
            "unanswered_ticket": not prospect and self.has_ticket,
            "price_increase": not prospect,
        }


def draw_plan(number: int, dice: Dice, post: Post) -> tuple[Person, Plan]:
    """The deciding person of a company, and their fate.

    Args:
        number: Their number in the world.
        dice: Their chance.
        post: Where their messages will go.
    """
    persona = BY_NAME[dice.draw(PERSONAS)]
    stage = dice.draw(persona.stages)
    someone = person(f"simulated-software-{number:07}", dice, post, user_id=None)
    if stage == CUSTOMER:
        someone.user_id = f"w{500_000 + number}"
    devices: tuple[Device, ...] = (device("desktop" if dice.chance(0.82) else "mobile", dice),)
    if dice.chance(0.25) and stage >= LEAD:
        devices += (device("mobile", dice),)
    someone.anonymous_ids[devices[0].anonymous_id] = None
    days = post.period.days
    last = days - LONGEST_JOURNEY if PRICED <= stage < CUSTOMER else days
    first = first_day(post.period, persona.habit, dice)
    colleagues = dice.count(0.55, most=3) if stage >= SUBSCRIBED else 0
    plan = Plan(
        persona=persona,
        title=dice.pick(persona.titles),
        intent=dice.draw(persona.intents),
        stage=stage,
        willing_to_stay=dice.chance(_WILLING_TO_STAY),
        lots=draw_lots(SOFTWARE, dice, patience=persona.patience),
        by_demo=dice.chance(0.5),
        wants_integration=dice.chance(0.65),
        has_ticket=dice.chance(0.5),
        first_day=first % max(last, 1),
        renewal_day=10 + dice.below(max(days - 11, 1)),
        company=_company(number, dice),
        devices=devices,
        colleagues=colleagues,
        shares_device=dice.chance(0.2) and colleagues > 0 and stage == CUSTOMER,
    )
    return someone, plan


def _company(number: int, dice: Dice) -> Company:
    employees = int(dice.lognormal(45, 1.3)) + 3
    seats = max(2, min(employees, int(dice.lognormal(6, 0.8))))
    name = f"{dice.pick(_NAMES)} {number % 97} {dice.pick(_FORMS)}"
    return Company(f"company-{number:07}", name, dice.pick(INDUSTRIES), employees, dice.draw(_PLAN), seats)


def at(post: Post, day: float, hour: float) -> int:
    """The instant at `hour` o'clock UTC on day number `day`."""
    return post.period.start_ms + int(day) * DAY + int(hour * 3_600_000)
