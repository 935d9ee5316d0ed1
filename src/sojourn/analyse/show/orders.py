"""How orders look."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import plotly.graph_objects as go
from rich.console import Group

from sojourn.analyse.show.style import PALETTE, layout, table
from sojourn.analyse.show.words import bar, count, percent

if TYPE_CHECKING:
    from rich.console import RenderableType

    from sojourn.analyse.orders import OrderCount, Orders


def render(orders: Orders) -> RenderableType:
    """The main numbers, and persons by how many orders they have."""
    main = table("Orders", [("", "left"), ("", "right")], caption="An order id counts once a person.")
    main.show_header = False
    rows = [
        ("orders", count(orders.orders)),
        ("persons who ordered", count(orders.persons)),
        ("of these more than once", f"{count(orders.repeat_persons)} ({percent(orders.repeat_share)})"),
        ("orders a person, mean", f"{orders.orders_per_person:.2f}"),
        ("days to the next order, median", _short(orders.median_days_between)),
        ("lines an order, median", f"{orders.median_lines:.0f}"),
        ("taken back (negative)", count(orders.taken_back)),
    ]
    if not math.isnan(orders.value):
        rows += [
            ("value, all orders", count(orders.value)),
            ("value of an order, median", f"{orders.median_value:,.2f}"),
        ]
    for name, value in rows:
        main.add_row(name, value)
    each = table(
        "Persons by number of orders", [("orders", "right"), ("persons", "right"), ("share", "right"), ("", "left")]
    )
    for row in orders.counts:
        each.add_row(_label(row, orders), count(row.persons), percent(row.share), bar(row.share))
    return Group(main, each)


def figure(orders: Orders) -> go.Figure:
    """Persons by how many orders they have."""
    drawn = go.Figure()
    labels = [_label(row, orders) for row in orders.counts]
    drawn.add_bar(x=labels, y=[row.persons for row in orders.counts], marker_color=PALETTE[0])
    drawn.update_xaxes(type="category")
    return layout(drawn, "Persons by number of orders", x="orders", y="persons")


def _label(row: OrderCount, orders: Orders) -> str:
    last = row is orders.counts[-1] and sum(r.orders * r.persons for r in orders.counts) < orders.orders
    return f"{row.orders} or more" if last else str(row.orders)


def _short(days: float) -> str:
    return "–" if math.isnan(days) else f"{days:.1f}"
