"""From the cart to the order in the demo shop, in four steps.

In: requests. Out: pages that send what the simulated shop's do, the late shipping cost among it. Never takes money, or a card.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sojourn.demo.account import is_address
from sojourn.demo.visits import COUPONS, EXPIRED, LATE_SHIPPING, MOST_QUANTITY, place
from sojourn.demo.wares import BY_ID
from sojourn.simulate.shop.catalogue import CURRENCY

if TYPE_CHECKING:
    from starlette.responses import Response

    from sojourn.demo.counter import Asked

STEPS = ("contact", "address", "payment", "review")
"""The steps of the checkout as the simulated shop calls them; the way of delivery is chosen on the second."""
PAYMENTS = ("card", "bank transfer", "invoice")
MISSING = ("PayPal", "Apple Pay", "Klarna")
FIELDS = {
    "contact": ("email",),
    "address": ("first_name", "last_name", "street", "post_code", "city", "country", "delivery"),
    "payment": ("payment_method",),
    "review": (),
}
"""What each step must know before the next."""
DELIVERIES = {"home": "To your door", "pickup": "To a parcel shop"}


async def put(asked: Asked) -> Response:
    """Something goes into the cart."""
    product = BY_ID.get(asked.form.get("product_id", ""))
    if product is None:
        return asked.nowhere("There is no such product.")
    quantity = _quantity(asked.form.get("quantity", "1")) or 1
    if asked.visit.put(product, quantity):
        asked.visit.track("Product Added", **product.properties(), quantity=quantity, cart_id=asked.visit.cart_id)
    return asked.back_to("/cart")


async def change(asked: Asked) -> Response:
    """A line of the cart gets another quantity; 0 takes it out."""
    product = BY_ID.get(asked.form.get("product_id", ""))
    visit = asked.visit
    if product is not None and product.product_id in visit.lines:
        before, quantity = visit.lines[product.product_id], _quantity(asked.form.get("quantity", "0"))
        if quantity:
            visit.lines[product.product_id] = quantity
        else:
            del visit.lines[product.product_id]
        if quantity != before:
            event = "Product Removed" if quantity < before else "Product Added"
            visit.track(event, **product.properties(), quantity=abs(quantity - before), cart_id=visit.cart_id)
    return asked.back_to("/cart")


async def coupon(asked: Asked) -> Response:
    """A coupon is taken, or refused as the simulated shop refuses its own."""
    code = asked.form.get("coupon", "").upper()[:40]
    visit = asked.visit
    if code:
        about = {"cart_id": visit.cart_id, "coupon_id": code}
        visit.track("Coupon Entered", **about)
        if code in COUPONS:
            visit.coupon = code
            visit.track("Coupon Applied", **about, discount=asked.basket.discount)
            return asked.back_to("/cart")
        reason = "expired" if code == EXPIRED else "unknown"
        visit.track("Coupon Denied", **about, reason=reason)
        return asked.back_to(f"/cart?coupon={reason}")
    return asked.back_to("/cart")


async def cart(asked: Asked) -> Response:
    """What is in the cart. What delivery costs is not said here, which is the point."""
    filled = asked.basket
    denied = asked.request.query_params.get("coupon", "")
    if not filled.lines:
        return asked.page("cart.html", "Cart", basket=filled, denied="")
    about = {"cart_id": asked.visit.cart_id}
    viewed = {**about, "products": filled.products(), "value": filled.subtotal, "currency": CURRENCY}
    calls: tuple[list[object], ...] = (["page", "Cart", about], ["track", "Cart Viewed", viewed])
    return asked.page("cart.html", "Cart", *calls, basket=filled, denied=denied)


async def checkout(asked: Asked) -> Response:
    """The step of the checkout that is asked for, as far as it is open."""
    visit, filled = asked.visit, asked.basket
    if not filled.lines:
        return asked.back_to("/cart")
    about = {"cart_id": visit.cart_id}
    if visit.step == 0:
        visit.step = 1
        started = {**about, "value": filled.subtotal, "currency": CURRENCY, "products": filled.products()}
        visit.tell("track", "Checkout Started", started)
    wanted = asked.request.query_params.get("step", STEPS[visit.step - 1])
    name = wanted if wanted in STEPS[: visit.step] else STEPS[visit.step - 1]
    number = STEPS.index(name) + 1
    calls: list[list[object]] = [["track", "Checkout Step Viewed", {"step": number, "step_name": name, **about}]]
    if name == "review":
        shipping = {**about, "shipping_cost": LATE_SHIPPING, "shown_at": "last step"}
        calls.append(["track", "Shipping Cost Shown", shipping])
    return asked.page(
        "checkout.html", "Checkout", *calls, steps=STEPS, step=name, number=number, basket=filled, shipping=LATE_SHIPPING,
        payments=PAYMENTS, missing=MISSING, deliveries=DELIVERIES, answers=visit.answers,
        problem=asked.request.query_params.get("problem", ""),
    )  # fmt: skip


async def answer(asked: Asked) -> Response:
    """One step is answered."""
    visit, step = asked.visit, asked.request.path_params["step"]
    if step not in STEPS[: visit.step] or not asked.basket.lines:
        return asked.back_to("/checkout")
    if step == "review":
        return await _order(asked)
    visit.answers |= {name: asked.form.get(name, "")[:200] for name in FIELDS[step]}
    problem = _problem(step, visit.answers)
    if problem:
        return asked.back_to(f"/checkout?step={step}&problem={problem}")
    number = STEPS.index(step) + 1
    about = {"step": number, "step_name": step, "cart_id": visit.cart_id}
    if step == "contact" and not visit.user_id:
        visit.tell("identify", {"email": visit.answers["email"]})
    if step == "payment":
        paid_by = {"payment_method": visit.answers["payment_method"], "cart_id": visit.cart_id}
        visit.tell("track", "Payment Info Entered", {"step": number, **paid_by})
    visit.track("Checkout Step Completed", **about)
    visit.step = max(visit.step, number + 1)
    return asked.back_to(f"/checkout?step={STEPS[number]}")


async def missing(asked: Asked) -> Response:
    """The way of paying that somebody wants is not offered."""
    wanted = asked.form.get("wanted", "")
    if wanted in MISSING:
        asked.visit.track("Payment Method Missing", wanted=wanted.lower(), cart_id=asked.visit.cart_id)
    return asked.back_to("/checkout?step=payment&problem=missing")


async def thanks(asked: Asked) -> Response:
    """After the order."""
    if asked.visit.order is None:
        return asked.back_to("/")
    return asked.page("thanks.html", "Thank You", order=asked.visit.order, answers=asked.visit.answers)


async def _order(asked: Asked) -> Response:
    """The order is placed: its page sends it, and so does the server, as one event."""
    visit = asked.visit
    order = place(visit, asked.basket)
    # Both messages have one id within one source, so the collector keeps the first that comes.
    visit.tell("track", "Order Completed", order.properties, {"messageId": f"order-{order.order_id}"})
    await asked.counter.orders.send(
        order,
        user_id=visit.user_id,
        anonymous_id=asked.form.get("anonymous_id", "")[:100],
        consent=asked.form.get("consent", ""),
    )
    return asked.back_to("/thank-you")


def _problem(step: str, answers: dict[str, str]) -> str:
    """What is wrong with the answers of a step; empty when nothing is."""
    if any(not answers.get(name) for name in FIELDS[step]):
        return "required"
    if step == "contact" and not is_address(answers["email"]):
        return "email"
    if step == "address" and answers["delivery"] not in DELIVERIES:
        return "required"
    if step == "payment" and answers["payment_method"] not in PAYMENTS:
        return "required"
    return ""


def _quantity(text: str) -> int:
    return min(int(text), MOST_QUANTITY) if text.isdecimal() and text.isascii() and len(text) < len("1000") else 0
