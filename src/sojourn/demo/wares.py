"""What the demo shop sells: the catalogue of the simulated shop, found by page, category and search.

In: nothing; the catalogue is that of `simulate.shop`. Out: products. Never changes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from sojourn.simulate.shop.catalogue import CATEGORIES, PRODUCTS, QUERIES, UNKNOWN_QUERIES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sojourn.simulate.shop.catalogue import Product

Sort = Literal["popular", "price", "price-down", "weight"]

BY_ID = {product.product_id: product for product in PRODUCTS}
BY_PATH = {product.path: product for product in PRODUCTS}
BY_SLUG = {category.lower(): category for category in CATEGORIES}
BRANDS = tuple(dict.fromkeys(product.brand for product in PRODUCTS))

_TOLD = {
    "Tents": "Stands in wind, packs small. Taped seams, poles of aluminium, repair kit included.",
    "Sleeping": "Warm where it counts. Tested to the season that is written on the label.",
    "Backpacks": "Sits on the hips, not on the shoulders. Rain cover in the lid.",
    "Footwear": "Grips on wet rock. Can be resoled, and we do it.",
    "Clothing": "Dries over night on a line, keeps its shape for years.",
    "Cooking": "Boils half a litre in three minutes, rinses clean in a stream.",
    "Light": "Enough light to find the path, and the battery lasts until you have.",
    "Climbing": "Made to the standard, checked by hand, numbered.",
}
_SORTS = {
    "price": lambda product: product.price,
    "price-down": lambda product: -product.price,
    "weight": lambda product: product.weight_kg,
}
_WORD = re.compile(r"\w+")


def told(product: Product) -> str:
    """What the shop says of a product."""
    return _TOLD[product.category]


def listed(category: str, *, brand: str = "", sort: str = "") -> list[Product]:
    """The products of a category, the popular first.

    Args:
        category: One of `CATEGORIES`.
        brand: Only of this brand; an unknown one is nobody's.
        sort: A `Sort`; anything else is `popular`.
    """
    found = popular([product for product in PRODUCTS if product.category == category])
    if brand:
        found = [product for product in found if product.brand == brand]
    return sorted(found, key=_SORTS[sort]) if sort in _SORTS else found


def popular(products: Sequence[Product]) -> list[Product]:
    """The products in the order in which simulated people look at them."""
    return sorted(products, key=lambda product: int(product.product_id) * 7919 % 101)


def similar(product: Product, *, most: int = 4) -> list[Product]:
    """Others of the same kind first, then of the same category."""
    kind = product.name.removeprefix(product.brand)
    others = [other for other in listed(product.category) if other is not product]
    return sorted(others, key=lambda other: other.name.removeprefix(other.brand) != kind)[:most]


def search(words: str) -> list[Product]:
    """Products whose name, brand or category holds every word.

    As in the simulated shop, some words that people use for a thing find nothing although the shop has it.
    """
    asked = words.strip().lower()
    if any(asked in queries for queries in UNKNOWN_QUERIES.values()):
        return []
    for category, queries in QUERIES.items():
        if asked in queries:
            return listed(category)
    wanted = _WORD.findall(asked)
    if not wanted:
        return []
    return popular([product for product in PRODUCTS if all(_holds(product, word) for word in wanted)])


def _holds(product: Product, word: str) -> bool:
    stem = word[:-1] if word.endswith("s") and len(word) > len("sos") else word
    return any(one.startswith(stem) for one in _WORD.findall(f"{product.name} {product.category}".lower()))
