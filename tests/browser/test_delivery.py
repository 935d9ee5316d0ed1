"""Every event arrives exactly once: whatever the server answers, when the page goes, offline, over page loads and tabs."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import KEY
from tests.browser.servers import CUT

if TYPE_CHECKING:
    from tests.browser.conftest import Shop

pytestmark = pytest.mark.long


def numbers(shop: Shop) -> list[int]:
    """The numbers of the kept events `Counted`, oldest first."""
    return [properties["n"] for properties in shop.capture.named("Counted")]


def count(first: int, last: int) -> str:
    return f"for (let n = {first}; n <= {last}; n++) sojourn.track('Counted', {{n}})"


def test_a_batch_is_one_simple_request_with_the_key_in_its_body(shop: Shop) -> None:
    page = shop.visit("/", tag=shop.tag('data-sojourn-consent="assumed" data-sojourn-auto="pages"'))
    page.evaluate(count(1, 30))
    shop.capture.wait(lambda: len(numbers(shop)) == 30)

    assert not shop.capture.others  # no preflight
    assert {sent.path for sent in shop.capture.requests} == {"/v1/batch"}
    for sent in shop.capture.requests:
        assert sent.headers["content-type"] == "text/plain;charset=UTF-8"
        assert sent.envelope["writeKey"] == KEY
        assert sent.envelope["sentAt"] >= sent.messages[-1]["timestamp"]
        assert "cookie" not in sent.headers
    assert len(shop.capture.requests) <= 3
    assert len(shop.capture.arrivals) == 31


@pytest.mark.parametrize("answers", [(500, 503), (429,), (CUT, CUT), (408, CUT, 500)])
def test_a_failed_batch_is_sent_again_with_the_same_ids(shop: Shop, answers: tuple[int, ...]) -> None:
    shop.capture.answer(*answers)
    page = shop.visit("/")
    page.evaluate(count(1, 5))
    shop.capture.wait(lambda: len(numbers(shop)) == 5, seconds=20)

    assert numbers(shop) == [1, 2, 3, 4, 5]
    first, *_, last = shop.capture.requests
    assert first.messages[0]["messageId"] in {message["messageId"] for message in last.messages}
    assert first.envelope["sentAt"] < last.envelope["sentAt"]
    if answers[0] > 408:  # what is cut or timed out Chromium itself sends once more at once
        waits = [after.at - before.at for before, after in pairwise(shop.capture.requests)]
        assert all(wait >= 0.5 * 2**place for place, wait in enumerate(waits[: len(answers)]))


def test_retry_after_is_honoured_on_the_next_page_too(shop: Shop) -> None:
    shop.put("/second")
    shop.capture.answer(429, retry_after="3")
    page = shop.visit("/")
    shop.capture.wait(lambda: shop.capture.requests)
    page.goto(shop.url + "/second")
    page.evaluate(count(1, 1))
    shop.capture.wait(lambda: numbers(shop) == [1])

    refused, taken = shop.capture.requests[:2]
    assert 2.9 < taken.at - refused.at < 6
    assert len(shop.capture.named("page")) == 2


@pytest.mark.parametrize("status", [400, 401, 413])
def test_what_is_refused_for_good_is_not_sent_again(shop: Shop, status: int) -> None:
    shop.capture.answer(status)
    page = shop.visit("/")
    shop.capture.wait(lambda: shop.capture.requests)
    page.evaluate(count(1, 1))
    shop.capture.wait(lambda: numbers(shop) == [1])

    assert not shop.capture.named("page")


def test_the_last_events_of_a_page_arrive_when_it_goes(shop: Shop) -> None:
    shop.put("/second")
    page = shop.visit("/")
    shop.wait("page")
    page.evaluate(count(1, 3) + "; location.href = '/second'")
    shop.wait("page", 2)

    assert numbers(shop) == [1, 2, 3]


def test_the_last_events_arrive_when_the_tab_is_closed(shop: Shop) -> None:
    page = shop.visit("/")
    shop.wait("page")
    page.evaluate(count(1, 3))
    page.close(run_before_unload=False)

    shop.capture.wait(lambda: numbers(shop) == [1, 2, 3])


def test_what_a_page_could_not_deliver_its_successor_does(shop: Shop) -> None:
    shop.put("/second")
    page = shop.visit("/")
    shop.wait("page")
    shop.capture.answer(*[CUT] * 20)
    page.evaluate(count(1, 3))
    page.wait_for_timeout(500)
    page.goto("about:blank")
    page.wait_for_timeout(500)
    shop.capture.answers.clear()
    page.goto(shop.url + "/second")

    shop.capture.wait(lambda: numbers(shop) == [1, 2, 3])
    assert len({message["messageId"] for message in shop.capture.kept}) == len(shop.capture.kept)


def test_offline_events_arrive_at_once_when_the_connection_is_back(shop: Shop) -> None:
    page = shop.visit("/")
    shop.wait("page")
    shop.context.set_offline(True)
    page.evaluate(count(1, 3))
    page.wait_for_timeout(3000)
    page.evaluate(count(4, 5))
    assert numbers(shop) == []
    shop.context.set_offline(False)

    shop.capture.wait(lambda: numbers(shop) == [1, 2, 3, 4, 5], seconds=1.5)
    stamps = [message["timestamp"] for message in shop.capture.kept if message.get("event") == "Counted"]
    sent_at = shop.capture.requests[-1].envelope["sentAt"]
    assert stamps[0] < sent_at  # the collector sees how long they waited


def test_two_tabs_deliver_everything_once(shop: Shop) -> None:
    one = shop.visit("/")
    shop.wait("page")
    shop.capture.answer(500, 500)
    one.evaluate(count(1, 3))
    one.wait_for_timeout(400)
    two = shop.visit("/")
    two.evaluate(count(4, 6))
    one.evaluate(count(7, 8))
    shop.capture.wait(lambda: len(numbers(shop)) == 8, seconds=20)
    one.wait_for_timeout(2500)

    assert sorted(numbers(shop)) == [1, 2, 3, 4, 5, 6, 7, 8]
    assert len({message["anonymousId"] for message in shop.capture.kept}) == 1


def test_large_events_go_in_several_requests_and_one_that_is_too_large_alone(shop: Shop) -> None:
    page = shop.visit("/")
    page.evaluate("for (let n = 1; n <= 20; n++) sojourn.track('Counted', {n, note: 'ü'.repeat(5000)})")
    page.evaluate("sojourn.track('Counted', {n: 21, note: 'ü'.repeat(100000)})")
    page.evaluate(count(22, 22))
    shop.capture.wait(lambda: len(numbers(shop)) == 22)

    assert all(len(sent.body) < 64 * 1024 or len(sent.messages) == 1 for sent in shop.capture.requests)


@pytest.mark.parametrize(
    "breaking",
    [
        "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('', 'SecurityError') }})",
        "Object.defineProperty(window, 'localStorage', {value: null})",
        """for (const size of [1 << 20, 1 << 10, 1]) {
            try { for (let n = 0; n < 9999; n++) localStorage[size + '-' + n] = 'x'.repeat(size) } catch {} }""",
        "localStorage['sojourn.12345678.consent'] = '{'; localStorage['sojourn.12345678.until'] = 'soon'",
        "localStorage['sojourn.12345678.consent'] = 'null'",
    ],
    ids=["blocked", "missing", "full", "damaged", "null"],
)
def test_a_browser_without_working_storage_loses_nothing(shop: Shop, breaking: str) -> None:
    shop.context.add_init_script(breaking)
    shop.capture.answer(500)
    page = shop.visit("/", "<button onclick='this.title = 1'>Buy</button>")
    page.evaluate(count(1, 3))
    page.click("button")
    shop.wait("Element Clicked")
    page.evaluate(count(4, 4))
    page.goto("about:blank")

    shop.capture.wait(lambda: numbers(shop) == [1, 2, 3, 4])
    assert len({message["anonymousId"] for message in shop.capture.kept}) == 1


def test_a_page_that_loads_the_tracker_twice_sends_everything_once(shop: Shop) -> None:
    page = shop.visit("/", "<button onclick='this.title = 1'>Buy</button>", tag=shop.tag() + shop.tag())
    page.evaluate("history.pushState({}, '', '/next')")
    page.click("button")
    page.evaluate(count(1, 1))
    shop.capture.wait(lambda: numbers(shop) == [1])

    assert [view["path"] for view in shop.capture.named("page")] == ["/", "/next"]
    assert len(shop.capture.named("Element Clicked")) == 1


def test_the_tracker_works_under_a_strict_policy_and_asks_nobody_else(shop: Shop) -> None:
    shop.headers["Content-Security-Policy"] = (
        f"default-src 'none'; script-src {shop.collector}; connect-src {shop.collector}; require-trusted-types-for 'script'"
    )
    complaints: list[str] = []
    page = shop.context.new_page()
    page.on("console", lambda message: complaints.append(message.text))
    shop.visit("/", "<button>Buy</button>", page=page)
    page.click("button")
    shop.wait("Element Clicked")

    assert not [text for text in complaints if "favicon" not in text]
    assert {url.split("/")[2] for url in shop.requested} == {shop.url.split("/")[2], shop.collector.split("/")[2]}
    assert shop.context.cookies() == []


def test_first_party_under_a_path_of_the_shops_own(shop: Shop) -> None:
    shop.visit("/", tag=shop.tag(source=shop.collector + "/assets/shop"))
    shop.wait("page")
    shop.visit("/b", tag=shop.tag(f'data-sojourn-host="{shop.collector}/metrics"'))
    shop.wait("page", 1)
    shop.capture.wait(
        lambda: {sent.path for sent in shop.capture.requests} >= {"/assets/shop/v1/batch", "/metrics/v1/batch"}
    )


def test_an_event_that_is_no_json_is_a_warning_and_the_page_goes_on(shop: Shop) -> None:
    page = shop.visit("/")
    result = page.evaluate(
        "(() => { const loop = {}; loop.loop = loop; sojourn.track('Loop', loop); sojourn.track('Big', {n: 1n}); return 'alive' })()"
    )
    page.evaluate(count(1, 1))
    shop.capture.wait(lambda: numbers(shop) == [1])

    assert result == "alive"
    assert not shop.capture.named("Loop")


def test_a_page_that_breaks_after_loading_us_is_still_followed(shop: Shop) -> None:
    page = shop.visit("/", "<script>throw new Error('broken shop')</script><button>Buy</button>")
    page.click("button")

    shop.wait("Element Clicked")


@pytest.mark.parametrize(
    "there", ["<p id=sojourn>Sojourn</p>", "<script>sojourn = [7, ['track', 'Early'], null]</script>"]
)
def test_whatever_the_page_already_calls_by_our_name(shop: Shop, there: str) -> None:
    page = shop.visit("/", there + "<button>Buy</button>")
    page.click("button")

    shop.wait("Element Clicked")
    assert len(shop.capture.named("Early")) == ("Early" in there)


def test_a_key_is_needed(shop: Shop) -> None:
    shop.visit("/", tag=f'<script defer src="{shop.collector}/t.js"></script>').wait_for_timeout(500)

    assert not shop.capture.requests
