"""From the first visit to the trial of the simulated software: reading, whitepaper, prices, demo.

In: a person and a plan. Out: messages; whether they go on to try it. Never goes into the product.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sojourn.simulate.contact import answer, call, mail
from sojourn.simulate.rhythm import DAY, HOUR, MINUTE
from sojourn.simulate.software.personas import NURTURE, PLANS
from sojourn.simulate.software.plan import BROWSED, DEMO, LEAD, PRICED, at
from sojourn.simulate.texts import write
from sojourn.simulate.visit import Visit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sojourn.simulate.dice import Dice
    from sojourn.simulate.people import Person
    from sojourn.simulate.software.plan import Plan

SITE = "simulated-software.example"
_ARTICLES = ("remote-planning", "fewer-meetings", "okr-guide", "gantt-or-kanban", "onboarding-checklist")
_QUERIES = (("sso", 3), ("export csv", 4), ("gantt", 6), ("on premise", 0), ("offline mode", 0), ("webhooks", 2))


@dataclass(slots=True)
class Lead:
    """One deciding person on their way.

    Attributes:
        person: Identifiers and messages.
        plan: Their fate.
        on: The switches of the causes.
        met: Causes that showed so far.
        left_by: The cause they left by.
        now_ms: Time of the last visit's end.
        paid: What the company paid so far.
        payments: How often.
    """

    person: Person
    plan: Plan
    on: Mapping[str, bool]
    met: list[str] = field(default_factory=list)
    left_by: str | None = None
    now_ms: int = 0
    paid: float = 0.0
    payments: int = 0

    @property
    def dice(self) -> Dice:
        """The person's chance."""
        return self.person.dice

    def meets(self, cause: str) -> bool:
        """Whether the cause shows to them here and now."""
        if not self.on[cause] or not self.plan.lots[cause].exposed:
            return False
        self.met.append(cause)
        return True

    def leaves_by(self, cause: str) -> bool:
        """Whether they, having met the cause, leave for good."""
        if self.plan.lots[cause].leaves:
            self.left_by = cause
            return True
        return False

    def traits(self, stage: str) -> dict[str, object]:
        """What a form or the CRM knows of them."""
        known, company = self.person, self.plan.company
        return {
            "email": known.email, "first_name": known.first_name, "last_name": known.last_name,
            "profession": self.plan.title, "company": company.name, "industry": company.industry,
            "company_size": company.employees, "country": known.place.country, "stage": stage,
            "language": known.place.language, "communication_preference": "phone" if self.plan.by_demo else "email",
            "interests": list(self.plan.persona.interests), "wants_to": self.plan.intent.replace("_", " "),
        }  # fmt: skip

    def slots(self) -> dict[str, object]:
        """Values for the gaps in the phrases."""
        return {"company": self.plan.company.name, "plan": self.plan.company.plan, "tool": "Salesforce"}


def visit_at(lead: Lead, at_ms: int, place: int = 0) -> Visit:
    """A visit to the site on the first device, or from `place` 1 on on the last."""
    devices = lead.plan.devices
    return Visit(lead.person, devices[-1] if place > 0 else devices[0], site=SITE, at_ms=at_ms)


def first_visit(lead: Lead) -> None:
    """Come, look, and perhaps take the whitepaper along."""
    plan, dice = lead.plan, lead.dice
    hour = (dice.draw(plan.persona.habit.hours) - lead.person.place.offset_h) % 24
    visit = visit_at(lead, at(lead.person.post, plan.first_day, min(hour, 20) + dice.uniform() * 0.9))
    channel = dice.draw(plan.persona.channels)
    article = dice.pick(_ARTICLES)
    if dice.chance(0.5):
        visit.land(channel, "Blog Article", f"/blog/{article}")
    else:
        visit.land(channel, "Home", "/")
    visit.wait(12)
    if plan.stage >= BROWSED:
        _read(visit, lead)
    if plan.stage == LEAD or (plan.stage > LEAD and dice.chance(0.5)):
        _whitepaper(visit, lead)
    visit.close()
    lead.now_ms = visit.now_ms
    if plan.stage == LEAD:  # with everyone further on, sales are in touch
        _nurture(lead)


def _read(visit: Visit, lead: Lead) -> None:
    dice = lead.dice
    for _ in range(1 + dice.count(0.55, most=4)):
        name, path = dice.pick(
            (("Features", "/features"), ("Case Study", "/customers/lindenhof"), ("Docs", "/docs"),
             ("Integrations", "/integrations"), ("Security", "/security"), ("About", "/about"))
        )  # fmt: skip
        visit.page(name, path)
        visit.wait(22)
    if dice.chance(0.18):
        query, results = dice.pick(_QUERIES)
        visit.track("Products Searched", query=query, results=results, index="docs")
        visit.wait(8)
    if dice.chance(0.12):
        video = {"content_asset_id": "sim-product-tour", "total_length": 140}
        visit.track("Video Playback Started", **video, position=0)
        visit.wait(70, most_s=140)
        if dice.chance(0.5):
            visit.track("Video Playback Completed", **video, position=140)
    if lead.plan.intent == "job":
        visit.page("Careers", "/careers")
        visit.wait(40)


