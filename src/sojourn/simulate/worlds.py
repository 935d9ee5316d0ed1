"""The worlds there are, each behind the same few functions.

In: nothing. Out: `MODELS`. Never makes a world: `run` does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sojourn.simulate.shop import world as shop

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from sojourn.simulate.causes import World
    from sojourn.simulate.channels import Channel
    from sojourn.simulate.dice import Dice
    from sojourn.simulate.messages import Post
    from sojourn.simulate.truth import PersonTruth

    Live = Callable[[int, Dice, Post, Mapping[str, bool], int], PersonTruth]
    Crawl = Callable[[int, Dice, Post], PersonTruth]


@dataclass(frozen=True, slots=True)
class Model:
    """How to make one world.

    Attributes:
        world: Its name.
        number: Its place in the seeds, so that two worlds of one seed have nothing in common.
        default_persons: People in it when nothing else is said.
        bot_share: Crawlers a person.
        currency: What its amounts are in.
        channels: Those that cost money; none when the world has no spend table.
        live: Acts out a person: number, chance, post, switches, seed.
        crawl: Acts out a crawler: number, chance, post.
        write_products: Writes the catalogue, None when there is none.
    """

    world: World
    number: int
    default_persons: int
    bot_share: float
    currency: str
    channels: tuple[Channel, ...]
    live: Live
    crawl: Crawl
    write_products: Callable[[Path], None] | None


MODELS: dict[str, Model] = {
    "shop": Model(
        "shop", 1, shop.DEFAULT_PERSONS, shop.BOT_SHARE, shop.CURRENCY, shop.CHANNELS_WITH_SPEND,
        shop.live, shop.crawl_once, shop.write_products,
    ),
}  # fmt: skip
