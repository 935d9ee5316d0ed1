"""Clicks, what they are called, and the ones that say that something is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.conftest import Shop

pytestmark = pytest.mark.long


def settled(shop: Shop, page: Page) -> list[str]:
    """Names of what was sent after a dead click would have been."""
    page.wait_for_timeout(1700)
    page.evaluate("sojourn.track('Last')")
    shop.wait("Last")
    return [message["event"] for message in shop.capture.kept if "event" in message]


def test_a_click_has_a_name_and_a_place_that_outlive_a_release(shop: Shop) -> None:
    """No class names, no generated ids; the nearest mark that somebody chose."""
    page = shop.visit(
        "/",
        """<form id="checkout" class="css-1x2y3z"><div id="radix-:r1:"><p>a</p>
        <p><button type="button" class="sc-8f7a"><b>Add to</b>
           cart</button></p></div></form>""",
    )
    page.click("b")

    assert shop.wait("Element Clicked") == [
        {"name": "Add to cart", "target": "#checkout > div > p:nth-of-type(2) > button", "element": "button"}
    ]


@pytest.mark.parametrize(
    ("html", "name", "target"),
    [
        ('<button data-sojourn-name="Buy">Kaufen</button>', "Buy", '[data-sojourn-name="Buy"]'),
        ('<button data-testid="buy">Buy</button>', "Buy", '[data-testid="buy"]'),
        ('<button aria-label="Close"><svg width=9 height=9></svg></button>', "Close", "button"),
        ('<a href="/x" id="item-48213"><img alt="A hat" width=9 height=9></a>', "A hat", "a"),
        ('<button><svg width=9 height=9><use href="#hat"></use></svg> Hats</button>', "Hats", "button"),
        ('<input type=submit value="Send" name=go>', "Send", 'input[name="go"]'),
        ("<input type=checkbox name=newsletter value=secret>", "newsletter", 'input[name="newsletter"]'),
        ("<div role=button>Mail me@example.com now</div>", "Mail … now", "div"),
    ],
)  # fmt: skip
def test_what_an_element_is_called(shop: Shop, html: str, name: str, target: str) -> None:
    page = shop.visit("/", html + "<script>onclick = (event) => event.preventDefault()</script>")
    page.click("body > *:first-child")

    (clicked,) = shop.wait("Element Clicked")
    assert (clicked["name"], clicked["target"]) == (name, target)


def test_a_click_inside_a_shadow_root_is_seen(shop: Shop) -> None:
    page = shop.visit(
        "/",
        """<shop-button id=buy></shop-button><script>customElements.define('shop-button', class extends HTMLElement {
        connectedCallback() { this.attachShadow({mode: 'open'}).innerHTML = '<button>Buy</button>' }})</script>""",
    )
    page.click("button")

    assert shop.wait("Element Clicked")[0]["name"] == "Buy"


def test_nothing_is_told_of_what_is_excluded(shop: Shop) -> None:
    page = shop.visit("/", "<div data-sojourn-exclude><button>Secret</button><form><input name=pin></form></div>")
    for _ in range(4):
        page.click("button")
    page.fill("input", "1234")

    assert settled(shop, page) == ["Last"]


def test_a_click_by_a_script_is_nobodys(shop: Shop) -> None:
    page = shop.visit("/", "<button>Buy</button>")
    page.evaluate("document.querySelector('button').click()")

    assert settled(shop, page) == ["Last"]


def test_a_link_to_another_site_is_one_event_without_its_query(shop: Shop) -> None:
    page = shop.visit(
        "/", f'<a href="{shop.collector.replace("127.0.0.1", "localhost")}/partner?token=1#x">Partner</a>'
    )
    page.click("a")

    (clicked,) = shop.wait("Link Clicked")
    assert clicked["outbound"] is True
    assert clicked["url"].endswith("/partner")
    assert clicked["name"] == "Partner"
    assert not shop.capture.named("Element Clicked")


def test_a_download_is_one_event(shop: Shop) -> None:
    page = shop.visit("/", '<a href="/files/Prices.2025.pdf?v=2" download>Prices</a>')
    page.click("a")

    (download,) = shop.wait("File Downloaded")
    assert download["url"] == f"{shop.url}/files/Prices.2025.pdf"
    assert download["extension"] == "pdf"
    assert not shop.capture.named("Element Clicked")


def test_three_clicks_on_one_spot_are_rage_once(shop: Shop) -> None:
    page = shop.visit("/", "<button onclick='this.title += 1'>Save</button>")
    for _ in range(5):
        page.click("button")

    assert settled(shop, page).count("Rage Clicked") == 1
    (rage,) = shop.capture.named("Rage Clicked")
    assert rage == {"name": "Save", "target": "button", "clicks": 3}


def test_slow_clicks_and_selected_text_are_no_rage(shop: Shop) -> None:
    page = shop.visit("/", "<p>Some words to select</p><button onclick='this.title += 1'>Next</button>")
    page.click("p", click_count=3)
    for _ in range(3):
        page.click("button")
        page.wait_for_timeout(600)

    assert "Rage Clicked" not in settled(shop, page)


@pytest.mark.parametrize(
    "html",
    [
        "<button>Buy</button>",
        "<div role=button>Buy</div>",
        "<div style='cursor: pointer'>Buy</div>",
        "<a href='#'>Buy</a>",
    ],
)
def test_a_click_after_which_nothing_happens_is_dead(shop: Shop, html: str) -> None:
    page = shop.visit("/", html)
    page.click("body > *:first-child")

    assert settled(shop, page).count("Dead Clicked") == 1


@pytest.mark.parametrize(
    "html",
    [
        "<button onclick='this.textContent = 1'>Buy</button>",
        "<button onclick='setTimeout(() => document.body.append(1), 900)'>Buy</button>",
        "<button onclick='window.scrollTo(0, 500)'>Down</button><p style='height: 3000px'>",
        "<button onclick='history.pushState({}, 0, \"/other\"); document.title = 1'>On</button>",
        "<a href='#end'>Down</a><p style='height: 3000px'><p id=end>",
        "<label>Yes <input type=checkbox></label>",
        "<p>Only words</p>",
        "<select><option>One</select>",
    ],
)
def test_a_click_after_which_something_happens_is_alive(shop: Shop, html: str) -> None:
    page = shop.visit("/", html)
    page.click("body > *:first-child")

    assert "Dead Clicked" not in settled(shop, page)
