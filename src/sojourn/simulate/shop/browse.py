"""Looking around in the simulated shop: landing, categories, search, products, wish list, comparison, cart.

In: a visit and a plan. Out: the visit's messages; whether the shopper goes on. Never goes past the cart.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sojourn.simulate.dice import Weighted
from sojourn.simulate.shop.catalogue import BY_CATEGORY, CATEGORIES, QUERIES, UNKNOWN_QUERIES
from sojourn.simulate.texts import write

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sojourn.simulate.channels import Channel
    from sojourn.simulate.dice import Dice
    from sojourn.simulate.people import Person
    from sojourn.simulate.shop.catalogue import Product
    from sojourn.simulate.shop.plan import Plan
    from sojourn.simulate.visit import Visit

_LANDINGS = Weighted.of({"home": 0.35, "category": 0.35, "product": 0.22, "guide": 0.08})
_ASIDES = Weighted.of(
    {"prices": 0.09, "guide": 0.04, "newsletter": 0.03, "video": 0.03, "careers": 0.02, "dead click": 0.015, "": 0.775}
)
_AFTER_PRODUCT = Weighted.of({"wish": 0.05, "reviews": 0.03, "share": 0.01, "": 0.91})
_FILTERS = ("price", "brand", "size", "colour", "rating")


@dataclass(slots=True)
class Shopper:
    """One shopper on their way.

    Attributes:
        person: Identifiers and messages.
        plan: Their fate.
        on: The switches of the causes.
        met: Causes that showed so far.
        left_by: The cause they left by.
        cart_id: Identifier of their cart.
        basket: What is in it.
        wished: What is on their wish list.
        ordered: Identifiers of their orders.
        paid: Sum of their orders.
    """

    person: Person
    plan: Plan
    on: Mapping[str, bool]
    met: list[str] = field(default_factory=list)
    left_by: str | None = None
    cart_id: str = ""
    basket: list[tuple[Product, int]] = field(default_factory=list)
    wished: list[Product] = field(default_factory=list)
    ordered: list[str] = field(default_factory=list)
    paid: float = 0.0

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

    def product(self) -> Product:
        """Something to look at, mostly of the category they are after."""
        category = self.plan.category if self.dice.chance(0.8) else self.dice.pick(CATEGORIES)
        return self.dice.draw(BY_CATEGORY[category])

    def traits(self) -> dict[str, object]:
        """What the shop knows of an account."""
        known = self.person
        dice = self.dice
        persona = self.plan.persona
        traits: dict[str, object] = {
            "email": known.email, "first_name": known.first_name, "last_name": known.last_name,
            "country": known.place.country, "favourite_category": self.plan.category,
            "communication_preference": "email" if self.plan.newsletter else "none",
        }  # fmt: skip
        if self.plan.card is not None:
            traits["loyalty_card"] = self.plan.card
        if dice.chance(0.6):
            traits["interests"] = list(persona.interests)
            traits["shops_for"] = persona.attitude
        return traits


def look_and_go(visit: Visit, channel: Channel, shopper: Shopper) -> None:
    """A visit of one page."""
    _land(visit, channel, shopper)
    visit.wait(7, most_s=60)
    visit.close()


def look_around(visit: Visit, channel: Channel, shopper: Shopper, *, products: bool) -> None:
    """A visit without intention: categories, now and then a promotion; products only when allowed."""
    dice = shopper.dice
    _land(visit, channel, shopper, products=products)
    visit.wait(9)
    if dice.chance(0.25):
        visit.track("Promotion Viewed", promotion_id="sim_spring", name="Simulated spring sale", position="hero")
        if dice.chance(0.3):
            visit.track("Promotion Clicked", promotion_id="sim_spring", name="Simulated spring sale", position="hero")
            visit.wait(3)
    for _ in range(1 + dice.count(0.6, most=5)):
        see_category(visit, shopper)
    if products:
        for _ in range(1 + dice.count(0.62, most=6)):
            see_product(visit, shopper, shopper.product())
    see_extras(visit, shopper)
    visit.close()


def see_category(visit: Visit, shopper: Shopper) -> None:
    """A list of products, sometimes filtered."""
    dice = shopper.dice
    category = shopper.plan.category if dice.chance(0.7) else dice.pick(CATEGORIES)
    visit.page("Category", f"/c/{category.lower()}")
    visit.track("Product List Viewed", list_id=category.lower(), category=category, results=18 + dice.below(20))
    visit.wait(14)
    if dice.chance(0.2):
        visit.track("Product List Filtered", list_id=category.lower(), filter=dice.pick(_FILTERS))
        visit.wait(8)


def see_extras(visit: Visit, shopper: Shopper) -> None:
    """Pages beside the shop: prices and delivery, the buying guide, the newsletter, a video."""
    dice = shopper.dice
    aside = dice.draw(_ASIDES)
    if aside == "prices":
        visit.page("Pricing", "/prices-and-delivery")
        visit.wait(25)
    elif aside == "guide":
        visit.page("Buying Guide", f"/guide/{shopper.plan.category.lower()}")
        visit.wait(30)
        visit.track("Whitepaper Downloaded", title=f"Buying guide {shopper.plan.category}", format="pdf")
    elif aside == "newsletter":
        _subscribe(visit, shopper)
    elif aside == "video":
        _watch(visit, shopper)
    elif aside == "careers":
        visit.page("Careers", "/careers")
        visit.wait(20)
    elif aside == "dead click":
        visit.track("Dead Clicked", target="img.banner")
        visit.wait(4)


def _subscribe(visit: Visit, shopper: Shopper) -> None:
    visit.track("Form Started", form="newsletter", fields=1)
    visit.wait(9)
    if shopper.dice.chance(0.6):
        visit.track("Form Submitted", form="newsletter")
        visit.identify({"email": shopper.person.email, "communication_preference": "email"})
        visit.track("Newsletter Subscribed", topics=[shopper.plan.category])


def _watch(visit: Visit, shopper: Shopper) -> None:
    dice = shopper.dice
    video = {"content_asset_id": f"sim-video-{shopper.plan.category.lower()}", "total_length": 95}
    visit.track("Video Playback Started", **video, position=0)
    visit.wait(45, most_s=95)
    if dice.chance(0.55):
        visit.track("Video Playback Completed", **video, position=95)
    else:
        visit.track("Video Playback Paused", **video, position=10 + dice.below(70))


def search(visit: Visit, shopper: Shopper) -> bool:
    """One search, and a second where the first found nothing; False when they leave over it."""
    dice = shopper.dice
    if shopper.meets("empty_search"):
        query = dice.pick(UNKNOWN_QUERIES[shopper.plan.category])
        _results(visit, query, 0)
        if shopper.leaves_by("empty_search"):
            visit.wait(12)
            if dice.chance(0.15):
                chat(visit, shopper, "empty_search", query=query)
            return False
        visit.wait(9)
    _results(visit, dice.pick(QUERIES[shopper.plan.category]), 6 + dice.below(30))
    visit.wait(13)
    return True


def _results(visit: Visit, query: str, results: int) -> None:
    visit.track("Products Searched", query=query, results=results)
    visit.page("Search Results", "/search", search=f"?q={query.replace(' ', '+')}", query=query, results=results)


def see_product(visit: Visit, shopper: Shopper, product: Product, *, deep: bool = False, listed: bool = False) -> None:
    """A product page, chosen from a list when `listed`; some compare, share, or put it on the wish list."""
    dice = shopper.dice
    if listed:
        visit.track("Product Clicked", **product.properties(), position=1 + dice.below(12))
    visit.page("Product", product.path, product_id=product.product_id)
    visit.track("Product Viewed", **product.properties(), position=1 + dice.below(12))
    visit.wait(24 if deep else 16, sigma=0.9)
    then = dice.draw(_AFTER_PRODUCT)
    if then == "wish":
        visit.track("Product Added to Wishlist", **product.properties(), wishlist_id=f"w-{shopper.person.message_id()}")
        shopper.wished.append(product)
    elif then == "reviews":
        visit.track("Reviews Read", product_id=product.product_id, reviews=1 + dice.below(8))
        visit.wait(20)
    elif then == "share":
        visit.track("Product Shared", **product.properties(), share_via=dice.pick(("whatsapp", "email", "copy link")))
    if shopper.plan.intent == "compare" and dice.chance(0.35):
        other = shopper.product()
        visit.track("Products Compared", product_id=product.product_id, with_id=other.product_id,
                    price_difference=round(other.price - product.price, 2))  # fmt: skip
        visit.wait(15)


def choose(visit: Visit, shopper: Shopper) -> bool:
    """Look for the right thing and put it into the cart; False when they leave before it is in."""
    dice = shopper.dice
    before = dice.count(0.55, most=4)
    for place in range(before):
        see_product(visit, shopper, shopper.product(), deep=True, listed=place == 0)
    product = shopper.wished[-1] if shopper.wished and dice.chance(0.5) else shopper.product()
    see_product(visit, shopper, product, deep=True, listed=before == 0)
    visit.track("Add to Cart Clicked", product_id=product.product_id)
    if shopper.meets("broken_button") and _press_in_vain(visit, shopper, product):
        return False
    put_into_cart(visit, shopper, product)
    for _ in range(dice.count(0.25, most=3)):
        more = shopper.product()
        see_product(visit, shopper, more)
        visit.track("Add to Cart Clicked", product_id=more.product_id)
        put_into_cart(visit, shopper, more)
    return True


def _press_in_vain(visit: Visit, shopper: Shopper, product: Product) -> bool:
    """The button does nothing; whether they leave over it. Those who stay find that reloading helps."""
    dice = shopper.dice
    visit.track("Error Shown", code="add-to-cart-failed", message="TypeError: cart is undefined", page="Product")
    for _ in range(3 + dice.below(4)):
        visit.track("Add to Cart Clicked", product_id=product.product_id)
    visit.track("Rage Clicked", target="button.add-to-cart", clicks=4 + dice.below(4))
    visit.wait(8)
    if not shopper.leaves_by("broken_button"):
        visit.page("Product", product.path, product_id=product.product_id)
        visit.wait(5)
        visit.track("Add to Cart Clicked", product_id=product.product_id)
        return False
    if dice.chance(0.15):
        chat(visit, shopper, "broken_button", product=product.name)
    return True


def put_into_cart(visit: Visit, shopper: Shopper, product: Product) -> None:
    """The product is in the cart."""
    dice = shopper.dice
    quantity = 1 + dice.count(0.12, most=3)
    shopper.cart_id = shopper.cart_id or f"cart-{shopper.person.message_id()}"
    shopper.basket.append((product, quantity))
    visit.track("Product Added", **product.properties(), quantity=quantity, cart_id=shopper.cart_id)
    if product in shopper.wished:
        visit.track("Wishlist Product Added to Cart", **product.properties(), cart_id=shopper.cart_id)
    visit.wait(8)


def chat(visit: Visit, shopper: Shopper, topic: str, **slots: object) -> None:
    """A short conversation with the shop's support."""
    dice = shopper.dice
    chat_id = f"chat-{shopper.person.message_id()}"
    language = shopper.person.place.language
    visit.track("Live Chat Conversation Started", conversation_id=chat_id)
    visit.wait(15)
    text = write("shop", topic, language, dice, slots=slots)
    visit.track("Live Chat Message Sent", conversation_id=chat_id, text=text, language=language)
    visit.wait(40)
    answer = write("shop", "support_answer", language, dice)
    visit.track("Live Chat Message Received", conversation_id=chat_id, text=answer, language=language)
    visit.wait(20)
    visit.track("Live Chat Conversation Ended", conversation_id=chat_id, duration_s=60 + dice.below(400))


def _land(visit: Visit, channel: Channel, shopper: Shopper, *, products: bool = False) -> None:
    dice = shopper.dice
    where = dice.draw(_LANDINGS)
    if where == "product" and products:
        product = shopper.product()
        visit.land(channel, "Product", product.path, product_id=product.product_id)
        visit.track("Product Viewed", **product.properties(), position=1)
    elif where in {"category", "product"}:
        visit.land(channel, "Category", f"/c/{shopper.plan.category.lower()}")
    elif where == "guide":
        visit.land(channel, "Blog Article", f"/blog/how-to-choose-{shopper.plan.category.lower()}")
    else:
        visit.land(channel, "Home", "/")