def _whitepaper(visit: Visit, lead: Lead) -> None:
    dice = lead.dice
    visit.page("Whitepaper", "/whitepaper/planning-2025")
    visit.wait(15)
    visit.track("Form Started", form="whitepaper", fields=4)
    visit.wait(25)
    if dice.chance(0.15):
        visit.track("Form Error", form="whitepaper", field="email", message="please use your work address")
        visit.wait(10)
    visit.track("Form Submitted", form="whitepaper")
    visit.identify(lead.traits("lead"))
    visit.track("Whitepaper Downloaded", title="Planning in 2025", format="pdf")
    if dice.chance(0.25):
        visit.track("Webinar Registered", webinar="sim-planning-live")
        if dice.chance(0.4):
            attended = {"webinar": "sim-planning-live", "duration_s": 600 + dice.below(2400)}
            lead.person.server("Webinar Attended", visit.now_ms + 5 * DAY, attended, system="webinar")


def _nurture(lead: Lead) -> None:
    """Two mails after a first contact; a click brings them back for a look."""
    for number in (1, 2):
        clicked = mail(lead.person, lead.now_ms + 3 * number * DAY, f"sim_nurture_{number}",
                       opened=0.4, clicked=0.2, link="/features")  # fmt: skip
        if clicked is None or clicked > lead.person.post.period.end_ms - HOUR:
            continue
        visit = visit_at(lead, clicked + 2_000)
        visit.land(NURTURE, "Features", "/features")
        visit.wait(20)
        visit.close()


def see_prices(lead: Lead) -> bool:
    """The visit to the prices, a day or so later; False when it ends there."""
    plan, dice = lead.plan, lead.dice
    day = plan.first_day + (lead.dice.chance(0.5) * 1)
    visit = visit_at(lead, max(lead.now_ms + 2 * HOUR, at(lead.person.post, day, 9 + 6 * dice.uniform())), 1)
    visit.land(dice.draw(plan.persona.channels), "Home", "/")
    visit.wait(10)
    visit.page("Pricing", "/pricing")
    visit.track("Pricing Viewed", plans=len(PLANS), currency="EUR")
    visit.wait(35)
    if lead.meets("hidden_price"):
        visit.track("Contact Sales Shown", plan=plan.company.plan)
        visit.wait(20)
        if lead.leaves_by("hidden_price"):
            if dice.chance(0.2):
                chat(visit, lead, "hidden_price")
            visit.close()
            lead.now_ms = visit.now_ms
            return False
    if plan.stage == PRICED:
        visit.close()
        lead.now_ms = visit.now_ms
        return False
    visit.track("Plan Selected", plan=plan.company.plan, seats=plan.company.seats)
    asks = plan.by_demo or plan.stage == DEMO
    if asks:
        _ask_for_demo(visit, lead)
    visit.close()
    lead.now_ms = visit.now_ms
    return _demo(lead) if asks else True


def _ask_for_demo(visit: Visit, lead: Lead) -> None:
    visit.page("Demo", "/demo")
    visit.track("Form Started", form="demo", fields=6)
    visit.wait(45)
    visit.track("Form Submitted", form="demo")
    visit.identify(lead.traits("opportunity"))
    visit.track("Demo Requested", plan=lead.plan.company.plan, seats=lead.plan.company.seats)


def _demo(lead: Lead) -> bool:
    """The demo is scheduled, soon or late, and held; False when they leave before or after it."""
    person, dice = lead.person, lead.dice
    slow = lead.meets("slow_demo")
    days = 6 if slow else 1
    wait = "this week" if not slow else "next week"
    person.server("Demo Scheduled", lead.now_ms + 40 * MINUTE, {"wait": wait, "wait_days": days}, system="crm")
    if slow and lead.leaves_by("slow_demo"):
        if dice.chance(0.25):
            call(person, "software", lead.now_ms + DAY, "slow_demo", lead.slots())
        return False
    if lead.plan.stage == DEMO and dice.chance(0.25):
        return False
    held = lead.now_ms + days * DAY
    about = {"duration_s": 1500 + dice.below(1800), "attendees": 1 + dice.below(4)}
    person.server("Demo Held", held, about, system="crm")
    person.trait(held + HOUR, {**lead.traits("opportunity"), "owner": f"agent{dice.below(5) + 1}"}, system="crm")
    if dice.chance(0.3):
        answer(person, "software", held + 3 * HOUR, "CSAT", 3 + dice.below(3), "praise", **lead.slots())
    lead.now_ms = held + HOUR
    return lead.plan.stage > DEMO


def chat(visit: Visit, lead: Lead, topic: str) -> None:
    """A short conversation with the support, about `topic`."""
    dice = lead.dice
    chat_id = f"chat-{lead.person.message_id()}"
    language = lead.person.place.language
    visit.track("Live Chat Conversation Started", conversation_id=chat_id)
    visit.wait(12)
    text = write("software", topic, language, dice, slots=lead.slots())
    visit.track("Live Chat Message Sent", conversation_id=chat_id, text=text, language=language)
    visit.wait(45)
    answered = write("software", "support_answer", language, dice)
    visit.track("Live Chat Message Received", conversation_id=chat_id, text=answered, language=language)
    visit.track("Live Chat Conversation Ended", conversation_id=chat_id, duration_s=60 + dice.below(500))
