"""From the cart to the order in the simulated shop, in four steps, with the causes that are planted there.

In: a visit with something in the cart. Out: its messages; whether the order was placed. Never comes back later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sojourn.simulate.dice import Weighted
from sojourn.simulate.shop.browse import chat
from sojourn.simulate.shop.catalogue import CURRENCY
from sojourn.simulate.shop.plan import ADDRESS, PAYMENT

if TYPE_CHECKING:
    from collections.abc import Callable

    from sojourn.simulate.shop.browse import Shopper
    from sojourn.simulate.visit import Visit

_STEPS = {1: "contact", 2: "address", 3: "payment", 4: "review"}
_OFFERED = ("card", "bank transfer", "invoice")
_WANTED = Weighted.of({"paypal": 0.6, "apple pay": 0.25, "klarna": 0.15})
_PAID_BY = Weighted.of({"paypal": 0.4, "card": 0.38, "invoice": 0.15, "bank transfer": 0.07})
_SHIPPING = 4.9
_HIGH_SHIPPING = 14.9
_FREE_FROM = 99.0
_FORM_FIELDS = 9
_LONG_FORM_FIELDS = 24
_FIELDS = ("phone", "date_of_birth", "state", "house_number", "company", "title", "post_code")
_COUPON = "SIMSPRING10"
_COUPON_SHARE = 0.1


def subtotal(shopper: Shopper) -> float:
    """Price of what is in the cart."""
    return round(sum(product.price * quantity for product, quantity in shopper.basket), 2)


def view_cart(visit: Visit, shopper: Shopper) -> None:
    """The cart page."""
    visit.page("Cart", "/cart", cart_id=shopper.cart_id)
    visit.track("Cart Viewed", cart_id=shopper.cart_id, products=_lines(shopper), value=subtotal(shopper),
                currency=CURRENCY)  # fmt: skip
    visit.wait(16)


def in_cart(visit: Visit, shopper: Shopper) -> tuple[bool, float]:
    """What happens in the cart: honest shipping cost, coupons; whether they go on, and the discount."""
    dice = shopper.dice
    if not (shopper.on["late_shipping_cost"] and shopper.plan.lots["late_shipping_cost"].exposed):
        visit.track("Shipping Cost Shown", cart_id=shopper.cart_id, shipping_cost=_shipping(shopper), shown_at="cart")
    if len(shopper.basket) > 1 and dice.chance(0.12):
        product, quantity = shopper.basket.pop()
        visit.track("Product Removed", **product.properties(), quantity=quantity, cart_id=shopper.cart_id)
        visit.wait(5)
    if shopper.meets("expired_coupon"):
        visit.track("Coupon Entered", cart_id=shopper.cart_id, coupon_id=_COUPON)
        visit.track("Coupon Denied", cart_id=shopper.cart_id, coupon_id=_COUPON, reason="expired")
        visit.wait(14)
        if shopper.leaves_by("expired_coupon"):
            if dice.chance(0.2):
                chat(visit, shopper, "expired_coupon", coupon=_COUPON)
            return False, 0.0
        return True, 0.0
    if dice.chance(_COUPON_SHARE):
        discount = round(subtotal(shopper) * 0.1, 2)
        visit.track("Coupon Entered", cart_id=shopper.cart_id, coupon_id=_COUPON)
        visit.track("Coupon Applied", cart_id=shopper.cart_id, coupon_id=_COUPON, discount=discount)
        return True, discount
    return True, 0.0


def check_out(visit: Visit, shopper: Shopper, discount: float) -> bool:
    """The four steps and the order; True when it was placed."""
    visit.track("Checkout Started", cart_id=shopper.cart_id, value=subtotal(shopper), currency=CURRENCY,
                products=_lines(shopper))  # fmt: skip
    visit.page("Checkout", "/checkout")
    acts: tuple[Callable[[Visit, Shopper], bool], ...] = (_contact, _address, _payment, _review)
    for step, act in enumerate(acts, start=1):
        visit.track("Checkout Step Viewed", step=step, step_name=_STEPS[step], cart_id=shopper.cart_id)
        if not act(visit, shopper):
            return False
        if shopper.plan.stops_at(step):
            visit.wait(25)
            return False
        if step < len(acts):
            visit.track("Checkout Step Completed", step=step, step_name=_STEPS[step], cart_id=shopper.cart_id)
    _order(visit, shopper, discount)
    return True


def _hesitate(visit: Visit, shopper: Shopper, median_s: float) -> None:
    """Some think for minutes before the next step."""
    visit.wait(120 if shopper.dice.chance(0.12) else median_s)


def _contact(visit: Visit, shopper: Shopper) -> bool:
    if not visit.signed_in and shopper.plan.signs_in:
        visit.sign_in(shopper.traits())
    visit.wait(14)
    if visit.signed_in or not shopper.meets("forced_account"):
        return True
    visit.track("Account Required", cart_id=shopper.cart_id)
    visit.wait(22)
    if shopper.leaves_by("forced_account"):
        if shopper.dice.chance(0.15):
            chat(visit, shopper, "forced_account")
        return False
    if shopper.person.user_id is None:
        shopper.person.user_id = f"u{100_000 + int(shopper.person.key.rsplit('-', 1)[-1])}"
        visit.sign_in(shopper.traits(), how="Signed Up")
    else:
        visit.sign_in(shopper.traits())
    return True


def _address(visit: Visit, shopper: Shopper) -> bool:
    dice = shopper.dice
    long = shopper.meets("long_form")
    fields = _LONG_FORM_FIELDS if long else _FORM_FIELDS
    visit.track("Form Started", form="address", fields=fields)
    visit.wait(95 if long else 38)
    for _ in range(2 + dice.below(2) if long else int(dice.chance(0.1))):
        visit.track("Form Error", form="address", field=dice.pick(_FIELDS), message="required")
        visit.wait(9)
    if long and shopper.leaves_by("long_form"):
        if dice.chance(0.15):
            chat(visit, shopper, "long_form", fields=fields)
        return False
    if not shopper.plan.stops_at(ADDRESS):
        visit.track("Form Submitted", form="address")
    return True


def _payment(visit: Visit, shopper: Shopper) -> bool:
    dice = shopper.dice
    _hesitate(visit, shopper, 15)
    paid_by = dice.draw(_PAID_BY)
    if shopper.meets("missing_payment_method"):
        wanted = dice.draw(_WANTED)
        paid_by = dice.pick(_OFFERED)
        visit.track("Payment Method Missing", wanted=wanted, cart_id=shopper.cart_id)
        visit.wait(18)
        if shopper.leaves_by("missing_payment_method"):
            if dice.chance(0.2):
                chat(visit, shopper, "missing_payment_method", method=wanted)
            return False
    if not shopper.plan.stops_at(PAYMENT):
        visit.track("Payment Info Entered", step=3, payment_method=paid_by, cart_id=shopper.cart_id)
    return True


def _review(visit: Visit, shopper: Shopper) -> bool:
    dice = shopper.dice
    _hesitate(visit, shopper, 12)
    if not shopper.meets("late_shipping_cost"):
        return True
    visit.track("Shipping Cost Shown", cart_id=shopper.cart_id, shipping_cost=_HIGH_SHIPPING, shown_at="last step")
    visit.wait(28)
    if not shopper.leaves_by("late_shipping_cost"):
        return True
    if dice.chance(0.2):
        chat(visit, shopper, "late_shipping_cost", cost=f"{_HIGH_SHIPPING:.2f}")
    return False


def _shipping(shopper: Shopper) -> float:
    return 0.0 if subtotal(shopper) >= _FREE_FROM else _SHIPPING


def _lines(shopper: Shopper) -> list[dict[str, object]]:
    return [
        {"product_id": product.product_id, "name": product.name, "price": product.price, "quantity": quantity}
        for product, quantity in shopper.basket
    ]


def _order(visit: Visit, shopper: Shopper, discount: float) -> None:
    dice = shopper.dice
    late = "late_shipping_cost" in shopper.met
    shipping = _HIGH_SHIPPING if late else _shipping(shopper)
    revenue = round(subtotal(shopper) - discount, 2)
    order: dict[str, object] = {
        "order_id": f"so-{shopper.person.message_id()}", "cart_id": shopper.cart_id, "total": round(revenue + shipping, 2),
        "subtotal": subtotal(shopper), "revenue": revenue, "shipping": shipping,
        "tax": round(revenue * 0.19 / 1.19, 2), "discount": discount, "currency": CURRENCY, "products": _lines(shopper),
    }  # fmt: skip
    if discount:
        order["coupon"] = _COUPON
    visit.track("Order Completed", **order)
    visit.page("Thank You", "/thank-you")
    if dice.chance(0.02):  # the page is reloaded and its tag fires again, with a message id of its own
        visit.wait(20)
        visit.track("Order Completed", **order)
    shopper.ordered.append(str(order["order_id"]))
    shopper.paid += revenue
    visit.wait(12)
