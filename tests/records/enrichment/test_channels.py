"""Each rule of the channel table by an example, in the order in which they are asked; and the page that says the same in words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sojourn.records.enrichment.channels import RULES, UNASSIGNED, channel_of
from sojourn.records.enrichment.clicks import CLICKS
from sojourn.records.enrichment.enriched import NAMES
from sojourn.records.enrichment.sites import BY_ALIAS, BY_HOST, BY_NAME, site_of, source_kind

PAGE = Path(__file__).parents[3] / "docs" / "channels.md"

CASES = [
    ("Direct", "(direct)", "(none)", ""),
    ("Direct", "(direct)", "(not set)", ""),
    ("Cross-network", "google", "cpc", "eu cross-network spring"),
    ("Paid Shopping", "amazon", "cpc", ""),
    ("Paid Shopping", "google", "ppc", "summer shopping"),
    ("Paid Shopping", "google", "cpc", "eu_shop_all"),
    ("Paid Search", "google", "cpc", ""),
    ("Paid Search", "www.bing.com", "paidsearch", ""),
    ("Paid Search", "google", "cpm", ""),
    ("Paid Search", "google", "retargeting", ""),
    ("Paid Social", "Facebook", "CPC", ""),
    ("Paid Social", "ig", "paid_social", ""),
    ("Paid Video", "youtube.com", "cpv-cpc", ""),
    ("Display", "somenetwork", "banner", ""),
    ("Display", "somenetwork", "cpm", ""),
    ("Paid Other", "somenetwork", "paid", ""),
    ("Paid Other", "newsletter", "ppc", ""),
    ("Organic Shopping", "etsy.com", "referral", ""),
    ("Organic Shopping", "partner", "flyer", "shop window"),
    ("Organic Social", "l.facebook.com", "referral", ""),
    ("Organic Social", "influencer", "social-media", ""),
    ("Organic Video", "vimeo", "referral", ""),
    ("Organic Video", "partner", "in-video", ""),
    ("Organic Search", "google", "organic", ""),
    ("Organic Search", "my-engine", "organic", ""),
    ("Organic Search", "duckduckgo", "referral", ""),
    ("Referral", "blog.example.org", "referral", ""),
    ("Referral", "partner", "app", ""),
    ("Email", "newsletter", "email", ""),
    ("Email", "e-mail", "(not set)", ""),
    ("Affiliates", "partner", "affiliate", ""),
    ("Audio", "podcast", "audio", ""),
    ("SMS", "sms", "(not set)", ""),
    ("SMS", "twilio", "sms", ""),
    ("Mobile Push Notifications", "app", "webpush", ""),
    ("Mobile Push Notifications", "app", "mobile", ""),
    ("Mobile Push Notifications", "app", "notification", ""),
    ("Mobile Push Notifications", "firebase", "(not set)", ""),
    (UNASSIGNED, "flyer", "qr", ""),
    (UNASSIGNED, "(not set)", "(not set)", ""),
    # An e is the only letter that may stand before shop, as in eshop.
    ("Paid Shopping", "google", "cpc", "eshop"),
    ("Paid Search", "google", "cpc", "workshop"),
]


@pytest.mark.parametrize(("channel", "source", "medium", "campaign"), CASES)
def test_a_visit_comes_by_its_channel(channel: str, source: str, medium: str, campaign: str) -> None:
    assert channel_of(source, medium, campaign) == channel


def test_every_rule_has_an_example() -> None:
    assert {rule.channel for rule in RULES} | {UNASSIGNED} == {case[0] for case in CASES}


def test_the_page_has_the_rules_in_their_order() -> None:
    rows = re.findall(r"^\| \d+ \| ([^|]+) \|", PAGE.read_text(), flags=re.MULTILINE)

    assert rows == [rule.channel for rule in RULES]


def test_the_page_lists_every_site_click_id_and_result() -> None:
    page = PAGE.read_text()
    listed = set(re.findall(r"`([^`]+)`", page))
    names = {name for names in BY_NAME.values() for name in names.split()}

    assert names <= listed
    assert BY_HOST.keys() <= listed
    assert BY_ALIAS.keys() <= listed
    assert {click.parameter for click in CLICKS} <= listed
    assert set(NAMES) <= listed


def test_no_site_is_of_two_kinds() -> None:
    names = [name for names in BY_NAME.values() for name in names.split()]

    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("host", "name", "kind"),
    [
        ("www.google.de", "google", "search"),
        ("www.google.co.uk", "google", "search"),
        ("mail.google.com", "gmail", "email"),
        ("gemini.google.com", "gemini", "assistant"),
        ("shopping.google.com", "google shopping", "shopping"),
        ("lm.facebook.com", "facebook", "social"),
        ("t.co", "twitter", "social"),
        ("uk.search.yahoo.com", "yahoo", "search"),
        ("google.evil.example.com", "google.evil.example.com", None),
        ("notgoogle.com", "notgoogle.com", None),
        ("www.example.org", "example.org", None),
        ("localhost", "localhost", None),
    ],
)
def test_a_host_belongs_to_a_site(host: str, name: str, kind: str | None) -> None:
    assert site_of(host) == (name, kind)


def test_a_source_is_known_by_name_alias_or_host() -> None:
    assert [source_kind(source) for source in ("Google", "fb", "m.youtube.com", "bluesky", "newsletter", "")] == [
        "search", "social", "video", "social", None, None,
    ]  # fmt: skip
