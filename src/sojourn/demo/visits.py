"""Who is in the demo shop: carts, accounts and what a page has still to tell the tracker, in memory.

In: the name in a visitor's cookie. Out: a `Visit`. Never kept on disk, never more than `_MOST` of them: the oldest go.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sojourn.simulate.shop.catalogue import CURRENCY

if TYPE_CHECKING:
    from sojourn.simulate.shop.catalogue import Product

Call = list[object]
"""A call of the tracker: its name and its arguments."""

LATE_SHIPPING = 14.9
COUPONS = {"TRAIL10": 0.1}
EXPIRED = "SIMSPRING10"
MOST_QUANTITY = 9
_MOST = 1_000
_MOST_LINES = 30
_MOST_CALLS = 20
_TAX = 0.19


@dataclass(slots=True)
class Order:
    """An order that was placed.

    Attributes:
        order_id: Its number.
        properties: What `Order Completed` says of it.
    """

    order_id: str
    properties: dict[str, object]


@dataclass(slots=True)
class Visit:
    """What the shop remembers of one browser.

    Attributes:
        lines: How many of each product are in the cart.
        cart_id: Of the cart; empty while nothing was ever in it.
        coupon: The one that was taken.
        answers: What was said at the checkout, by field.
        step: The furthest step of the checkout that is open, from 1; 0 before it began.
        user_id: Of the account that is signed in; empty when none is.
        email: Of the account.
        chat: What was said in the chat box: who said it, and what.
        chat_id: Of the conversation; empty before it.
        order: The latest.
        waiting: Calls that the next page makes.
    """

    lines: dict[str, int] = field(default_factory=dict)
    cart_id: str = ""
    coupon: str = ""
    answers: dict[str, str] = field(default_factory=dict)
    step: int = 0
    user_id: str = ""
    email: str = ""
    chat: list[tuple[str, str]] = field(default_factory=list)
    chat_id: str = ""
    order: Order | None = None
    waiting: list[Call] = field(default_factory=list)

    def tell(self, *call: object) -> None:
        """Have the next page make a call of the tracker."""
        if len(self.waiting) < _MOST_CALLS:
            self.waiting.append(list(call))

    def track(self, event: str, **properties: object) -> None:
        """Have the next page send an event."""
        self.tell("track", event, properties)

    def put(self, product: Product, quantity: int) -> bool:
        """Put some of a product into the cart; False when it is full."""
        if product.product_id not in self.lines and len(self.lines) >= _MOST_LINES:
            return False
        self.cart_id = self.cart_id or f"cart-live-{secrets.token_hex(6)}"
        self.lines[product.product_id] = min(self.lines.get(product.product_id, 0) + quantity, MOST_QUANTITY)
        return True

    def empty(self) -> None:
        """Begin a new cart."""
        self.lines, self.cart_id, self.coupon, self.step = {}, "", "", 0


@dataclass(frozen=True, slots=True)
class Basket:
    """A cart with prices.

    Attributes:
        lines: Product, quantity, and what they cost together.
        subtotal: What all cost.
        discount: What the coupon takes off.
    """

    lines: list[tuple[Product, int, float]]
    subtotal: float
    discount: float

    @property
    def pieces(self) -> int:
        """How many things are in it."""
        return sum(quantity for _, quantity, _ in self.lines)

    @property
    def revenue(self) -> float:
        """What the things bring."""
        return round(self.subtotal - self.discount, 2)

    def products(self) -> list[dict[str, object]]:
        """Its lines, as Segment's commerce events carry them."""
        return [
            {"product_id": product.product_id, "name": product.name, "price": product.price, "quantity": quantity}
            for product, quantity, _ in self.lines
        ]


def basket(visit: Visit, products: dict[str, Product]) -> Basket:
    """The cart of a visit, priced."""
    lines = [
        (products[number], quantity, round(products[number].price * quantity, 2))
        for number, quantity in visit.lines.items()
    ]
    subtotal = round(sum(cost for _, _, cost in lines), 2)
    return Basket(lines, subtotal, round(subtotal * COUPONS.get(visit.coupon, 0.0), 2))


def place(visit: Visit, filled: Basket) -> Order:
    """Make an order of the cart, and begin a new one.

    Args:
        visit: Whose cart.
        filled: The same cart with prices; not empty.
    """
    order_id = f"so-live-{secrets.token_hex(6)}"
    properties: dict[str, object] = {
        "order_id": order_id, "cart_id": visit.cart_id, "total": round(filled.revenue + LATE_SHIPPING, 2),
        "subtotal": filled.subtotal, "revenue": filled.revenue, "shipping": LATE_SHIPPING,
        "tax": round(filled.revenue * _TAX / (1 + _TAX), 2), "discount": filled.discount, "currency": CURRENCY,
        "products": filled.products(),
    }  # fmt: skip
    if visit.coupon:
        properties["coupon"] = visit.coupon
    visit.order = Order(order_id, properties)
    visit.empty()
    return visit.order


class Visits:
    """The browsers that are known."""

    def __init__(self) -> None:
        """Begin with none."""
        self._known: OrderedDict[str, Visit] = OrderedDict()

    def find(self, name: str | None) -> Visit | None:
        """The visit of a cookie; None when it is not known (any more)."""
        found = self._known.get(name or "")
        if found is not None and name is not None:
            self._known.move_to_end(name)
        return found

    def begin(self) -> tuple[str, Visit]:
        """A new one, and the name for its cookie, which nobody can guess."""
        name = secrets.token_urlsafe(18)
        visit = self._known[name] = Visit()
        while len(self._known) > _MOST:
            self._known.popitem(last=False)
        return name, visit
