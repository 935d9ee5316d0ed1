"""Becoming, being and ceasing to be a member of the simulated streaming service.

In: a viewer and a plan. Out: messages, payments. Never another viewer's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sojourn.simulate.contact import answer, call, mail, resolve, ticket
from sojourn.simulate.rhythm import DAY, HOUR, MINUTE, instant
from sojourn.simulate.streaming.catalogue import BY_GENRE, RELEASES
from sojourn.simulate.streaming.personas import EMAIL
from sojourn.simulate.streaming.plan import BEGAN, BROWSED, SUBSCRIBED, TRIAL_DAYS
from sojourn.simulate.streaming.watch import SITE, open_service, play, watch
from sojourn.simulate.texts import write
from sojourn.simulate.visit import Visit

if TYPE_CHECKING:
    from sojourn.simulate.streaming.watch import Viewer

PRICE = 9.99
CURRENCY = "EUR"
_PROMISE = 0.97
_MAIL_DAYS = 7


def come(viewer: Viewer) -> None:
    """First visit of someone who is no member, and all that follows from it."""
    plan, dice, person = viewer.plan, viewer.dice, viewer.person
    start = instant(person.post.period, plan.persona.habit, plan.first_day, person.place.offset_h, dice)
    visit = Visit(person, plan.devices[0], site=SITE, at_ms=start)
    visit.land(dice.draw(plan.persona.channels), *dice.pick((("Home", "/"), ("Free Week", "/free-week"))))
    visit.wait(9)
    if plan.stage < BROWSED:
        visit.close()
        return
    for _ in range(1 + dice.count(0.5, most=4)):
        title = dice.draw(BY_GENRE[plan.genre])
        visit.page("Title", title.path)
        visit.wait(15)
        if dice.chance(0.3):
            visit.track("Trailer Watched", asset_id=title.asset_id, watch_time_s=15 + dice.below(90))
    if dice.chance(0.35):
        visit.page("Pricing", "/plans")
        visit.wait(20)
    if dice.chance(0.1):
        found = dice.chance(0.6)
        visit.track("Products Searched", query="winter orbit" if found else "live football", results=3 if found else 0)
    if plan.stage >= BEGAN and _sign_up(viewer, visit):
        visit.close()
        _try_out(viewer, visit.now_ms)
        return
    visit.close()


def _sign_up(viewer: Viewer, visit: Visit) -> bool:
    """The sign-up form; True when the free week begins."""
    plan, dice, person = viewer.plan, viewer.dice, viewer.person
    visit.page("Sign Up", "/signup")
    visit.track("Form Started", form="sign-up", fields=4)
    visit.track("Sign Up Started", plan="standard")
    visit.wait(30)
    if dice.chance(0.12):
        visit.track("Form Error", form="sign-up", field="password", message="too short")
        visit.wait(8)
    if viewer.meets("card_required"):
        visit.track("Card Required", trial_days=TRIAL_DAYS)
        visit.wait(18)
        if viewer.leaves_by("card_required"):
            if dice.chance(0.12):
                _chat(viewer, visit, "card_required")
            return False
        visit.track("Payment Info Entered", payment_method="card")
    if plan.stage == BEGAN:
        return False
    visit.track("Form Submitted", form="sign-up")
    person.user_id = f"v{700_000 + int(person.key.rsplit('-', 1)[-1])}"
    visit.sign_in(viewer.traits(), how="Signed Up")
    visit.track("Trial Started", plan="standard", trial_days=TRIAL_DAYS)
    return True


def _try_out(viewer: Viewer, started: int) -> None:
    plan, dice, person = viewer.plan, viewer.dice, viewer.person
    visit = open_service(viewer, plan.devices[-1], started + 30 * MINUTE)
    play(viewer, visit, dice.draw(BY_GENRE[plan.genre]))
    if viewer.meets("missing_language"):
        title = dice.draw(BY_GENRE[plan.genre])
        visit.track("Subtitles Missing", content_asset_id=title.asset_id, language=person.place.language)
        visit.wait(12)
        if viewer.leaves_by("missing_language"):
            if dice.chance(0.15):
                _chat(viewer, visit, "missing_language")
            visit.close()
            return
    visit.close()
    for day in range(1, TRIAL_DAYS):
        if dice.chance(plan.persona.evenings):
            visit = open_service(viewer, plan.devices[-1], started + day * DAY + int(dice.between(-2, 2) * HOUR))
            watch(viewer, visit, go_on=plan.persona.go_on)
            visit.close()
    if plan.stage < SUBSCRIBED:
        return
    paid = {"plan": "standard", "revenue": PRICE, "currency": CURRENCY, "order_id": f"sub-{person.message_id()}"}
    person.server("Subscription Started", started + TRIAL_DAYS * DAY, paid, system="billing")
    viewer.paid += PRICE
    viewer.payments += 1


def be_member(viewer: Viewer, *, stays: bool) -> None:
    """A member's month: evenings with videos, what goes wrong, and the day the subscription renews or ends."""
    plan, dice, person = viewer.plan, viewer.dice, viewer.person
    period = person.post.period
    person.trait(period.start_ms + MINUTE, {**viewer.traits(), "stage": "customer", "age": 18 + dice.below(60),
                                            "household_size": 1 + dice.below(5)}, system="crm")  # fmt: skip
    begun = {"plan": "standard", "period_days": period.days}
    person.server("Billing Period Started", period.start_ms + 2 * MINUTE, begun, system="billing")
    renewal = period.start_ms + plan.renewal_day * DAY + 10 * HOUR
    troubles = _troubles(viewer)
    quiet_from = plan.renewal_day // 2 if dice.chance(0.15) else period.days
    shy_from = quiet_from if stays else plan.renewal_day - 5
    for day in range(period.days if stays else plan.renewal_day):
        share = plan.persona.evenings * period_weight(viewer, day) / (1 if day < shy_from else 2)
        if not dice.chance(share) and day not in (1, 4):
            continue
        _evening(viewer, day, trouble=troubles.get(day))
    _releases(viewer)
    _renew_or_cancel(viewer, renewal)


