"""Inside the simulated software: trials, daily use, tickets, renewals, cancellations.

In: a person and a plan. Out: messages, payments. Never the site before the trial.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sojourn.simulate.contact import answer, call, mail, resolve, ticket
from sojourn.simulate.dice import Weighted
from sojourn.simulate.rhythm import DAY, HOUR, MINUTE, instant
from sojourn.simulate.software.personas import FEATURES, INTEGRATIONS, MISSING
from sojourn.simulate.software.plan import TRIAL
from sojourn.simulate.software.prospect import chat
from sojourn.simulate.texts import write
from sojourn.simulate.visit import Visit

if TYPE_CHECKING:
    from sojourn.simulate.devices import Device
    from sojourn.simulate.people import Person
    from sojourn.simulate.software.plan import Company
    from sojourn.simulate.software.prospect import Lead

APP = "simulated-software-app.example"
TRIAL_DAYS = 7
_FEATURE = Weighted.of({feature: 1.0 / (place + 1) for place, feature in enumerate(FEATURES)})
_ASIDES = Weighted.of({"export": 0.06, "error": 0.02, "rage": 0.015, "search": 0.025, "comment": 0.02, "": 0.86})
_WORKDAYS = 5
_TICKETS = ("how_to", "bug", "invoice")


def work(visit: Visit, person: Person, *, much: float) -> None:
    """Some work in the product; `much` is how likely one more thing is done after each."""
    dice = person.dice
    for _ in range(1 + dice.count(much, most=9)):
        feature = dice.draw(_FEATURE)
        visit.page(feature.title(), f"/app/{feature.replace(' ', '-')}")
        seconds = visit.wait(60, sigma=0.8)
        visit.track("Feature Used", feature=feature, duration_s=round(seconds, 1))
    aside = dice.draw(_ASIDES)
    if aside == "export":
        visit.track("Report Exported", format=dice.pick(("csv", "pdf")))
    elif aside == "error":
        visit.track("Error Shown", code="save-failed", message="Conflict", page="Boards")
    elif aside == "rage":
        visit.track("Rage Clicked", target="button.save", clicks=3 + dice.below(5))
    elif aside == "search":
        visit.track("Products Searched", query=dice.pick(("archive", "export", "permissions")), results=dice.below(6),
                    index="help")  # fmt: skip
    elif aside == "comment":
        visit.track("Comment Posted", length=20 + dice.below(200))


def enter(lead: Lead, device: Device, at_ms: int) -> Visit:
    """A session in the product, signing in first where that is not so yet."""
    visit = Visit(lead.person, device, site=APP, at_ms=at_ms)
    visit.page("Dashboard", "/app")
    if not visit.signed_in:
        visit.sign_in(lead.traits("customer"))
    visit.wait(12)
    return visit


def try_out(lead: Lead) -> bool:
    """A trial of seven days; True when the company subscribes at its end."""
    person, plan, dice = lead.person, lead.plan, lead.dice
    person.user_id = f"w{500_000 + int(person.key.rsplit('-', 1)[-1])}"
    visit = Visit(person, plan.devices[-1], site=APP, at_ms=lead.now_ms + 3 * HOUR)
    visit.page("Sign Up", "/signup")
    visit.wait(40)
    visit.sign_in(lead.traits("trial"), how="Signed Up")
    visit.track("Account Created", account_name=plan.company.name)
    person.belong(visit.now_ms + 1, plan.company.group_id, plan.company.traits("trial"))
    visit.track("Trial Started", plan=plan.company.plan, trial_days=TRIAL_DAYS)
    started = visit.now_ms
    work(visit, person, much=0.5)
    stays = _bring_data(visit, lead)
    visit.close()
    if stays:
        stays = _connect(lead, started + DAY + 2 * HOUR)
    if not stays:
        return False
    for day in range(2, TRIAL_DAYS):
        if dice.chance(0.55):
            visit = enter(lead, plan.devices[-1], started + day * DAY + int(dice.between(-2, 2) * HOUR))
            work(visit, person, much=0.6)
            visit.close()
    mail(person, started + 5 * DAY, "sim_trial_ends", opened=0.6, clicked=0.2, link="/app/billing")
    if plan.stage == TRIAL:
        return False
    _subscribe(lead, started + TRIAL_DAYS * DAY - int(dice.between(0, 20) * HOUR))
    return True


def _bring_data(visit: Visit, lead: Lead) -> bool:
    """Data of the old tool is brought in; False when that fails and they give up."""
    dice = lead.dice
    visit.page("Import", "/app/import")
    visit.track("Data Import Started", source="csv")
    visit.wait(50)
    if not lead.meets("failed_import"):
        visit.track("Data Imported", source="csv", rows=100 + dice.below(9000))
        return True
    visit.track("Data Import Failed", source="csv", error="unexpected delimiter in line 7")
    visit.wait(40)
    if lead.leaves_by("failed_import"):
        if dice.chance(0.2):
            chat(visit, lead, "failed_import")
        if dice.chance(0.15):
            opened = visit.now_ms + HOUR
            resolve(
                lead.person, opened, ticket(lead.person, "software", opened, "failed_import", lead.slots()), median_h=20
            )
        return False
    visit.track("Data Imported", source="by hand", rows=20 + dice.below(60))
    return True


def _connect(lead: Lead, at_ms: int) -> bool:
    """An integration is looked for on the second day; False when the one they need is missing and they leave."""
    dice, plan = lead.dice, lead.plan
    visit = enter(lead, plan.devices[-1], at_ms)
    work(visit, lead.person, much=0.4)
    stays = True
    if plan.wants_integration:
        wanted = dice.pick(INTEGRATIONS)
        visit.page("Integrations", "/app/integrations")
        visit.track("Integration Searched", index="integrations")
        visit.wait(15)
        if lead.meets("missing_integration"):
            visit.track("Integration Missing", wanted=dice.pick(MISSING))
            visit.wait(20)
            stays = not lead.leaves_by("missing_integration")
            if not stays and dice.chance(0.25):
                chat(visit, lead, "missing_integration")
        if stays and (plan.stage > TRIAL or dice.chance(0.6)):
            visit.track("Integration Connected", integration=wanted)
    visit.close()
    return stays


def _subscribe(lead: Lead, at_ms: int) -> None:
    company = lead.plan.company
    visit = enter(lead, lead.plan.devices[-1], at_ms)
    visit.page("Billing", "/app/billing")
    visit.wait(50)
    visit.track("Payment Info Entered", payment_method="card")
    visit.track("Subscription Started", plan=company.plan, seats=company.seats, revenue=company.monthly_revenue,
                currency="EUR", order_id=f"inv-{lead.person.message_id()}")  # fmt: skip
    lead.paid += company.monthly_revenue
    lead.payments += 1
    lead.person.belong(visit.now_ms + 1, company.group_id, company.traits("customer"))
    if lead.dice.chance(0.4):
        visit.track("Invite Sent", invitees=1 + lead.dice.below(4))
    visit.close()


def daily_use(
    lead: Lead, person: Person, devices: tuple[Device, ...], *, until_day: int, eager: float, shy_from: int
) -> None:
    """Working days in the product.

    Args:
        lead: The deciding person, for traits.
        person: Who works, the deciding person or a colleague.
        devices: What they use, the first most.
        until_day: First day number without work.
        eager: Share of working days with a session.
        shy_from: Day number from which on they come a third as often.
    """
    dice, post = person.dice, person.post
    for day in range(until_day):
        share = eager if day < shy_from else eager / 3
        working = post.period.weekday(day) < _WORKDAYS
        if not dice.chance(share if working else share / 12):
            continue
        start = instant(post.period, lead.plan.persona.habit, day, person.place.offset_h, dice)
        device = devices[-1] if dice.chance(0.25) else devices[0]
        visit = Visit(person, device, site=APP, at_ms=start)
        visit.page("Dashboard", "/app")
        if not visit.signed_in:
            visit.sign_in(lead.traits("customer") if person is lead.person else _colleague(person, lead.plan.company))
        visit.wait(12)
        work(visit, person, much=0.55)
        visit.close()
        if lead.plan.shares_device:
            visit.sign_out()


def _colleague(person: Person, company: Company) -> dict[str, object]:
    return {"email": person.email, "first_name": person.first_name, "last_name": person.last_name,
            "company": company.name, "industry": company.industry, "stage": "customer"}  # fmt: skip


def renew_or_cancel(lead: Lead, *, ticket_day: int) -> None:
    """A customer's month: a ticket perhaps, a reminder, and the day the subscription renews or is cancelled."""
    person, plan, dice = lead.person, lead.plan, lead.dice
    post, company = person.post, plan.company
    renewal = post.period.start_ms + plan.renewal_day * DAY + 11 * HOUR
    if plan.has_ticket:
        _have_ticket(lead, post.period.start_ms + ticket_day * DAY + int((9 + 6 * dice.uniform()) * HOUR))
    reminded = renewal - 4 * DAY
    person.server("Renewal Reminded", reminded, {"plan": company.plan, "seats": company.seats}, system="billing")
    if lead.left_by is None and lead.meets("price_increase"):
        told = {"plan": company.plan, "increase_percent": 35}
        person.server("Price Increase Announced", reminded + HOUR, told, system="billing")
        if lead.leaves_by("price_increase") and dice.chance(0.3):
            call(person, "software", reminded + DAY, "price_increase", lead.slots())
    if lead.left_by is None and plan.willing_to_stay:
        renewed = {"plan": company.plan, "seats": company.seats, "revenue": company.monthly_revenue,
                   "currency": "EUR", "order_id": f"inv-{person.message_id()}"}  # fmt: skip
        if dice.chance(0.04):
            person.server("Payment Failed", renewal - 10 * MINUTE, {"reason": "card expired"}, system="billing")
        person.server("Subscription Renewed", renewal, renewed, system="billing")
        lead.paid += company.monthly_revenue
        lead.payments += 1
        if dice.chance(0.1):
            grown = {"plan": company.plan, "seats": company.seats + 2}
            person.server("Subscription Upgraded", renewal + 2 * DAY, grown, system="billing")
    else:
        reason = write("software", lead.left_by or "no_need", person.place.language, dice, slots=lead.slots())
        person.server(
            "Subscription Cancelled",
            renewal + int(dice.between(2, 20) * HOUR),
            {"plan": company.plan, "text": reason},
            system="billing",
        )
    _opinions(lead, renewal)


