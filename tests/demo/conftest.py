"""The demo shop with a visitor, and a collector that writes down what comes."""

from __future__ import annotations

import html
import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from starlette.testclient import TestClient
from tests.demo.collected import DOOR, Collected

from sojourn.demo.shop import shop_app

if TYPE_CHECKING:
    from collections.abc import Iterator

    from httpx2 import Response


class Visitor:
    """Somebody in the shop, without a script: forms and links only."""

    def __init__(self, client: TestClient, collected: Collected) -> None:
        self.client, self.collected = client, collected

    def see(self, path: str) -> tuple[Response, list[list[Any]]]:
        """A page, and the calls of the tracker it makes."""
        answered = self.client.get(path)
        return answered, calls_of(answered.text)

    def send(self, path: str, **fields: str) -> tuple[Response, list[list[Any]]]:
        """A form, and the calls of the page it leads to."""
        answered = self.client.post(path, data=fields)
        return answered, calls_of(answered.text)

    def fill_cart(self, product_id: str = "1001") -> None:
        self.send("/cart/add", product_id=product_id, quantity="1")

    def check_out(self) -> None:
        """To the last step."""
        self.see("/checkout")
        self.send("/checkout/contact", email="anna@example.com")
        address = dict.fromkeys(("first_name", "last_name", "street", "post_code", "city", "country"), "x")
        self.send("/checkout/address", delivery="home", **address)
        self.send("/checkout/payment", payment_method="card")


def calls_of(page: str) -> list[list[Any]]:
    found = re.search(r'<script type="application/json" id="told">(.*?)</script>', page, flags=re.DOTALL)
    assert found, html.unescape(page)[:500]
    calls: list[list[Any]] = json.loads(found[1])
    return calls


def events(calls: list[list[Any]]) -> list[str]:
    """Names of the events among calls."""
    return [call[1] for call in calls if call[0] == "track"]


@pytest.fixture
def visitor() -> Iterator[Visitor]:
    collected = Collected()
    with TestClient(shop_app(DOOR, transport=collected)) as client:
        yield Visitor(client, collected)
