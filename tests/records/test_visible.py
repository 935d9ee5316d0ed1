from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.records.visible import visible, visible_in


@dataclass(frozen=True, slots=True)
class Held:
    """A record with texts at every depth."""

    name: str
    each: tuple[str, ...]
    by: dict[str, tuple[float, str]]
    _kept: str = ""


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("\x9b31m", "\\x9b31m"),
        ("two\nlines\r\tthere", "two\\nlines\\r\\tthere"),
        ("user\u202etxt.exe", "user\\u202etxt.exe"),
        ("a\u2028b\u200bc\ufeff", "a\\u2028b\\u200bc\\ufeff"),
        ("tag \U000e0041", "tag \\U000e0041"),
        ("half \ud83d", "half \\ud83d"),
        ("\x00\x7f", "\\x00\\x7f"),
    ],
)
def test_what_a_terminal_would_obey_is_spelled_out(sent: str, shown: str) -> None:
    assert visible(sent) == shown


@pytest.mark.parametrize("text", ["", "Größe 東京", "👩‍👩‍👧 family", "می‌خواهم", "[red]x[/red]", "no-break\u00a0space"])
def test_what_is_only_printed_stays(text: str) -> None:
    assert visible(text) == text


def test_our_own_line_feeds_may_stay() -> None:
    assert visible("one\ntwo\x07", keep="\n") == "one\ntwo\\x07"


@given(st.text(alphabet=st.characters(codec=None, exclude_categories=())))
def test_nothing_that_is_obeyed_is_left_and_once_is_enough(text: str) -> None:
    shown = visible(text)

    assert not any(unicodedata.category(sign) in {"Cc", "Cs", "Zl", "Zp"} for sign in shown)
    assert not any(unicodedata.category(sign) == "Cf" and sign not in "\u200c\u200d" for sign in shown)
    assert visible(shown) == shown
    shown.encode()  # unpaired surrogates would fail here


def test_every_text_of_a_record_is_made_visible_and_what_is_private_is_left_alone() -> None:
    held = Held("a\x1b", ("b\n", "c"), {"d\x00": (1.5, "e\u202e")}, _kept="f\x1b")

    shown = visible_in(held)

    assert shown == Held("a\\x1b", ("b\\n", "c"), {"d\\x00": (1.5, "e\\u202e")}, _kept="f\x1b")


def test_a_record_without_such_text_is_given_back_itself() -> None:
    held = Held("a", ("b",), {"c": (1.0, "d")})

    assert visible_in(held) is held
    other = MappingProxyType({"not": "read"})
    assert visible_in(other) is other
