"""Addresses in one form, whatever form they came in; and applying it twice changes nothing more."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sojourn.records.enrichment.urls import normal_path, normal_url, read_address

PIECES = st.lists(
    st.sampled_from(
        ["http://", "HTTPS://", "Shop.Example.COM", "example.org.", "anna:secret@", ":80", ":443", ":8080", "/", "//", "/a", "/B", "/../", "/./",
         "%2e%2e", "%7Eanna", "%2f", "%", "%25", "37E", "e", "?", "&", "a=1", "utm_source=x", "UTM_Medium=y", "gclid=1", "%75tm_source=z", "=", "#",
         "#/cart", "#!x", "#top", "é", " "]
    ),
    max_size=12,
).map("".join)  # fmt: skip


@pytest.mark.parametrize(
    ("sent", "normal"),
    [
        ("HTTPS://Shop.Example.COM/Cart", "https://shop.example.com/Cart"),
        ("https://shop.example.com:443/", "https://shop.example.com/"),
        ("http://shop.example.com:80", "http://shop.example.com/"),
        ("http://shop.example.com:8080/a", "http://shop.example.com:8080/a"),
        ("https://shop.example.com:80/a", "https://shop.example.com:80/a"),
        ("https://anna:secret@shop.example.com/a", "https://shop.example.com/a"),
        ("https://shop.example.com/a/?b=2&utm_source=x&a=1", "https://shop.example.com/a?b=2&a=1"),
        ("https://shop.example.com/a?gclid=1&fbclid=2&mc_eid=3&_gl=4", "https://shop.example.com/a"),
        ("https://shop.example.com/a?UTM_Campaign=x&id=7", "https://shop.example.com/a?id=7"),
        ("https://shop.example.com/a?id=7#reviews", "https://shop.example.com/a?id=7"),
        ("https://shop.example.com/#/cart", "https://shop.example.com/#/cart"),
        ("https://shop.example.com/a/b/../c/./d/", "https://shop.example.com/a/c/d"),
        ("https://shop.example.com/%7eanna/%c3%a9", "https://shop.example.com/~anna/%C3%A9"),
        ("https://shop.example.com/a%2Fb", "https://shop.example.com/a%2Fb"),
        ("https://shop.example.com./a", "https://shop.example.com/a"),
        ("http://[2001:DB8::1]:80/a", "http://[2001:db8::1]/a"),
        ("  https://shop.example.com/a  ", "https://shop.example.com/a"),
        ("android-app://com.example", "android-app://com.example"),
        ("/relative?utm_source=x", "/relative?utm_source=x"),
        ("", ""),
    ],
)
def test_an_address_has_one_form(sent: str, normal: str) -> None:
    assert normal_url(sent) == normal


@given(st.one_of(PIECES, st.text(max_size=40), st.text(max_size=30).map("https://shop.example.com/".__add__)))
@example("http://a/%2%35%32e%2e/b")
@example("http://a//")
@example("http://a/..//b")
def test_the_form_of_the_form_is_the_form(url: str) -> None:
    once = normal_url(url)

    assert normal_url(once) == once


@given(st.text("./ab%2eE", max_size=20))
def test_so_is_that_of_a_path(path: str) -> None:
    assert normal_path(normal_path(path)) == normal_path(path)


def test_an_address_is_read_in_parts() -> None:
    address = read_address("https://Shop.example.com:8443/a/?b=1&utm_source=x#top")

    assert address is not None
    assert (address.host, address.path, address.query) == ("shop.example.com", "/a", "b=1")
    assert read_address("mailto:anna@example.com") is None
    assert read_address("https://") is None