def period_weight(viewer: Viewer, day: int) -> float:
    """How much the weekday suits this viewer, at most 1."""
    return viewer.plan.persona.habit.weekdays[viewer.person.post.period.weekday(day)]


def _troubles(viewer: Viewer) -> dict[int, str]:
    """Day numbers on which a cause shows; both days have a session for everyone."""
    found = {}
    if viewer.meets("buffering"):
        found[1] = "buffering"
        viewer.leaves_by("buffering")
    if viewer.left_by is None and viewer.meets("removed_title"):
        found[4] = "removed_title"
        viewer.leaves_by("removed_title")
    return found


def _evening(viewer: Viewer, day: int, *, trouble: str | None) -> None:
    plan, dice, person = viewer.plan, viewer.dice, viewer.person
    start = instant(person.post.period, plan.persona.habit, day, person.place.offset_h, dice)
    if day == 0:
        start = max(start, person.post.period.start_ms + HOUR)
    # A shared television is one person's on even days and the other's on odd ones.
    theirs = not plan.shared or day % 2 == int(person.key[-1]) % 2
    device = plan.devices[-1] if dice.chance(0.75) and theirs else plan.devices[0]
    visit = open_service(viewer, device, start)
    if trouble == "removed_title":
        title = BY_GENRE[plan.genre].items[0]
        visit.track("Title Removed Shown", content_asset_id=title.asset_id, title=title.name)
        visit.wait(15)
    watch(viewer, visit, go_on=plan.persona.go_on, stutters=trouble == "buffering")
    if trouble is not None and viewer.left_by == trouble:
        if dice.chance(0.12):
            _chat(viewer, visit, trouble)
        if dice.chance(0.1):
            opened = visit.now_ms + HOUR
            resolve(person, opened, ticket(person, "streaming", opened, trouble, viewer.slots()), median_h=18)
    visit.close()
    if plan.shared and device is plan.devices[-1]:
        visit.sign_out()


