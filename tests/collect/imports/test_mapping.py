from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

from sojourn.collect.imports.mapping import Mapping, load_mapping, over, parse_mapping, recipe_names
from sojourn.records.errors import BadMapping

if TYPE_CHECKING:
    from pathlib import Path


def test_a_mapping_file_says_what_options_say(tmp_path: Path) -> None:
    path = tmp_path / "shop.toml"
    path.write_text('person = "kunde"\nignore = ["a", "b"]\nheader = false\n[names]\nkauf = "Order Completed"\n')

    wanted = Mapping(person="kunde", ignore=("a", "b"), header=False, names=(("kauf", "Order Completed"),))
    assert load_mapping(str(path)) == wanted


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("person = ", "is not TOML"),
        ('persn = "x"', 'has the key "persn"; known are person, actor'),
        ("person = 7", "expected a text at `person`, got 7"),
        ('ignore = "a"', r'write ignore = \["..."\]'),
        ('header = "no"', "expected true or false at `header`"),
        ('format = "xml"', 'expected "csv" or "jsonl" or "parquet" or "access_log"'),
        ('names = ["a"]', "expected a table of texts at `names`"),
        ('protocol = "amqp"', 'expected "segment"'),
    ],
)
def test_a_mistake_in_a_mapping_file_is_told_with_its_place(text: str, said: str) -> None:
    with pytest.raises(BadMapping, match=said):
        parse_mapping(text, "shop.toml")


def test_a_name_that_is_neither_recipe_nor_file_lists_the_recipes() -> None:
    with pytest.raises(BadMapping, match="ga4, loyalty, matomo, mixpanel, orders"):
        load_mapping("gaa4")


@pytest.mark.parametrize("name", recipe_names())
def test_every_recipe_loads(name: str) -> None:
    recipe = load_mapping(name)

    assert recipe.partial
    assert recipe.person or recipe.actor or recipe.external_ids


def test_what_is_given_goes_over_what_a_recipe_says() -> None:
    recipe = load_mapping("posthog")
    merged = over(recipe, Mapping(person="who", time_zone="Europe/Berlin"))

    assert dataclasses.replace(recipe, person="who", time_zone="Europe/Berlin") == merged
