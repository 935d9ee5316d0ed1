"""User agents as browsers send them, and what they tell."""

from __future__ import annotations

import pytest

from sojourn.records.enrichment.agents import Agent, read_agent

WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0"


@pytest.mark.parametrize(
    ("agent", "device", "browser", "system"),
    [
        (f"Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) {WEBKIT} Version/17.4 Mobile/15E148 Safari/604.1", "mobile", "Mobile Safari", "iOS"),
        (f"Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) {WEBKIT} Version/16.6 Mobile/15E148 Safari/604.1", "tablet", "Mobile Safari", "iOS"),
        (f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {WEBKIT} Version/17.4 Safari/605.1.15", "desktop", "Safari", "Mac OS X"),
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROME} Safari/537.36", "desktop", "Chrome", "Windows"),
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROME} Safari/537.36 Edg/124.0.0.0", "desktop", "Edge", "Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0", "desktop", "Firefox", "Linux"),
        (f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {CHROME} Safari/537.36", "desktop", "Chrome", "Chrome OS"),
        (f"Mozilla/5.0 (Linux; Android 10; K) {CHROME} Mobile Safari/537.36", "mobile", "Chrome Mobile", "Android"),
        (f"Mozilla/5.0 (Linux; Android 14; SM-X710) {CHROME} Safari/537.36", "tablet", "Chrome", "Android"),
        (f"Mozilla/5.0 (SMART-TV; Linux; Tizen 6.0) {CHROME} TV Safari/537.36", "tv", "Chrome", "Tizen"),
        (f"Mozilla/5.0 (PlayStation; PlayStation 5/2.26) {WEBKIT} Version/13.0 Safari/605.1.15", "console", None, None),
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "bot", "Googlebot", None),
        ("python-requests/2.31.0", None, "Python Requests", None),
        ("", None, None, None),
    ],
)  # fmt: skip
def test_a_user_agent_tells(agent: str, device: str | None, browser: str | None, system: str | None) -> None:
    found = read_agent(agent)

    assert found.device == device
    if browser:
        assert found.browser == browser
    if system:
        assert found.os == system


def test_make_model_and_versions() -> None:
    found = read_agent(
        f"Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) {WEBKIT} Version/17.4 Mobile/15E148 Safari/604.1"
    )

    assert found == Agent("mobile", "Apple", "iPhone", "Mobile Safari", "17", "iOS", "17.4")


def test_a_make_nobody_named_is_none() -> None:
    found = read_agent(f"Mozilla/5.0 (Linux; Android 14; SM-X710) {CHROME} Safari/537.36")

    assert (found.device_brand, found.device_model) == (None, None) or found.device_brand == "Samsung"


def test_what_was_read_once_is_not_read_again() -> None:
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0 once"
    read_agent(agent)
    before = read_agent.cache_info().hits

    assert read_agent(agent) is read_agent(agent)
    assert read_agent.cache_info().hits == before + 2


def test_a_very_long_user_agent_is_read_as_far_as_browsers_go() -> None:
    assert read_agent("Mozilla/5.0 (Windows NT 10.0) " + "x" * 1_000_000).os == "Windows"
