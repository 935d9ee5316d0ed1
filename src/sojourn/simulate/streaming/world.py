"""A month of one viewer of the simulated streaming service.

In: a number and chance. Out: messages, and the truth about one person. Never another person's messages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sojourn.simulate.causes import STREAMING
from sojourn.simulate.devices import bot_device
from sojourn.simulate.dice import Dice
from sojourn.simulate.people import person
from sojourn.simulate.rhythm import DAY, HOUR
from sojourn.simulate.streaming.catalogue import TITLES
from sojourn.simulate.streaming.member import be_member, come
from sojourn.simulate.streaming.personas import CHANNELS, STAGES
from sojourn.simulate.streaming.plan import LONGEST_JOURNEY, MEMBER, SUBSCRIBED, draw_plan, in_shared_household
from sojourn.simulate.streaming.watch import SITE, Viewer
from sojourn.simulate.truth import PersonTruth, outcome_of
from sojourn.simulate.visit import crawl

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sojourn.simulate.messages import Post

DEFAULT_PERSONS = 4_000
BOT_SHARE = 0.005
CURRENCY = "EUR"
CHANNELS_WITH_SPEND = tuple(channel for channel in CHANNELS if channel.cost_per_click)
SHORTEST_DAYS = LONGEST_JOURNEY + 4

_BEFORE_SALE = tuple(cause for cause in STREAMING if cause.outcome == "subscribed")
_AFTER_SALE = tuple(cause for cause in STREAMING if cause.outcome == "stayed")
_BOT_PAGES = (("Home", "/"), *(("Title", title.path) for title in TITLES))


def live(number: int, dice: Dice, post: Post, on: Mapping[str, bool], seed: int) -> list[PersonTruth]:
    """Act out one person.

    Args:
        number: Their number, from 0.
        dice: Their chance.
        post: Where messages go.
        on: The switches of the causes.
        seed: Seed of the world; the television a household shares follows from it.
    """
    shared_id = ""
    if in_shared_household(number):
        shared_id = Dice(np.random.default_rng([seed, 3, 7, number // 2])).uuid()
    someone, plan = draw_plan(number, dice, post, shared_id)
    viewer = Viewer(someone, plan, on)
    if plan.stage == MEMBER:
        name, causes, willing = "stayed", _AFTER_SALE, plan.willing_to_stay
    else:
        name, causes, willing = "subscribed", _BEFORE_SALE, plan.stage == SUBSCRIBED
    outcome = outcome_of(causes, plan.lots, on, willing=willing, comes_to=plan.comes_to())
    if plan.stage == MEMBER:
        be_member(viewer, stays=outcome.happened)
    else:
        come(viewer)
    truth = PersonTruth(
        person=someone.key, kind="person", user_id=someone.user_id, anonymous_ids=list(someone.anonymous_ids),
        persona=plan.persona.name, intent=plan.intent, outcomes={name: outcome}, met=list(dict.fromkeys(viewer.met)),
        shared_device=shared_id or None, orders=viewer.payments, revenue=round(viewer.paid, 2), stage=STAGES[plan.stage],
    )  # fmt: skip
    return [truth]


def crawl_once(number: int, dice: Dice, post: Post) -> PersonTruth:
    """A crawler reads the catalogue."""
    robot = person(f"simulated-streaming-bot{number:04}", dice, post, user_id=None)
    device = bot_device(dice)
    for _ in range(1 + dice.count(0.6, most=5)):
        start = post.period.start_ms + int(dice.uniform() * (post.period.days * DAY - HOUR))
        first = dice.below(100)
        crawl(robot, device, site=SITE, at_ms=start, paths=_BOT_PAGES[first : first + 10 + dice.below(30)])
    return PersonTruth(robot.key, "bot", anonymous_ids=list(robot.anonymous_ids))
