"""What one event tells about page, channel and device, in the shapes clients send it."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.records.enrichment.enriched import NAMES, enriched

SHOP = "https://shop.example.com"


def arrival(url: str, referrer: str = "", **campaign: str) -> tuple[str | None, ...]:
    found = enriched({"page": {"url": url, "referrer": referrer}, "campaign": campaign}, {})
    return found.get("channel"), found.get("source"), found.get("medium")


@pytest.mark.parametrize(
    ("url", "referrer", "channel", "source", "medium"),
    [
        ("/", "", "Direct", "(direct)", "(none)"),
        ("/", "$direct", "Direct", "(direct)", "(none)"),
        ("/", "https://www.google.de/", "Organic Search", "google", "organic"),
        ("/", "https://www.google.co.uk/search?q=shoes", "Organic Search", "google", "organic"),
        ("/", "https://l.instagram.com/", "Organic Social", "instagram", "referral"),
        ("/", "https://blog.example.org/review", "Referral", "blog.example.org", "referral"),
        ("/", "https://chatgpt.com/", "Referral", "chatgpt", "referral"),
        ("/?gclid=1", "https://www.google.com/", "Paid Search", "google", "cpc"),
        ("/?gclid=1", "", "Paid Search", "google", "cpc"),
        ("/?fbclid=1", "", "Organic Social", "facebook", "social"),
        ("/?ttclid=1", "", "Paid Social", "tiktok", "cpc"),
        ("/?mc_eid=1", "", "Email", "mailchimp", "email"),
        ("/?awc=1", "", "Affiliates", "awin", "affiliate"),
        ("/?utm_source=newsletter&utm_medium=email", "https://www.google.com/", "Email", "newsletter", "email"),
        ("/?utm_source=fb&gclid=1", "", "Paid Social", "fb", "cpc"),
        ("/?utm_source=newsletter", "", "Unassigned", "newsletter", "(not set)"),
        ("/?utm_campaign=cross-network", "https://www.google.com/", "Cross-network", "google", "(not set)"),
        ("/cart", f"{SHOP}/", None, None, None),
        ("/cart", "https://example.com/", None, None, None),
    ],
)
def test_where_a_visitor_came_from(
    url: str, referrer: str, channel: str | None, source: str | None, medium: str | None
) -> None:
    assert arrival(SHOP + url, referrer) == (channel, source, medium)


def test_a_campaign_the_client_read_counts_like_one_in_the_address() -> None:
    assert arrival(f"{SHOP}/", source="google", medium="cpc", name="spring") == ("Paid Search", "google", "cpc")
    found = enriched(
        {"page": {"url": f"{SHOP}/"}, "campaign": {"source": "a", "medium": "cpc", "name": "spring", "term": "x"}}, {}
    )
    assert (found["campaign"], found["term"]) == ("spring", "x")


def test_an_event_without_a_page_says_nothing_of_a_channel() -> None:
    assert enriched({}, {"revenue": 3}) == {}
    assert enriched({"userAgent": "curl/8"}, {}).get("channel") is None


def test_an_access_logs_line_tells_by_its_columns() -> None:
    found = enriched(
        {}, {"path": "/a/", "query": "utm_source=news&utm_medium=email", "referrer": "https://www.bing.com/"}
    )

    assert (found["path"], found["channel"], found["referrer_host"], found["referrer_kind"]) == (
        "/a", "Email", "www.bing.com", "search",
    )  # fmt: skip


def test_an_access_log_cannot_tell_its_own_site_from_one_that_nobody_listed() -> None:
    assert "channel" not in enriched({}, {"path": "/cart", "referrer": "https://shop.example.com/"})
    assert enriched({}, {"url": f"{SHOP}/", "referrer": "https://blog.example.net/"})["channel"] == "Referral"


def test_posthogs_names_are_read_too() -> None:
    found = enriched(
        {}, {"$current_url": f"{SHOP}/a?gclid=1", "$referrer": "https://www.google.com/", "$device_type": "Desktop", "$browser": "Chrome", "$os": "Linux"}
    )  # fmt: skip

    assert (found["path"], found["channel"], found["click_id"]) == ("/a", "Paid Search", "gclid")
    assert (found["device"], found["browser"], found["os"]) == ("desktop", "Chrome", "Linux")


def test_an_app_knows_its_device_better_than_its_user_agent() -> None:
    found = enriched(
        {"userAgent": "okhttp/4", "device": {"type": "android", "manufacturer": "Samsung", "model": "SM-S911B"}, "os": {"name": "Android", "version": "14"}},
        {},
    )  # fmt: skip

    assert (found["device"], found["device_brand"], found["os"], found["os_version"]) == (
        "mobile",
        "Samsung",
        "Android",
        "14",
    )


def test_the_address_comes_back_in_normal_form() -> None:
    found = enriched({"page": {"url": "HTTPS://Shop.Example.com:443/a/?id=1&utm_source=x#top"}}, {})

    assert (found["url"], found["host"], found["path"]) == (f"{SHOP}/a?id=1", "shop.example.com", "/a")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.sampled_from(["https://a.b/?gclid=1", "https://[", "%zz", "http://a:b:c"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["url", "referrer", "page", "campaign", "source", "device", "os", "type", "userAgent", "search", "query", "$referrer", "utm_source"]), inner, max_size=6),
    max_leaves=12,
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(["page", "campaign", "userAgent", "device", "os", "userAgentData"]), JSON, max_size=5), st.dictionaries(st.sampled_from(["url", "referrer", "path", "query", "search", "user_agent"]), JSON, max_size=5))  # fmt: skip
def test_whatever_comes_the_results_are_named_texts(context: dict[str, Any], properties: dict[str, Any]) -> None:
    found = enriched(context, properties)

    assert found.keys() <= set(NAMES)
    assert {type(value) for value in found.values()} <= {str}
    assert all(found.values())
    assert len({"channel", "source", "medium"} & found.keys()) in {0, 3}


def test_importing_the_room_reads_no_patterns() -> None:
    """They take a second; the collector and a question never need them."""
    code = "import sys, sojourn, sojourn.records.enrichment.enriched; sys.exit(any(n.startswith('ua_parser') for n in sys.modules))"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_collector_does_not_know_the_room() -> None:
    code = "import sys, sojourn.api.collector; sys.exit(any('enrichment' in n for n in sys.modules))"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
