"""What is kept and sent before, with and without consent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import BrowserContext, Page

    from tests.browser.conftest import Shop

pytestmark = pytest.mark.long

REQUIRED = ""
"""A tag that says nothing of consent requires it."""


def stored(page: Page) -> list[str]:
    """Names in the browser's storage, without our prefix; cookies and session storage must be empty."""
    assert page.evaluate("document.cookie + Object.keys(sessionStorage)") == ""
    names: list[str] = page.evaluate("Object.keys(localStorage).map((name) => name.split('.').slice(2).join('.'))")
    return sorted(name for name in names if not name.startswith("m."))


def preferences(message: dict[str, Any]) -> dict[str, bool]:
    found: dict[str, bool] = message["context"]["consent"]["categoryPreferences"]
    return found


def test_nothing_is_kept_and_nobody_is_named_before_consent(shop: Shop) -> None:
    page = shop.visit("/", tag=shop.tag(REQUIRED))
    page.evaluate("sojourn.identify('anna', {email: 'anna@example.com'}); sojourn.track('Looked')")
    shop.wait("Looked")

    assert page.evaluate("Object.keys(localStorage)") == []
    assert stored(page) == []
    for message in shop.capture.kept:
        assert "anonymousId" not in message
        assert "userId" not in message
        assert preferences(message) == {}
    assert not shop.capture.named("identify")
    assert b"anna" not in b"".join(sent.body for sent in shop.capture.requests)


def test_consent_begins_a_visitor_and_says_what_waited(shop: Shop) -> None:
    page = shop.visit("/", tag=shop.tag(REQUIRED))
    page.evaluate("sojourn.identify('anna', {plan: 'pro'}); sojourn.group('acme')")
    answer = page.evaluate("sojourn.consent({analytics: true, personalisation: true, marketing: false})")
    page.evaluate("sojourn.track('Looked')")
    shop.wait("Looked")

    assert answer == {"analytics": True, "personalisation": True, "marketing": False}
    assert stored(page) == ["consent", "id", "user"]
    updated, identify, group, looked = shop.capture.kept[-4:]
    assert (updated["event"], updated["properties"]) == ("Consent Updated", answer)
    assert (identify["type"], identify["userId"], identify["traits"]) == ("identify", "anna", {"plan": "pro"})
    assert (group["type"], group["groupId"]) == ("group", "acme")
    assert looked["userId"] == "anna"
    assert {message.get("anonymousId") for message in (updated, identify, group, looked)} == {updated["anonymousId"]}
    assert preferences(looked) == answer


def test_a_choice_is_remembered_on_the_next_page(shop: Shop) -> None:
    shop.put("/second", tag=shop.tag(REQUIRED))
    page = shop.visit("/", tag=shop.tag(REQUIRED))
    page.evaluate("sojourn.consent({analytics: true})")
    page.goto(shop.url + "/second")
    shop.wait("page", 2)

    assert page.evaluate("sojourn.consent()") == {"analytics": True}
    assert shop.capture.kept[-1]["anonymousId"] == page.evaluate("sojourn.anonymousId()")


def test_a_choice_made_before_the_script_came_counts_for_the_first_view(shop: Shop) -> None:
    early = "<script>window.sojourn = [['track', 'Early', {a: 1}], ['consent', {analytics: true}]]</script>"
    page = shop.visit("/", tag=early + shop.tag(REQUIRED))
    shop.wait("Early")

    assert [message.get("event", message["type"]) for message in shop.capture.kept] == [
        "Consent Updated",
        "page",
        "Early",
    ]
    assert {message["anonymousId"] for message in shop.capture.kept} == {page.evaluate("sojourn.anonymousId()")}


def test_a_denial_is_the_last_thing_sent_and_leaves_only_itself(shop: Shop) -> None:
    page = shop.visit("/", "<button>Buy</button>")
    shop.wait("page")
    before = page.evaluate("sojourn.anonymousId()")
    page.evaluate("sojourn.identify('anna')")
    page.evaluate("sojourn.consent({analytics: false})")
    shop.wait("Consent Updated")
    page.evaluate("sojourn.track('Looked'); history.pushState({}, '', '/next')")
    page.click("button")
    page.wait_for_timeout(600)
    page.goto("about:blank")
    page.wait_for_timeout(300)
    page.goto(shop.url + "/")
    page.wait_for_timeout(600)

    *_, last = shop.capture.kept
    assert last["event"] == "Consent Updated"
    assert preferences(last) == {"analytics": False}
    assert last["anonymousId"] == before  # so that the collector knows who withdrew
    assert stored(page) == ["consent"]
    assert shop.capture.requests[-1].messages[-1]["messageId"] == last["messageId"]


