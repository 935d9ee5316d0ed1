"""Looking around in the demo shop: home, categories, products, search, and the pages beside them.

In: requests. Out: pages that send the events of the simulated shop. Never past the cart.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse, Response

from sojourn.demo.guide import guide_pdf
from sojourn.demo.wares import BY_ID, BY_PATH, BY_SLUG, listed, popular, search, similar, told
from sojourn.simulate.shop.catalogue import PRODUCTS

if TYPE_CHECKING:
    from sojourn.demo.counter import Asked

_MOST_REVIEWS = 20
_STARS = 5


async def home(asked: Asked) -> Response:
    """The first page."""
    promotion = {"promotion_id": "sim_spring", "name": "Simulated spring sale", "position": "hero"}
    return asked.page(
        "home.html",
        "Home",
        ["track", "Promotion Viewed", promotion],
        favourites=popular(PRODUCTS)[:8],
        promotion=promotion,
    )


async def category(asked: Asked) -> Response:
    """A list of products, narrowed and sorted by its form."""
    slug = asked.request.path_params["slug"]
    if slug not in BY_SLUG:
        return asked.nowhere("There is no such category.")
    query = asked.request.query_params
    brand, sort = query.get("brand", ""), query.get("sort", "")
    products = listed(BY_SLUG[slug], brand=brand, sort=sort)
    calls: list[list[object]] = [
        ["track", "Product List Viewed", {"list_id": slug, "category": BY_SLUG[slug], "results": len(products)}]
    ]
    if brand or sort:
        by = "brand" if brand else "price" if sort.startswith("price") else sort
        calls.append(["track", "Product List Filtered", {"list_id": slug, "filter": by[:40]}])
    return asked.page(
        "category.html", "Category", *calls, category=BY_SLUG[slug], products=products, brand=brand, sort=sort
    )


async def product(asked: Asked) -> Response:
    """One product."""
    found = BY_PATH.get(asked.request.url.path)
    if found is None:
        return asked.nowhere("There is no such product.")
    return asked.page(
        "product.html",
        "Product",
        ["page", "Product", {"product_id": found.product_id}],
        ["track", "Product Viewed", found.properties()],
        product=found,
        told_of=told(found),
        similar=similar(found),
        reviews=asked.counter.reviews.get(found.product_id, []),
    )


async def found(asked: Asked) -> Response:
    """What a search finds; the tracker itself sends the search, with the number of results the page names."""
    words = asked.request.query_params.get("q", "")[:200].strip()
    products = search(words)
    view: list[object] = ["page", "Search Results", {"query": words, "results": len(products)}]
    return asked.page("search.html", "Search Results", view, words=words, products=products)


async def prices(asked: Asked) -> Response:
    """Prices and delivery; it does not say what delivery costs, which is the point."""
    return asked.page("prices.html", "Pricing")


async def guide(asked: Asked) -> Response:
    """The page of a buying guide."""
    slug = asked.request.path_params["slug"]
    if slug not in BY_SLUG:
        return asked.nowhere("There is no such guide.")
    return asked.page("guide.html", "Buying Guide", category=BY_SLUG[slug], products=listed(BY_SLUG[slug])[:3])


async def guide_file(asked: Asked) -> Response:
    """The buying guide as a file."""
    slug = asked.request.path_params["slug"]
    if slug not in BY_SLUG:
        return asked.nowhere("There is no such guide.")
    return Response(guide_pdf(BY_SLUG[slug]), media_type="application/pdf")


async def article(asked: Asked) -> Response:
    """Addresses of the simulated shop's blog lead to the guides."""
    return RedirectResponse(f"/guide/{re.sub('[^a-z]', '', asked.request.path_params['slug'])}", 302)


async def review(asked: Asked) -> Response:
    """A review is shown to everybody, as text."""
    product = BY_ID.get(asked.form.get("product_id", ""))
    stars = asked.form.get("rating", "")
    text = asked.form.get("text", "")
    if product is None:
        return asked.nowhere("There is no such product.")
    if stars.isdecimal() and 1 <= int(stars) <= _STARS and text:
        kept = asked.counter.reviews.setdefault(product.product_id, [])
        kept.insert(0, (int(stars), asked.form.get("name", "")[:60] or "Somebody", text))
        del kept[_MOST_REVIEWS:]
        asked.visit.track("Product Reviewed", product_id=product.product_id, rating=int(stars), text=text)
    return asked.back_to(product.path + "#reviews")


async def wish(asked: Asked) -> Response:
    """A product for later."""
    product = BY_ID.get(asked.form.get("product_id", ""))
    if product is None:
        return asked.nowhere("There is no such product.")
    asked.visit.track("Product Added to Wishlist", **product.properties())
    return asked.back_to(product.path)
