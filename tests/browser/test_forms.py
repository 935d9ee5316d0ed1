"""Forms: begun, refused, sent, given up; never what was typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.browser.conftest import Shop

pytestmark = pytest.mark.long

ADDRESS = """<form name="address" action="/thanks" method="post"><input type="hidden" name="csrf" value="s3cret">
<input name="street"><input name="city" required><select name="country"><option>A<option>B</select>
<input type="password" name="code"><textarea name="note"></textarea><button>Send</button></form>"""
TYPED = ("Hauptstrasse 7", "Wien 1010", "hunter2", "leave it at the door")


def test_a_form_is_begun_once_and_sent_once(shop: Shop) -> None:
    page = shop.visit("/", ADDRESS)
    page.fill("[name=street]", TYPED[0])
    page.fill("[name=city]", TYPED[1])
    page.select_option("select", "B")
    page.click("button")

    (sent,) = shop.wait("Form Submitted")
    assert shop.capture.named("Form Started") == [{"form": "address", "fields": 5}]
    assert (sent["form"], sent["fields"], sent["fields_touched"], sent["last_field"]) == ("address", 5, 3, "country")
    assert 0 <= sent["duration_s"] < 20
    assert not shop.capture.named("Form Abandoned")


def test_a_form_that_is_left_is_abandoned_at_its_last_field(shop: Shop) -> None:
    shop.put("/other")
    page = shop.visit("/", ADDRESS)
    page.fill("[name=street]", TYPED[0])
    page.fill("[name=code]", TYPED[2])
    page.goto(shop.url + "/other")

    (left,) = shop.wait("Form Abandoned")
    assert (left["form"], left["fields_touched"], left["last_field"]) == ("address", 2, "code")
    (message,) = [message for message in shop.capture.kept if message.get("event") == "Form Abandoned"]
    assert message["context"]["page"]["path"] == "/"


def test_a_form_on_a_page_that_replaces_its_content_is_abandoned_there(shop: Shop) -> None:
    page = shop.visit("/checkout", ADDRESS)
    page.fill("[name=street]", TYPED[0])
    page.evaluate("history.pushState({}, '', '/help')")

    assert len(shop.wait("Form Abandoned")) == 1
    (message,) = [message for message in shop.capture.kept if message.get("event") == "Form Abandoned"]
    assert message["context"]["page"]["path"] == "/checkout"


def test_a_refused_field_says_why_without_its_value(shop: Shop) -> None:
    page = shop.visit("/", "<form id=sign-up><input name=email type=email required><button>Go</button></form>")
    page.fill("input", "not-an-address")
    page.click("button")

    assert shop.wait("Form Error") == [{"form": "sign-up", "field": "email", "error": "typeMismatch"}]
    assert not shop.capture.named("Form Submitted")


def test_a_form_without_a_name_is_called_by_its_place(shop: Shop) -> None:
    page = shop.visit("/", "<main id=main><form></form><form><input></form></main>")
    page.fill("input", "x")

    assert shop.wait("Form Started")[0]["form"] == "#main > form:nth-of-type(2)"


def test_no_value_is_ever_sent(shop: Shop) -> None:
    shop.put("/other")
    page = shop.visit("/", ADDRESS + "<div contenteditable data-sojourn-name=editor>draft</div>")
    for name, value in zip(("street", "city", "code", "note"), TYPED, strict=True):
        page.fill(f"[name={name}]", value)
    page.click("[contenteditable]")
    page.keyboard.type("a private letter")
    page.click("[contenteditable]")
    page.goto(shop.url + "/other")
    shop.wait("Form Abandoned")

    everything = b"".join(sent.body for sent in shop.capture.requests).decode()
    for secret in (*TYPED, "s3cret", "private", "draft"):
        assert secret not in everything
