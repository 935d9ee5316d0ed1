"""What the simulated shop sells.

In: nothing; the catalogue is the same in every world. Out: `Product` records and the words people search.
Never changes with the seed, so that two worlds can be compared product by product.
"""

from __future__ import annotations

from dataclasses import dataclass

from sojourn.simulate.dice import Weighted


@dataclass(frozen=True, slots=True)
class Product:
    """One thing for sale.

    Attributes:
        product_id: Its number.
        name: Its name.
        brand: An invented brand.
        category: One of the eight categories.
        price: In euro.
        weight_kg: Weight.
        path: Its page.
    """

    product_id: str
    name: str
    brand: str
    category: str
    price: float
    weight_kg: float
    path: str

    def properties(self) -> dict[str, object]:
        """What Segment's commerce events carry of a product."""
        return {
            "product_id": self.product_id, "sku": f"SIM-{self.product_id}", "name": self.name, "brand": self.brand,
            "category": self.category, "price": self.price, "currency": CURRENCY,
        }  # fmt: skip


CURRENCY = "EUR"

_KINDS: dict[str, tuple[tuple[str, float, float], ...]] = {
    "Tents": (("Dome Tent", 189.0, 3.4), ("Tunnel Tent", 349.0, 4.8), ("Bivvy Bag", 89.0, 0.9), ("Tarp", 59.0, 1.1)),
    "Sleeping": (("Down Bag", 229.0, 1.2), ("Summer Bag", 69.0, 1.0), ("Foam Mat", 24.9, 0.5), ("Air Mat", 99.0, 0.7)),
    "Backpacks": (("Daypack 22", 64.9, 0.7), ("Trek Pack 60", 179.0, 2.0), ("Child Carrier", 249.0, 2.9)),
    "Footwear": (("Hiking Boots", 149.0, 1.4), ("Trail Shoes", 119.0, 0.7), ("Sandals", 59.9, 0.5)),
    "Clothing": (("Rain Jacket", 129.0, 0.4), ("Fleece", 54.9, 0.4), ("Merino Shirt", 69.9, 0.2), ("Cap", 19.9, 0.1)),
    "Cooking": (("Gas Stove", 44.9, 0.3), ("Pot Set", 39.9, 0.8), ("Water Filter", 34.9, 0.2)),
    "Light": (("Head Torch", 29.9, 0.1), ("Camp Lantern", 34.9, 0.4)),
    "Climbing": (("Harness", 74.9, 0.5), ("Rope 60 m", 159.0, 3.8), ("Chalk Bag", 17.9, 0.1)),
}
_BRANDS = (("Norrvik", 1.25), ("Altura", 1.0), ("Pinestone", 0.85), ("Kestrel & Moor", 1.1), ("Basecamp Basics", 0.6))


def _slug(text: str) -> str:
    return "-".join("".join(letter if letter.isalnum() else " " for letter in text.lower()).split())


def _build() -> tuple[Product, ...]:
    products: list[Product] = []
    for category, kinds in _KINDS.items():
        for kind, price, weight in kinds:
            for brand, factor in _BRANDS:
                number = f"{1001 + len(products)}"
                name = f"{brand} {kind}"
                cost = round(price * factor) - 0.1
                products.append(Product(number, name, brand, category, cost, weight, f"/p/{_slug(name)}-{number}"))
    return tuple(products)


PRODUCTS = _build()
CATEGORIES = tuple(_KINDS)
BY_CATEGORY: dict[str, Weighted[Product]] = {
    category: Weighted.of(
        {
            product: 1.0 / (place + 2)  # a few products of a category get most of the views
            for place, product in enumerate(
                sorted((p for p in PRODUCTS if p.category == category), key=lambda p: int(p.product_id) * 7919 % 101)
            )
        }
    )
    for category in CATEGORIES
}
QUERIES: dict[str, tuple[str, ...]] = {
    "Tents": ("tent 2 person", "light tent", "tunnel tent", "zelt"),
    "Sleeping": ("sleeping bag", "down sleeping bag", "air mat", "schlafsack"),
    "Backpacks": ("backpack 60l", "daypack", "child carrier", "rucksack"),
    "Footwear": ("hiking boots", "trail shoes women", "sandals", "wanderschuhe"),
    "Clothing": ("rain jacket", "merino", "fleece men", "regenjacke"),
    "Cooking": ("gas stove", "pot set", "water filter", "gaskocher"),
    "Light": ("head torch", "lantern", "stirnlampe"),
    "Climbing": ("harness", "rope 60m", "chalk bag", "klettergurt"),
}
"""What people type when the search knows the word."""

UNKNOWN_QUERIES: dict[str, tuple[str, ...]] = {
    "Tents": ("camping shelter", "wurfzelt", "tente 2 places"),
    "Sleeping": ("mummy bag", "isomatte", "sac de couchage"),
    "Backpacks": ("knapsack", "kraxe", "sac a dos"),
    "Footwear": ("walking shoes", "bergschuhe", "botas de montaña"),
    "Clothing": ("waterproof coat", "mütze", "chubasquero"),
    "Cooking": ("camping cooker", "kochgeschirr", "réchaud"),
    "Light": ("headlamp", "lampe frontale", "linterna"),
    "Climbing": ("climbing belt", "kletterseil", "arnés"),
}
"""What people type when it does not, though the thing is there under another name."""
