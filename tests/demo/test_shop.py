"""The pages of the demo shop, as somebody without a script sees them, and what they would have the tracker send."""

from __future__ import annotations

import hashlib
import hmac
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from starlette.testclient import TestClient
from tests.demo.collected import DOOR, Collected
from tests.demo.conftest import events

from sojourn.demo.shop import shop_app
from sojourn.demo.visits import Visits
from sojourn.simulate.shop.catalogue import PRODUCTS, QUERIES, UNKNOWN_QUERIES

if TYPE_CHECKING:
    from tests.demo.conftest import Visitor

ATTACK = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
PATHS = (
    *("/", "/c/tents", "/p/norrvik-dome-tent-1001", "/search?q=tent", "/search?q=kraxe", "/prices-and-delivery"),
    *("/guide/tents", "/cart", "/account", "/newsletter", "/support"),
)


class Elements(HTMLParser):
    """Names of elements, and addresses that a browser would ask."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.asked: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.asked += [
            value or "" for name, value in attrs if name in {"src", "action"} or (tag == "link" and name == "href")
        ]


@pytest.mark.parametrize("path", PATHS)
def test_every_page_asks_only_its_own_origin_and_carries_the_tracker(visitor: Visitor, path: str) -> None:
    answered, calls = visitor.see(path)

    elements = Elements(answered.text)
    assert answered.status_code == 200
    assert all(address.startswith("/") for address in elements.asked), elements.asked
    assert "/metrics/t.js" in elements.asked
    assert "style=" not in re.sub(r"<svg.*?</svg>", "", answered.text, flags=re.DOTALL)
    assert [call[0] for call in calls].count("page") == 1
    assert answered.headers["content-security-policy"].startswith(
        "default-src 'none'; script-src 'self'; style-src 'self'"
    )


def test_every_link_of_the_shop_leads_somewhere(visitor: Visitor) -> None:
    links = {link for path in PATHS for link in re.findall(r'href="(/[^"#]*)"', visitor.see(path)[0].text)}

    found = {link: visitor.client.get(link).status_code for link in sorted(links)}
    assert len(found) > 40
    assert set(found.values()) == {200}


def test_each_product_of_the_simulated_shop_has_its_page(visitor: Visitor) -> None:
    for product in PRODUCTS[::7]:
        answered, calls = visitor.see(product.path)
        assert answered.status_code == 200
        assert calls[-1] == ["track", "Product Viewed", product.properties()]


def test_words_that_the_simulated_shop_does_not_know_find_nothing_here_either(visitor: Visitor) -> None:
    def results(words: str) -> int:
        found = re.search(r'data-sojourn-results="(\d+)"', visitor.client.get("/search", params={"q": words}).text)
        assert found
        return int(found[1])

    assert [results(words) for queries in UNKNOWN_QUERIES.values() for words in queries] == [0] * 24
    assert all(results(words) > 0 for queries in QUERIES.values() for words in queries)
    assert results("norrvik harness") == 1


def test_a_list_can_be_narrowed_and_says_by_what(visitor: Visitor) -> None:
    answered, calls = visitor.see("/c/light?brand=Norrvik&sort=price")

    assert re.findall(r'class="title">([^<]+)<', answered.text) == ["Head Torch", "Camp Lantern"]
    assert calls[1:] == [
        ["track", "Product List Viewed", {"list_id": "light", "category": "Light", "results": 2}],
        ["track", "Product List Filtered", {"list_id": "light", "filter": "brand"}],
    ]


def test_an_order_in_four_steps_with_shipping_that_appears_last(visitor: Visitor) -> None:
    visitor.fill_cart()
    cart, _ = visitor.see("/cart")
    _, first = visitor.see("/checkout")
    _, second = visitor.send("/checkout/contact", email="anna@example.com")
    fields = dict.fromkeys(("first_name", "last_name", "street", "post_code", "city", "country"), "x")
    _, third = visitor.send("/checkout/address", delivery="home", **fields)
    payment, fourth = visitor.send("/checkout/payment", payment_method="card")
    thanks, last = visitor.send("/checkout/review", anonymous_id="anon-1", consent='{"analytics":true}')

    assert "14.90" not in cart.text
    assert "14.90" in payment.text
    assert events(first) == ["Checkout Started", "Checkout Step Viewed"]
    assert second[0] == ["identify", {"email": "anna@example.com"}]
    assert events(second) == events(third) == ["Checkout Step Completed", "Checkout Step Viewed"]
    assert events(fourth) == [
        *("Payment Info Entered", "Checkout Step Completed", "Checkout Step Viewed", "Shipping Cost Shown"),
    ]
    # 236.25 for the tent (189 x 1.25, rounded, less ten cents), 14.90 for its delivery, 19 % tax in the first.
    name, event, order, options = last[0]
    assert (name, event, order["subtotal"], order["shipping"], order["total"]) == (
        "track",
        "Order Completed",
        235.9,
        14.9,
        250.8,
    )
    assert order["tax"] == 37.66
    assert options == {"messageId": f"order-{order['order_id']}"}
    assert order["order_id"] in thanks.text


def test_page_and_server_tell_of_an_order_as_one_event(visitor: Visitor) -> None:
    visitor.fill_cart()
    visitor.check_out()
    _, calls = visitor.send("/checkout/review", anonymous_id="anon-1", consent='{"analytics":true,"marketing":"x"}')

    (told,) = visitor.collected.messages
    assert told["messageId"] == calls[0][3]["messageId"]
    assert told["properties"] == calls[0][2]
    assert (told["anonymousId"], told.get("userId")) == ("anon-1", None)
    assert told["context"]["consent"] == {"categoryPreferences": {"analytics": True}}
    assert visitor.collected.requests[0].headers["authorization"] == "Bearer sjs_secret"
    assert visitor.see("/thank-you")[1] == [["page", "Thank You"]]


def test_an_order_stands_when_the_collector_does_not_answer(visitor: Visitor) -> None:
    visitor.fill_cart()
    visitor.check_out()
    visitor.collected.status = 0

    answered, calls = visitor.send("/checkout/review")

    assert "Thank you." in answered.text
    assert events(calls) == ["Order Completed"]


def test_no_step_of_the_checkout_can_be_skipped(visitor: Visitor) -> None:
    assert visitor.client.get("/checkout").url.path == "/cart"
    visitor.fill_cart()
    visitor.see("/checkout")

    assert "Pay by" not in visitor.see("/checkout?step=payment")[0].text
    visitor.send("/checkout/review")
    assert visitor.collected.messages == []
    answered, calls = visitor.send("/checkout/contact", email="nobody")
    assert "does not look like an e-mail address" in answered.text
    assert "Checkout Step Completed" not in events(calls)


def test_a_coupon_that_was_mailed_out_has_expired(visitor: Visitor) -> None:
    visitor.fill_cart()

    refused, calls = visitor.send("/cart/coupon", coupon="simspring10")
    assert "has expired" in refused.text
    assert [call[2].get("reason") for call in calls if call[1] == "Coupon Denied"] == ["expired"]
    taken, calls = visitor.send("/cart/coupon", coupon="TRAIL10")
    assert calls[1][2]["discount"] == 23.59
    assert "212.31" in taken.text


def test_cart_lines_change_and_go(visitor: Visitor) -> None:
    visitor.fill_cart()
    _, more = visitor.send("/cart/change", product_id="1001", quantity="3")
    _, less = visitor.send("/cart/change", product_id="1001", quantity="0")

    assert (events(more)[0], more[0][2]["quantity"]) == ("Product Added", 2)
    assert (events(less)[0], less[0][2]["quantity"]) == ("Product Removed", 3)
    assert "Nothing in it yet" in visitor.see("/cart")[0].text
    for odd in ("-1", "1e9", "²", "99999"):
        visitor.send("/cart/add", product_id="1001", quantity=odd)
    assert visitor.send("/cart/add", product_id="nothing")[0].status_code == 404


def test_signing_in_is_proven_by_the_shop_and_signing_out_begins_anew(visitor: Visitor) -> None:
    _, calls = visitor.send("/account/sign-in", email="Anna@example.com", first_name="Anna")
    _, identify, signed_in = [*calls[:1], *calls[:2]]
    user_id = identify[1]

    assert identify[0] == "identify"
    assert identify[2] == {"email": "anna@example.com", "first_name": "Anna"}
    assert identify[3]["context"]["userHash"] == hmac.new(b"00" * 32, user_id.encode(), hashlib.sha256).hexdigest()
    assert signed_in == ["track", "Signed In", {"method": "email"}]
    _, calls = visitor.send("/account/sign-out")
    assert calls[:2] == [["track", "Signed Out", {}], ["reset"]]
    _, calls = visitor.send("/account/sign-in", email="anna@EXAMPLE.com")
    assert calls[0][1] == user_id


def test_what_visitors_type_is_text_on_every_page(visitor: Visitor) -> None:
    clean = {path: Elements(visitor.see(path)[0].text).names.count("img") for path in PATHS}
    assert set(clean.values()) == {0}
    visitor.fill_cart()
    visitor.see("/checkout")
    visitor.send("/checkout/contact", email="a@b.example")
    fields = dict.fromkeys(("first_name", "last_name", "street", "post_code", "city", "country"), ATTACK)
    pages = [
        visitor.send("/reviews", product_id="1001", rating="5", name=ATTACK, text=ATTACK)[0],
        visitor.send("/support", text=ATTACK)[0],
        visitor.send("/cart/coupon", coupon=ATTACK)[0],
        visitor.send("/account/sign-in", email=ATTACK)[0],
        visitor.send("/newsletter", email=ATTACK, topic=ATTACK)[0],
        visitor.send("/checkout/address", delivery="home", **fields)[0],
        visitor.send("/checkout/payment", payment_method="card")[0],
        visitor.client.get("/search", params={"q": ATTACK}),
        visitor.client.get("/c/tents", params={"brand": ATTACK, "sort": ATTACK}),
        visitor.client.get("/checkout", params={"step": ATTACK, "problem": ATTACK}),
        visitor.client.get("/" + ATTACK),
    ]
    for answered in pages:
        names = Elements(answered.text).names
        assert (names.count("script"), names.count("img")) == (3, 0), answered.url
    assert "alert(1)" in pages[0].text


def test_the_chat_answers_in_place_and_without_script(visitor: Visitor) -> None:
    told = visitor.client.post(
        "/support", data={"text": "How much is delivery?"}, headers={"accept": "application/json"}
    )

    assert told.json()["chat"][1][1].startswith("Delivery costs")
    assert [call[1] for call in told.json()["calls"]] == [
        *("Live Chat Conversation Started", "Live Chat Message Sent", "Live Chat Message Received"),
    ]
    page, calls = visitor.send("/support", text="Hello")
    assert "Hello! What are you looking for?" in page.text
    assert events(calls) == ["Live Chat Message Sent", "Live Chat Message Received"]


def test_a_guide_is_a_pdf(visitor: Visitor) -> None:
    file = visitor.client.get("/guide/tents.pdf")

    assert file.headers["content-type"] == "application/pdf"
    table = int(re.findall(rb"startxref\n(\d+)", file.content)[0])
    assert file.content[table:].startswith(b"xref")
    for number, place in enumerate(re.findall(rb"(\d{10}) 00000 n", file.content), start=1):
        assert file.content[int(place) :].startswith(b"%d 0 obj" % number)


def test_forms_of_other_sites_and_of_any_size_are_refused(visitor: Visitor) -> None:
    foreign = visitor.client.post("/cart/add", data={"product_id": "1001"}, headers={"origin": "https://evil.example"})
    large = visitor.client.post("/support", data={"text": "x" * 70_000})
    many = visitor.client.post("/support", data={f"field{n}": "x" for n in range(60)})

    assert (foreign.status_code, large.status_code, many.status_code) == (403, 413, 400)
    assert "set-cookie" not in foreign.headers


def test_a_cookie_comes_with_the_first_form_and_holds_nothing(visitor: Visitor) -> None:
    assert "set-cookie" not in visitor.see("/")[0].headers
    answered = visitor.client.post("/cart/add", data={"product_id": "1001"}, follow_redirects=False)

    assert re.fullmatch(
        r"sojourn_demo_shop=[\w-]{24}; HttpOnly; Max-Age=604800; Path=/; SameSite=lax", answered.headers["set-cookie"]
    )


def test_the_oldest_visits_go_when_there_are_too_many() -> None:
    visits = Visits()
    first, _ = visits.begin()
    kept, _ = visits.begin()
    for _ in range(998):
        visits.begin()
    assert visits.find(first) is not None
    visits.begin()

    assert visits.find(kept) is None
    assert visits.find(first) is not None
    assert visits.find(None) is None


def test_the_collector_is_first_party_and_learns_who_asked_and_no_cookie() -> None:
    collected = Collected()
    collected.headers = {"content-type": "text/javascript", "etag": '"x"', "set-cookie": "a=b"}
    with TestClient(shop_app(DOOR, transport=collected), client=("203.0.113.7", 1)) as client:
        script = client.get(
            "/metrics/t.js", headers={"cookie": "sojourn_demo_shop=x", "sec-gpc": "1", "x-forwarded-for": "1.1.1.1"}
        )
        sent = client.post("/metrics/v1/batch", content=b"{}")
        others = [
            client.get(f"/metrics/{path}").status_code for path in ("metrics", "v1/batch", "../control", "health")
        ]

    assert (script.status_code, sent.status_code, others) == (200, 200, [404] * 4)
    assert "set-cookie" not in script.headers
    assert script.headers["etag"] == '"x"'
    assert [str(request.url) for request in collected.requests] == [
        "http://collector.test/t.js",
        "http://collector.test/v1/batch",
    ]
    asked = collected.requests[0].headers
    assert "cookie" not in asked
    assert (asked["sec-gpc"], asked["x-forwarded-for"]) == ("1", "203.0.113.7")


def test_a_collector_that_is_away_is_asked_again_later() -> None:
    collected = Collected()
    collected.status = 0
    with TestClient(shop_app(DOOR, transport=collected)) as client:
        answered = client.post("/metrics/v1/batch", content=b"{}")
        large = client.post("/metrics/v1/batch", content=b"x" * 700_000)

    assert (answered.status_code, answered.headers["retry-after"], large.status_code) == (503, "2", 413)
