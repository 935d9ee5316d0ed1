"""The worlds there are, each behind the same few functions.

In: nothing. Out: `MODELS`. Never makes a world: `run` does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sojourn.simulate.shop import world as shop
from sojourn.simulate.software import world as software
from sojourn.simulate.streaming import world as streaming

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from sojourn.simulate.causes import World
    from sojourn.simulate.channels import Channel
    from sojourn.simulate.dice import Dice
    from sojourn.simulate.messages import Post
    from sojourn.simulate.truth import PersonTruth

    Live = Callable[[int, Dice, Post, Mapping[str, bool], int], list[PersonTruth]]
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
        live: Acts out a person and those who come with them: number of the first, chance, post, switches, seed.
        crawl: Acts out a crawler: number, chance, post.
        write_products: Writes the catalogue, None when there is none.
        shortest_days: The least days in which a journey of this world can end.
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
    shortest_days: int


MODELS: dict[str, Model] = {
    "shop": Model(
        "shop", 1, shop.DEFAULT_PERSONS, shop.BOT_SHARE, shop.CURRENCY, shop.CHANNELS_WITH_SPEND,
        shop.live, shop.crawl_once, shop.write_products, 7,
    ),
    "software": Model(
        "software", 2, software.DEFAULT_PERSONS, software.BOT_SHARE, software.CURRENCY, software.CHANNELS_WITH_SPEND,
        software.live, software.crawl_once, None, software.SHORTEST_DAYS,
    ),
    "streaming": Model(
        "streaming", 3, streaming.DEFAULT_PERSONS, streaming.BOT_SHARE, streaming.CURRENCY, streaming.CHANNELS_WITH_SPEND,
        streaming.live, streaming.crawl_once, None, streaming.SHORTEST_DAYS,
    ),
}  # fmt: skip
