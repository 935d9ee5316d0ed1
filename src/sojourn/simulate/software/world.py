"""A month of one company in the simulated software: the person who decides, and colleagues.

In: a number and chance. Out: messages, and the truth about each person. Never another company's messages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sojourn.simulate.causes import SOFTWARE
from sojourn.simulate.devices import bot_device, device
from sojourn.simulate.people import person
from sojourn.simulate.rhythm import DAY, HOUR, MINUTE
from sojourn.simulate.software.personas import CHANNELS, STAGES
from sojourn.simulate.software.plan import CUSTOMER, DEMO, LONGEST_JOURNEY, PRICED, SUBSCRIBED, draw_plan
from sojourn.simulate.software.product import daily_use, renew_or_cancel, try_out
from sojourn.simulate.software.prospect import SITE, Lead, first_visit, see_prices
from sojourn.simulate.truth import PersonTruth, outcome_of
from sojourn.simulate.visit import crawl

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sojourn.simulate.dice import Dice
    from sojourn.simulate.messages import Post

DEFAULT_PERSONS = 4_000
BOT_SHARE = 0.006
CURRENCY = "EUR"
CHANNELS_WITH_SPEND = tuple(channel for channel in CHANNELS if channel.cost_per_click)
SHORTEST_DAYS = LONGEST_JOURNEY + 4

_BEFORE_SALE = tuple(cause for cause in SOFTWARE if cause.outcome == "subscribed")
_AFTER_SALE = tuple(cause for cause in SOFTWARE if cause.outcome == "stayed")
_BOT_PAGES = (
    tuple(
        (name.title(), f"/{name}")
        for name in ("features", "pricing", "docs", "blog", "security", "integrations", "about")
    )
    * 4
)


def live(number: int, dice: Dice, post: Post, on: Mapping[str, bool], seed: int) -> list[PersonTruth]:  # noqa: ARG001 -- companies share nothing
    """Act out one company.

    Args:
        number: Number of its first person, from 0.
        dice: Its chance.
        post: Where messages go.
        on: The switches of the causes.
        seed: Seed of the world.
    """
    others = [dice.child() for _ in range(3)]
    someone, plan = draw_plan(number, dice, post)
    lead = Lead(someone, plan, on)
    if plan.stage == CUSTOMER:
        return _customer(lead, number, others)
    first_visit(lead)
    if plan.stage >= PRICED and see_prices(lead) and plan.stage > DEMO:
        try_out(lead)
    subscribed = outcome_of(_BEFORE_SALE, plan.lots, on, willing=plan.stage == SUBSCRIBED, comes_to=plan.comes_to())
    truth = _truth(lead)
    truth.outcomes["subscribed"] = subscribed
    return [truth]


def crawl_once(number: int, dice: Dice, post: Post) -> PersonTruth:
    """A crawler reads the site."""
    robot = person(f"simulated-software-bot{number:04}", dice, post, user_id=None)
    device_of = bot_device(dice)
    for _ in range(1 + dice.count(0.6, most=5)):
        start = post.period.start_ms + int(dice.uniform() * (post.period.days * DAY - HOUR))
        crawl(robot, device_of, site=SITE, at_ms=start, paths=_BOT_PAGES[: 10 + dice.below(18)])
    return PersonTruth(robot.key, "bot", anonymous_ids=list(robot.anonymous_ids))


def _customer(lead: Lead, number: int, others: list[Dice]) -> list[PersonTruth]:
    """A company that is a customer already: everyone works, one person decides whether to stay."""
    plan, dice, post = lead.plan, lead.dice, lead.person.post
    lead.person.trait(post.period.start_ms + MINUTE, {**lead.traits("customer"), "owner": "agent1"}, system="crm")
    lead.person.belong(post.period.start_ms + 2 * MINUTE, plan.company.group_id, plan.company.traits("customer"))
    ticket_day = 1 + dice.below(plan.renewal_day - 7)
    # Those who will leave come less and less once the reason is there; others have quiet weeks for no reason.
    stays = outcome_of(_AFTER_SALE, plan.lots, lead.on, willing=plan.willing_to_stay, comes_to=plan.comes_to())
    quiet = plan.renewal_day // 2 if dice.chance(0.2) else post.period.days
    shy_from = max(ticket_day + 2, plan.renewal_day - 6) if not stays.happened else quiet
    until = post.period.days if stays.happened else plan.renewal_day
    eager = dice.between(0.25, 0.85)
    daily_use(lead, lead.person, plan.devices, until_day=until, eager=eager, shy_from=shy_from)
    renew_or_cancel(lead, ticket_day=ticket_day)
    truths = [_truth(lead)]
    truths[0].outcomes["stayed"] = stays
    for place in range(plan.colleagues):
        its = others[place]
        colleague = person(
            f"simulated-software-{number + place + 1:07}", its, post, user_id=f"w{500_001 + number + place}"
        )
        colleague.place = lead.person.place
        own = plan.devices[0] if place == 0 and plan.shares_device else device("desktop", its)
        daily_use(lead, colleague, (own,), until_day=until, eager=its.between(0.1, 0.7), shy_from=shy_from)
        if not colleague.anonymous_ids:
            colleague.trait(post.period.start_ms + HOUR, {"email": colleague.email, "stage": "invited"}, system="crm")
        truths.append(
            PersonTruth(
                colleague.key, "person", colleague.user_id, list(colleague.anonymous_ids), "colleague", "work",
                account=plan.company.group_id, stage=STAGES[-1],
                shared_device=own.anonymous_id if place == 0 and plan.shares_device else None,
            )
        )  # fmt: skip
    return truths


def _truth(lead: Lead) -> PersonTruth:
    plan = lead.plan
    return PersonTruth(
        person=lead.person.key, kind="person", user_id=lead.person.user_id,
        anonymous_ids=list(lead.person.anonymous_ids), persona=plan.persona.name, intent=plan.intent, outcomes={},
        met=list(dict.fromkeys(lead.met)), account=plan.company.group_id, orders=lead.payments,
        revenue=round(lead.paid, 2), stage=STAGES[plan.stage],
        shared_device=plan.devices[0].anonymous_id if plan.shares_device else None,
    )  # fmt: skip
