"""What companies and people say to each other away from the site: mails, surveys, calls, tickets.

In: a person, a time, a subject. Out: messages of servers. Never decides that someone leaves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sojourn.simulate.rhythm import HOUR, MINUTE
from sojourn.simulate.texts import write

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sojourn.simulate.causes import World
    from sojourn.simulate.people import Person

_HASTE = 24 * HOUR


def mail(person: Person, at_ms: int, campaign: str, *, opened: float, clicked: float, link: str) -> int | None:
    """One e-mail on its way; when it is clicked, or None.

    Args:
        person: Who gets it.
        at_ms: When it is sent.
        campaign: Its name.
        opened: Share of delivered mails that are opened.
        clicked: Share of opened mails that are clicked.
        link: Where a click leads.
    """
    dice = person.dice
    about: dict[str, object] = {"campaign": campaign, "email_id": f"m-{person.message_id()}"}
    if not person.server("Email Sent", at_ms, about, system="mail"):
        return None
    if dice.chance(0.02):
        person.server("Email Bounced", at_ms + MINUTE, {**about, "reason": "mailbox full"}, system="mail")
        return None
    if not dice.chance(opened):
        return None
    read = at_ms + int(dice.lognormal(3, 1.0) * HOUR)
    person.server("Email Opened", read, about, system="mail")
    if dice.chance(0.006):
        person.server("Unsubscribed", read + MINUTE, about, system="mail")
        return None
    if not dice.chance(clicked):
        return None
    person.server("Email Link Clicked", read + MINUTE, {**about, "link": link}, system="mail")
    return read + MINUTE


def answer(person: Person, world: World, at_ms: int, survey: str, score: int, topic: str, **slots: object) -> None:
    """An answered survey (`NPS`, `CES`, `CSAT`), with words in three of five."""
    told: dict[str, object] = {"survey": survey, "score": score}
    if person.dice.chance(0.6):
        told["text"] = write(world, topic, person.place.language, person.dice, slots=slots)
    person.server("Survey Answered", at_ms, told, system="survey")


def call(person: Person, world: World, at_ms: int, topic: str, slots: Mapping[str, object]) -> None:
    """A phone call within a day, with the note the agent took."""
    dice = person.dice
    text = write(world, topic, person.place.language, dice, slots=slots)
    about = {"direction": "inbound", "topic": topic, "duration_s": 90 + dice.below(500), "text": text,
             "resolved": dice.chance(0.4)}  # fmt: skip
    person.server("Phone Call Ended", at_ms + HOUR + int(dice.uniform() * _HASTE), about, system="phone")


def ticket(person: Person, world: World, at_ms: int, topic: str, slots: Mapping[str, object]) -> str:
    """A support ticket is opened; its number. Whoever solves it says so with `Ticket Resolved`."""
    dice = person.dice
    ticket_id = f"t-{person.message_id()}"
    text = write(world, topic, person.place.language, dice, slots=slots)
    priority = dice.pick(("low", "normal", "normal", "high"))
    about = {"ticket_id": ticket_id, "channel": dice.pick(("email", "form")), "text": text, "priority": priority}
    person.server("Ticket Created", at_ms, about, system="helpdesk")
    return ticket_id


def resolve(person: Person, at_ms: int, ticket_id: str, *, median_h: float) -> None:
    """The ticket is solved, some hours after `at_ms`."""
    solved = at_ms + int(person.dice.lognormal(median_h, 0.8) * HOUR)
    person.server("Ticket Resolved", solved, {"ticket_id": ticket_id}, system="helpdesk")