def _releases(viewer: Viewer) -> None:
    """A mail or a push message about a new release each week; some follow it."""
    person, dice = viewer.person, viewer.dice
    period = person.post.period
    for day in range(3, period.days, _MAIL_DAYS):
        title = RELEASES[day // _MAIL_DAYS % len(RELEASES)]
        sent = period.start_ms + day * DAY + 16 * HOUR
        if viewer.plan.shared or dice.chance(0.3):
            push = {"campaign": "sim_new_release", "content_asset_id": title.asset_id}
            person.server("Push Notification Received", sent, push, system="push")
            if dice.chance(0.12):
                person.server("Push Notification Tapped", sent + 3 * MINUTE, push, system="push")
            continue
        clicked = mail(
            person, sent, f"sim_new_release_{day // _MAIL_DAYS + 1}", opened=0.35, clicked=0.2, link=title.path
        )
        if clicked is not None and clicked < period.end_ms - HOUR:
            visit = Visit(person, viewer.plan.devices[0], site=SITE, at_ms=clicked + 2_000)
            visit.land(EMAIL, "Title", title.path)
            visit.wait(12)
            visit.close()


def _renew_or_cancel(viewer: Viewer, renewal: int) -> None:
    plan, dice, person = viewer.plan, viewer.dice, viewer.person
    reminded = renewal - 3 * DAY
    person.server("Renewal Reminded", reminded, {"plan": "standard"}, system="billing")
    if viewer.left_by is None and viewer.meets("price_increase"):
        told = {"plan": "standard", "old_price": PRICE, "new_price": 13.99}
        person.server("Price Increase Announced", reminded + HOUR, told, system="billing")
        if viewer.leaves_by("price_increase") and dice.chance(0.1):
            call(person, "streaming", reminded + DAY, "price_increase", viewer.slots())
    language = person.place.language
    if viewer.left_by is None and plan.willing_to_stay:
        if dice.chance(0.04):
            person.server("Payment Failed", renewal - 20 * MINUTE, {"reason": "card expired"}, system="billing")
        person.server("Subscription Renewed", renewal, {"plan": "standard", "revenue": PRICE, "currency": CURRENCY,
                                                        "order_id": f"sub-{person.message_id()}"}, system="billing")  # fmt: skip
        viewer.paid += PRICE
        viewer.payments += 1
    else:
        text = write("streaming", viewer.left_by or "no_need", language, dice, slots=viewer.slots())
        person.server(
            "Subscription Cancelled",
            renewal + int(dice.between(2, 20) * HOUR),
            {"plan": "standard", "text": text},
            system="billing",
        )
    _opinions(viewer, renewal)


def _opinions(viewer: Viewer, at_ms: int) -> None:
    dice, person = viewer.dice, viewer.person
    happy = viewer.left_by is None and dice.chance(0.8)
    topic = "praise" if happy else viewer.left_by or "complaint"
    if dice.chance(0.15):
        answer(person, "streaming", at_ms - 3 * HOUR, "NPS", 8 + dice.below(3) if happy else dice.below(7), topic,
               **viewer.slots())  # fmt: skip
    if dice.chance(0.06):
        answer(person, "streaming", at_ms - 4 * HOUR, "CSAT", 4 + dice.below(2) if happy else 1 + dice.below(3), topic,
               **viewer.slots())  # fmt: skip
    if happy and dice.chance(0.04):
        person.server("Referral Sent", at_ms - 5 * HOUR, {"via": "link"}, system="crm")
    if dice.chance(0.04):
        post = {"network": dice.pick(("x", "reddit", "mastodon")), "reach": int(dice.lognormal(150, 1.2)),
                "text": write("streaming", topic, person.place.language, dice, slots=viewer.slots())}  # fmt: skip
        person.server("Social Mention Posted", at_ms - 6 * HOUR, post, system="social")


def _chat(viewer: Viewer, visit: Visit, topic: str) -> None:
    dice, person = viewer.dice, viewer.person
    chat_id = f"chat-{person.message_id()}"
    language = person.place.language
    visit.track("Live Chat Conversation Started", conversation_id=chat_id)
    visit.wait(12)
    text = write("streaming", topic, language, dice, slots=viewer.slots())
    visit.track("Live Chat Message Sent", conversation_id=chat_id, text=text, language=language)
    visit.wait(40)
    answered = write("streaming", "support_answer", language, dice)
    visit.track("Live Chat Message Received", conversation_id=chat_id, text=answered, language=language)
    visit.track("Live Chat Conversation Ended", conversation_id=chat_id, duration_s=60 + dice.below(400))