def test_whatever_is_not_clearly_a_yes_is_a_no(shop: Shop) -> None:
    page = shop.visit("/", tag=shop.tag(REQUIRED))

    assert page.evaluate("sojourn.consent({analytics: 'denied', marketing: 1})") == {
        "analytics": False,
        "marketing": False,
    }


@pytest.mark.parametrize("signal", ["globalPrivacyControl", "doNotTrack"])
def test_a_signal_of_the_browser_denies_personalisation_and_marketing(shop: Shop, signal: str) -> None:
    value = "true" if signal == "globalPrivacyControl" else "'1'"
    shop.context.add_init_script(f"Object.defineProperty(navigator, '{signal}', {{value: {value}}})")
    page = shop.visit("/")
    shop.wait("page")
    assert preferences(shop.capture.kept[0]) == {"personalisation": False, "marketing": False}

    page.evaluate("sojourn.consent({analytics: true, personalisation: true, marketing: true})")
    shop.wait("Consent Updated")
    assert preferences(shop.capture.kept[-1]) == {"analytics": True, "personalisation": False, "marketing": False}


def test_without_consent_a_page_that_goes_still_delivers(shop: Shop) -> None:
    page = shop.visit("/", tag=shop.tag(REQUIRED))
    shop.wait("page")
    page.evaluate("sojourn.track('Looked'); location.href = 'about:blank'")

    assert shop.wait("Looked") == [{}]


def test_segments_calls_in_all_their_forms(shop: Shop) -> None:
    page = shop.visit("/", title="Start", tag=shop.tag('data-sojourn-consent="assumed" data-sojourn-auto="none"'))
    page.evaluate(
        """sojourn.page(); sojourn.page('Prices'); sojourn.page('Shop', 'Cart', {items: 2}); sojourn.page({a: 1});
        sojourn.identify({plan: 'free'}); sojourn.identify('anna'); sojourn.identify('anna', {plan: 'pro'});
        sojourn.track('Bought', {revenue: 5}, {timestamp: '2024-02-03T04:05:06.000Z', context: {ip: '192.0.2.1'}});
        sojourn.group('acme', {seats: 4}); sojourn.alias('anna@example.com'); sojourn.push(['track', 'Pushed'])"""
    )
    shop.wait("Pushed")

    by_order = shop.capture.arrivals
    pages = [message for message in by_order if message["type"] == "page"]
    assert [(message.get("category"), message.get("name")) for message in pages] == [
        (None, None),
        (None, "Prices"),
        ("Shop", "Cart"),
        (None, None),
    ]
    assert [message["properties"]["title"] for message in pages] == ["Start"] * 4
    assert (pages[2]["properties"]["items"], pages[3]["properties"]["a"]) == (2, 1)
    who = [(m.get("userId"), m.get("traits")) for m in by_order if m["type"] == "identify"]
    assert who == [(None, {"plan": "free"}), ("anna", None), ("anna", {"plan": "pro"})]
    (bought,) = [message for message in by_order if message.get("event") == "Bought"]
    assert (bought["timestamp"], bought["context"]["ip"], bought["userId"]) == (
        "2024-02-03T04:05:06.000Z",
        "192.0.2.1",
        "anna",
    )
    assert bought["context"]["page"]["path"] == "/"
    (alias,) = [message for message in by_order if message["type"] == "alias"]
    assert (alias["userId"], alias["previousId"]) == ("anna@example.com", "anna")


def test_signing_out_or_another_person_signing_in_begins_another_visitor(shop: Shop) -> None:
    page = shop.visit("/")
    page.evaluate(
        """sojourn.track('A'); sojourn.identify('anna'); sojourn.track('B'); sojourn.identify('bert'); sojourn.track('C');
        sojourn.reset(); sojourn.track('D')"""
    )
    shop.wait("D")

    found = {
        m["event"]: (m["anonymousId"], m.get("userId")) for m in shop.capture.kept if m.get("event") in set("ABCD")
    }
    assert [found[name][1] for name in "ABCD"] == [None, "anna", "bert", None]
    assert found["A"][0] == found["B"][0]
    assert len({found[name][0] for name in "BCD"}) == 3


def test_a_reset_holds_in_every_tab(shop: Shop) -> None:
    one, two = shop.visit("/"), shop.visit("/")
    one.evaluate("sojourn.identify('anna')")
    two.evaluate("sojourn.track('A'); sojourn.reset()")
    one.evaluate("sojourn.track('B')")
    shop.wait("A")
    shop.wait("B")

    found = {message.get("event"): message.get("userId") for message in shop.capture.kept}
    assert (found["A"], found["B"]) == ("anna", None)


def test_a_private_visitor_is_another(shop: Shop, visitor: Callable[..., BrowserContext]) -> None:
    shop.visit("/")
    shop.wait("page")
    shop.visit("/", page=visitor().new_page())
    shop.wait("page", 2)

    assert len({message["anonymousId"] for message in shop.capture.kept}) == 2
