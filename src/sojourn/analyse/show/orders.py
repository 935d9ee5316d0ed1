"""How orders look."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import plotly.graph_objects as go
from rich.console import Group
from rich.text import Text

from sojourn.analyse.show.style import PALETTE, layout, table
from sojourn.analyse.show.words import bar, count, money, percent

if TYPE_CHECKING:
    from rich.console import RenderableType

    from sojourn.analyse.orders import OrderAmount, OrderCount, OrderGroup, Orders

_PERIODS_SHOWN = 40


def render(orders: Orders) -> RenderableType:
    """The main numbers, value by currency, persons by how many orders they have, groups and trend."""
    main = table("Orders", [("", "left"), ("", "right")], caption="An order id counts once a person.")
    main.show_header = False
    rows = [
        ("orders", count(orders.orders)),
        ("persons who ordered", count(orders.persons)),
        ("of these more than once", f"{count(orders.repeat_persons)} ({percent(orders.repeat_share)})"),
        ("orders a person, mean", _short(orders.orders_per_person, 2)),
        ("days to the next order, median", _short(orders.median_days_between, 1)),
        ("events an order, median", _short(orders.median_lines, 0)),
        ("taken back (negative)", count(orders.taken_back)),
    ]
    if not math.isnan(orders.value):
        rows += [
            ("value, all orders", money(orders.value, orders.currency)),
            ("value of an order, median", money(orders.median_value, orders.currency)),
        ]
    for name, value in rows:
        main.add_row(name, value)
    shown: list[RenderableType] = [main]
    if len(orders.amounts) > 1:
        shown.append(_amounts(orders.amounts))
    each = table(
        "Persons by number of orders", [("orders", "right"), ("persons", "right"), ("share", "right"), ("", "left")]
    )
    for row in orders.counts:
        each.add_row(_label(row, orders), count(row.persons), percent(row.share), bar(row.share))
    shown.append(each)
    if orders.groups:
        shown.append(_groups("By group", "group", orders.groups))
    if orders.trend:
        shown.append(_groups("Over time", "period", orders.trend[-_PERIODS_SHOWN:]))
    return Group(*shown) if orders.orders else Group(main, Text("No event has an order id.", style="dim"))


def figure(orders: Orders) -> go.Figure:
    """Orders over time when a trend was asked, else by group, else persons by how many orders they have."""
    drawn = go.Figure()
    if orders.trend:
        labels = [group.group for group in orders.trend]
        drawn.add_scatter(x=labels, y=[group.orders for group in orders.trend], name="orders", fill="tozeroy")
        return layout(drawn, "Orders over time", y="orders")
    if orders.groups:
        drawn.add_bar(x=[group.group for group in orders.groups], y=[group.orders for group in orders.groups])
        drawn.update_xaxes(type="category")
        return layout(drawn, "Orders by group", y="orders")
    labels = [_label(row, orders) for row in orders.counts]
    drawn.add_bar(x=labels, y=[row.persons for row in orders.counts], marker_color=PALETTE[0])
    drawn.update_xaxes(type="category")
    return layout(drawn, "Persons by number of orders", x="orders", y="persons")


def _amounts(amounts: tuple[OrderAmount, ...]) -> RenderableType:
    columns = [("currency", "left"), ("orders", "right"), ("value, all orders", "right"), ("median order", "right")]
    made = table("Value by currency", columns, caption="Amounts of different currencies are not added up.")
    for amount in amounts:
        made.add_row(amount.currency, count(amount.orders), money(amount.value), money(amount.median_value))
    return made


def _groups(title: str, named: str, groups: tuple[OrderGroup, ...]) -> RenderableType:
    columns = [(named, "left"), ("orders", "right"), ("persons", "right"), ("more than once", "right")]
    currencies = list(dict.fromkeys(amount.currency for group in groups for amount in group.amounts))
    columns += [(f"value {currency}".strip(), "right") for currency in currencies]
    made = table(title, [*columns, ("", "left")], caption="More than once: persons with several orders in the row.")
    most = max(group.orders for group in groups) or 1
    for group in groups:
        worth = {amount.currency: money(amount.value) for amount in group.amounts}
        made.add_row(
            group.group,
            count(group.orders),
            count(group.persons),
            percent(group.repeat_share),
            *(worth.get(currency, "–") for currency in currencies),
            bar(group.orders / most, 12),
        )
    return made


def _label(row: OrderCount, orders: Orders) -> str:
    last = row is orders.counts[-1] and sum(r.orders * r.persons for r in orders.counts) < orders.orders
    return f"{row.orders} or more" if last else str(row.orders)


def _short(number: float, digits: int) -> str:
    return "–" if math.isnan(number) else f"{number:.{digits}f}"
