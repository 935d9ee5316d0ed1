"""Small made-up shops for tests of `compare`: one where nothing separates anyone, one with a planted cause.

A shop is rows as `logs.log` takes them. Everyone browses in visits, events a few tens of seconds apart; the time of
a `cart` is where a step begins. Whether somebody buys is decided by the test, not by what they did.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.analyse.logs import Row

PAGES = ("home", "list", "product", "search", "help", "reviews", "wishlist")
_SHARES = (0.2, 0.25, 0.3, 0.12, 0.04, 0.06, 0.03)
_CITIES = ("Berlin", "Hamburg", "Köln", "Leipzig")


def visits(rng: np.random.Generator, person: str, *, before: int, after: int, labels: dict[str, str]) -> list[Row]:
    """One person's browsing around one cart, `before` and `after` in events."""
    base = {"device": str(rng.choice(["mobile", "desktop"], p=[0.6, 0.4])), "city": str(rng.choice(_CITIES)), **labels}
    at = int(rng.integers(0, 20 * 86_400))
    rows: list[Row] = []
    for place in range(before + 1 + after):
        # Now and then a visit ends and another begins hours later; not around the cart, so that its visit is one.
        away = abs(place - before) > 4 and rng.random() < 0.1
        at += int(rng.integers(7_200, 40_000)) if away else int(rng.exponential(25)) + 1
        event = "cart" if place == before else str(rng.choice(PAGES, p=_SHARES))
        properties: dict[str, Any] = dict(base)
        if event == "product":
            properties |= {"price": float(np.round(rng.lognormal(3, 0.8), 2)), "stars": int(rng.integers(1, 6))}
        if event == "cart":
            properties |= {"items": int(rng.geometric(0.5)), "value": float(np.round(rng.lognormal(4, 0.6), 2))}
        rows.append((person, at, event, properties))
    return rows


def shop(persons: int, *, seed: int, labels: int = 0) -> list[Row]:
    """Persons who all come to the cart once; with `labels` random letters each, the same on all their events."""
    rng = np.random.default_rng(seed)
    rows: list[Row] = []
    for number in range(persons):
        drawn = {f"label{n}": str(rng.choice(["x", "y"])) for n in range(labels)}
        before, after = int(rng.geometric(0.15)), int(rng.geometric(0.12))
        rows += visits(rng, f"p{number}", before=before, after=after, labels=drawn)
    return rows


def buyers(rows: Sequence[Row], *, seed: int, shuffle: int, share: float = 0.5, median_s: float = 60) -> list[Row]:
    """Purchases of a random share of the persons, at random times after their cart, whatever they did."""
    rng = np.random.default_rng([seed, shuffle])
    carts = [row for row in rows if row[2] == "cart"]
    bought: list[Row] = []
    for person, at, _, _ in carts:
        if rng.random() < share:
            wait = int(median_s * np.exp(rng.normal(0, 1.0))) + 1
            bought.append((person, int(at) + wait, "purchase", {"shuffle": f"s{shuffle}"}))  # type: ignore[arg-type]  # whole seconds
    return bought


def planted(persons: int, *, seed: int, exposed: float = 0.35, leaves: float = 0.7, wait_s: float = 40) -> list[Row]:
    """A shop where some see a high shipping cost a little after the cart, and most of these leave over it.

    A quarter of the others leave as well. Who stays buys a little later; leavers browse on now and then.
    """
    rng = np.random.default_rng([seed, 7])
    rows: list[Row] = []
    for number in range(persons):
        mine = visits(rng, f"p{number}", before=int(rng.geometric(0.15)), after=0, labels={})
        at = int(mine[-1][1]) + int(rng.exponential(wait_s / 2)) + 1  # type: ignore[arg-type]  # whole seconds
        base = {name: mine[-1][3][name] for name in ("device", "city")}
        high = rng.random() < exposed
        mine.append((f"p{number}", at, "shipping", base | {"cost": 9.9 if high else float(rng.choice([0, 2.9, 4.9]))}))
        stays = rng.random() > (leaves if high else 0.25)
        if rng.random() < 0.5:
            at += int(rng.exponential(20)) + 1
            mine.append((f"p{number}", at, str(rng.choice(PAGES, p=_SHARES)), base))
        if stays:
            at += int(rng.exponential(wait_s)) + 1
            mine += [(f"p{number}", at, "purchase", base), (f"p{number}", at + 3, "thanks", base)]
        for _ in range(int(rng.geometric(0.4)) - 1):
            at += int(rng.exponential(90)) + 1
            mine.append((f"p{number}", at, str(rng.choice(PAGES, p=_SHARES)), base))
        rows += mine
    return rows
