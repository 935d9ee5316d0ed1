"""The section about orders, or about payments where the log is one of subscriptions.

In: journeys and the plan. Out: a section. Amounts of several currencies are told side by side.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sojourn.analyse.overview import overview
from sojourn.analyse.show.words import count, counted, money, percent
from sojourn.app.report.about_log import in_words
from sojourn.app.report.choose import choose_column
from sojourn.app.report.sections import Section, listed, section
from sojourn.app.report.vocabulary import PRICES, QUANTITIES, goal_meaning, words

if TYPE_CHECKING:
    from sojourn.analyse.journeys import Journeys
    from sojourn.analyse.orders import Orders
    from sojourn.app.report.plan import Plan

_PAID = re.compile(r"\b(subscri\w*|renew\w*|invoice\w*|billing|billed|charge[ds]?|plan|membership|payment\w*)\b")
_CURRENCIES_SAID = 3


def orders_section(journeys: Journeys, plan: Plan) -> Section:
    """Orders or payments, when the log names them."""
    bought = [name for name in journeys.events if (meant := goal_meaning(name)) and meant[0] == 0]
    asked = journeys.where(in_words(bought)) if bought else journeys
    named = [name.event for name in overview(asked.where("order_id is not null")).names]
    one, title = (
        ("payment", "Payments") if named and all(_PAID.search(words(name)) for name in named) else ("order", "Orders")
    )
    quantity = next(iter(choose_column(plan.columns, QUANTITIES)), None)
    price = next(iter(choose_column(plan.columns, PRICES)), None)
    by_lines = "revenue" not in plan.columns and quantity is not None and price is not None
    found = asked.orders(quantity=quantity, price=price) if by_lines else asked.orders(quantity=_own(plan, quantity))
    if not found.orders:
        return section("orders", title, f"Not answered: no event that counts as {one} has an id.")
    notes = [f"Counted: events named {' or '.join(named)} that have an order id."]
    if one == "payment":
        notes.append("The table calls each payment an order: an id of its own, counted once a person.")
    if by_lines:
        notes.append(f"An order's value is the sum of {quantity} times {price} over its lines.")
    if len(found.amounts) > 1:
        notes.append(
            "Amounts of different currencies are told apart and never added; --in and --rates of `sojourn orders` convert."
        )
    if found.taken_back:
        notes.append(
            f"{counted(found.taken_back, 'order is', 'orders are')} negative: cancellations, returns or refunds. "
            "They count as orders here, and their value is subtracted."
        )
    if found.negative_lines:
        notes.append(
            f'{count(found.negative_lines)} lines have a negative {quantity}; --where "{quantity} > 0" leaves them out.'
        )
    return section("orders", title, _headline(found, plan, one), {"orders": found}, notes)


def _headline(found: Orders, plan: Plan, one: str) -> str:
    did = "made" if one == "payment" else "placed"
    said = f"{counted(found.persons, 'person')} {did} {counted(found.orders, one)}"
    if found.amounts:
        each = [money(amount.value, amount.currency) for amount in found.amounts[:_CURRENCIES_SAID]]
        said += f", worth {listed(each)} in all"
    if not found.repeat_persons:
        return f"{said}; nobody did so twice."
    said += f"; {percent(found.repeat_share)} of them did so more than once"
    if plan.timed:
        said += f", and half of the repeated {one}s came within {counted(round(found.median_days_between), 'day')} of the one before"
    return said + "."


def _own(plan: Plan, quantity: str | None) -> str | None:
    """A quantity of the order's lines says which are taken back; beside a revenue it may be of something else."""
    return None if "revenue" in plan.columns else quantity
