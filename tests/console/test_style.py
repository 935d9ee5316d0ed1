"""Every text can be read: its colour against its ground has the contrast that WCAG 2.2 asks of level AA, light and dark."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import sojourn.console

STYLE = (Path(sojourn.console.__file__).parent / "static" / "style.css").read_text()
TEXTS = [
    *((ink, ground) for ink in ("ink", "quiet", "accent") for ground in ("page", "card", "sunk")),
    *((ink, ground) for ink in ("good", "bad", "warn") for ground in ("card", f"{ink}-soft")),
    ("accent-ink", "accent"),
    ("accent", "accent-soft"),
    ("ink", "accent-soft"),
]
EDGES = [("strong-line", "card"), ("strong-line", "page"), ("accent", "page"), ("accent", "card")]


def colours(scheme: str) -> dict[str, str]:
    """Colours of a scheme by name; what dark does not say is as in light."""
    light, dark = re.findall(r":root \{(.*?)\}", STYLE, flags=re.DOTALL)[:2]
    found = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", light))
    return found | (dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", dark)) if scheme == "dark" else {})


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """From 1, the same, to 21, black and white."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_have_at_least_4_5_and_edges_of_fields_3(scheme: str) -> None:
    known = colours(scheme)

    found = {(ink, ground): round(contrast(known[ink], known[ground]), 2) for ink, ground in TEXTS + EDGES}

    assert {pair: value for pair, value in found.items() if value < (4.5 if pair in TEXTS else 3)} == {}
