"""What people write: chats, reviews, tickets, comments, answers, notes of calls.

In: a topic, a language, chance. Out: a sentence or three put together from the phrases in `phrases/`.
Never copies anything anyone wrote.
"""

from __future__ import annotations

import functools
import tomllib
from importlib import resources
from typing import TYPE_CHECKING

from sojourn.simulate.dice import Weighted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sojourn.simulate.dice import Dice

_STYLES = Weighted.of({"lower": 0.12, "hurried": 0.04, "": 0.84})

Phrases = dict[str, dict[str, list[str]]]


@functools.cache
def phrases(world: str) -> Phrases:
    """Phrases of a world by topic and language, those every world shares among them."""
    found: Phrases = {}
    for name in ("every", world):
        text = resources.files("sojourn.simulate").joinpath("phrases", f"{name}.toml").read_text("utf-8")
        found |= tomllib.loads(text)
    return found


def write(world: str, topic: str, language: str, dice: Dice, *, slots: Mapping[str, object] | None = None) -> str:
    """A few words about a topic.

    Args:
        world: Whose phrases.
        topic: One of the tables of its phrase file.
        language: Two letters; English is used where a topic has no phrases in it.
        dice: Chance. One in four texts opens with a greeting, one in four has a closing.
        slots: Values for the `{names}` in the phrases.
    """
    book = phrases(world)
    lines = book[topic].get(language)
    if lines is None:
        language, lines = "en", book[topic]["en"]
    words = [dice.pick(lines)]
    if len(lines) > 1 and dice.chance(0.3):
        second = dice.pick(lines)
        if second not in words:
            words.append(second)
    if dice.chance(0.25):
        words.insert(0, dice.pick(book["opening"][language]))
    if dice.chance(0.25):
        words.append(dice.pick(book["closing"][language]))
    text = " ".join(words)
    if slots:
        text = text.format_map(dict(slots))
    return _hasty(text, dice)


def _hasty(text: str, dice: Dice) -> str:
    """Some people type without capitals, some in a hurry."""
    style = dice.draw(_STYLES)
    if style == "lower":
        return text.lower()
    if style == "hurried":
        return text.replace(".", "!!").replace("th", "ht", 1)
    return text