def _have_ticket(lead: Lead, at_ms: int) -> None:
    person, dice = lead.person, lead.dice
    topic = dice.pick(_TICKETS)
    number = ticket(person, "software", at_ms, topic, lead.slots())
    if not lead.meets("unanswered_ticket"):
        resolve(person, at_ms, number, median_h=9)
        if dice.chance(0.3):
            answer(person, "software", at_ms + 2 * DAY, "CES", 4 + dice.below(4), "praise", **lead.slots())
        return
    person.server("Ticket Overdue", at_ms + 2 * DAY, {"ticket_id": number, "open_h": 48}, system="helpdesk")
    if lead.leaves_by("unanswered_ticket") and dice.chance(0.3):
        call(person, "software", at_ms + 2 * DAY, "unanswered_ticket", lead.slots())


def _opinions(lead: Lead, at_ms: int) -> None:
    """NPS, a review, a recommendation, a post: what customers say around their renewal."""
    person, dice = lead.person, lead.dice
    happy = lead.left_by is None and dice.chance(0.75)
    topic = "praise" if happy else lead.left_by or "complaint"
    if dice.chance(0.25):
        answer(
            person,
            "software",
            at_ms - 3 * HOUR,
            "NPS",
            8 + dice.below(3) if happy else dice.below(7),
            topic,
            **lead.slots(),
        )
    if dice.chance(0.06):
        review = {"product_id": "simulated-software", "rating": 5 if happy else 2,
                  "text": write("software", topic, person.place.language, dice, slots=lead.slots())}  # fmt: skip
        person.server("Product Reviewed", at_ms - 4 * HOUR, review, system="reviews")
    if happy and dice.chance(0.07):
        person.server("Referral Sent", at_ms - 5 * HOUR, {"via": "email"}, system="crm")
    if dice.chance(0.04):
        post = {"network": "linkedin", "text": write("software", topic, person.place.language, dice, slots=lead.slots()),
                "reach": int(dice.lognormal(300, 1.0))}  # fmt: skip
        person.server("Social Mention Posted", at_ms - 6 * HOUR, post, system="social")
