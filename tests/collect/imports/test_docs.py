"""The page of imports names everything an import knows."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING

import pytest

from sojourn.collect.imports.convert import MISSING_IDS
from sojourn.collect.imports.mapping import Mapping, recipe_names
from sojourn.collect.imports.times import ORDERS, UNITS
from sojourn.records.rejected import Reason

if TYPE_CHECKING:
    from pathlib import Path


OF_REQUESTS = {"bad_type", "message_too_large", "not_allowed", "poison", "too_deep", "too_many_keys"}
"""Reasons that no file gives; docs/glossary.md has them."""


@pytest.fixture(scope="module")
def page(root: Path) -> str:
    return (root / "docs/imports.md").read_text()


def rows(page: str) -> set[str]:
    """First cells of the page's tables."""
    return set(re.findall(r"^\| `([^`]+)` \|", page, flags=re.MULTILINE))


def test_every_key_of_a_mapping_has_a_row(page: str) -> None:
    assert {field.name for field in dataclasses.fields(Mapping)} <= rows(page)


def test_every_recipe_and_every_reason_has_a_row(page: str) -> None:
    assert set(recipe_names()) <= rows(page)
    assert {reason.value for reason in Reason} - OF_REQUESTS <= rows(page)


def test_every_word_for_a_time_and_for_no_id_is_named(page: str) -> None:
    assert all(f"`{word}`" in page for word in (*UNITS, *ORDERS, "iso"))
    assert all(f"`{word}`" in page for word in MISSING_IDS if word not in ("", "Null", "none", "NaN"))
