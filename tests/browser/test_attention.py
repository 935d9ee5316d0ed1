"""How far a page was read and how long somebody was there; videos; errors."""

from __future__ import annotations

import io
import struct
import wave
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.conftest import Shop

pytestmark = pytest.mark.long

LONG = "<p style='height: 4000px; margin: 0'>long</p>"


def hide(page: Page, *, hidden: bool = True) -> None:
    """What a page sees when another tab comes to the front."""
    page.evaluate(
        """(hidden) => { Object.defineProperty(document, 'hidden', {value: hidden, configurable: true});
        Object.defineProperty(document, 'visibilityState', {value: hidden ? 'hidden' : 'visible', configurable: true});
        document.dispatchEvent(new Event('visibilitychange', {bubbles: true})) }""",
        hidden,
    )


def test_each_quarter_of_a_page_is_told_once(shop: Shop) -> None:
    page = shop.visit("/", LONG)
    for part in (0.3, 0.2, 0.5, 1):
        page.evaluate("(part) => scrollTo(0, 4000 * part - innerHeight)", part)
        page.wait_for_timeout(100)
    shop.wait("Page Scrolled", 3)

    assert [told["scroll_depth_percent"] for told in shop.capture.named("Page Scrolled")] == [25, 50, 100]


def test_leaving_tells_the_engaged_time_and_the_depth(shop: Shop) -> None:
    shop.put("/other")
    page = shop.visit("/", LONG)
    page.wait_for_timeout(1200)
    page.evaluate("scrollTo(0, 2000 - innerHeight)")
    page.wait_for_timeout(300)
    page.goto(shop.url + "/other")

    (told,) = shop.wait("Page Engaged")
    assert told["scroll_depth_percent"] == 50
    assert 1.4 <= told["engaged_s"] < 6


def test_time_counts_only_while_the_page_is_visible(shop: Shop) -> None:
    page = shop.visit("/")
    page.wait_for_timeout(700)
    hide(page)
    (first,) = shop.wait("Page Engaged")
    page.wait_for_timeout(2500)
    hide(page, hidden=False)
    page.wait_for_timeout(600)
    hide(page)

    _, second = shop.wait("Page Engaged", 2)
    assert first["engaged_s"] >= 0.6
    assert 0.5 <= second["engaged_s"] < 2


def test_time_stops_fifteen_seconds_after_the_last_sign_of_life(shop: Shop) -> None:
    page = shop.context.new_page()
    page.clock.install()
    page = shop.visit("/", page=page)
    page.clock.run_for(10_000)
    page.mouse.move(5, 5)
    page.clock.run_for(60_000)
    hide(page)
    page.clock.run_for(1_000)

    assert 25 <= shop.wait("Page Engaged")[0]["engaged_s"] < 26


def sound(seconds: float) -> str:
    """A WAV file, which a video element plays, too."""
    file = io.BytesIO()
    with wave.open(file, "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(8000)
        written.writeframes(struct.pack("<h", 0) * int(8000 * seconds))
    return file.getvalue().decode("latin-1")


def test_a_video_from_its_start_to_its_end(shop: Shop) -> None:
    shop.pages["/film.wav"] = sound(2)
    page = shop.visit("/", '<video id=film title="A film" src="/film.wav?token=1"></video>')
    page.evaluate("film.play()")
    page.wait_for_timeout(900)
    page.evaluate("film.pause()")
    shop.wait("Video Playback Paused")
    page.evaluate("film.play()")
    (end,) = shop.wait("Video Playback Completed")

    names = [message["event"] for message in shop.capture.kept if message.get("event", "").startswith("Video")]
    assert names == [
        "Video Playback Started",
        "Video Playback Paused",
        "Video Playback Resumed",
        "Video Playback Completed",
    ]
    (start,) = shop.capture.named("Video Playback Started")
    assert (start["content_asset_id"], start["title"], start["total_length"], start["position"]) == (
        "film",
        "A film",
        2,
        0,
    )
    assert end["session_id"] == start["session_id"]
    assert end["watch_time_s"] == 2


def test_skipping_is_not_watching(shop: Shop) -> None:
    shop.pages["/film.wav"] = sound(60)
    shop.put("/other")
    page = shop.visit("/", "<video id=film src=/film.wav></video>")
    page.evaluate("film.play()")
    page.wait_for_timeout(700)
    page.evaluate("film.currentTime = 50")
    page.wait_for_timeout(1200)
    page.goto(shop.url + "/other")

    (left,) = shop.wait("Video Playback Exited")
    assert left["position"] >= 50
    assert 1 <= left["watch_time_s"] <= 4
    assert not shop.capture.named("Video Playback Paused")


def test_every_ten_watched_seconds_are_told(shop: Shop) -> None:
    shop.pages["/film.wav"] = sound(60)
    page = shop.visit("/", "<video id=film src=/film.wav></video>")
    page.evaluate("film.playbackRate = 4; film.play()")

    first, second = shop.wait("Video Content Playing", 2)[:2]
    assert 10 <= first["watch_time_s"] < 13
    assert 20 <= second["watch_time_s"] < 25


def test_a_silent_loop_is_decoration(shop: Shop) -> None:
    shop.pages["/film.wav"] = sound(1)
    page = shop.visit("/", "<video id=film muted loop autoplay src=/film.wav></video>")
    page.wait_for_timeout(1500)
    page.evaluate("sojourn.track('Last')")
    shop.wait("Last")

    assert not [message for message in shop.capture.kept if "Video" in message.get("event", "")]


def test_an_error_of_the_page_is_told_once_without_what_may_be_somebodys(shop: Shop) -> None:
    page = shop.visit("/")
    page.evaluate("for (let i = 0; i < 3; i++) setTimeout(() => { throw new Error('no stock for anna@example.com') })")
    page.evaluate("void Promise.reject(new Error('too late')); void Promise.reject()")
    shop.wait("Error Occurred", 3)

    first, second, third = shop.capture.named("Error Occurred")
    assert first["message"] == "Uncaught Error: no stock for …"
    assert first["kind"] == "error"
    assert (second["message"], second["kind"]) == ("too late", "unhandledrejection")
    assert third["message"] == "undefined"


def test_a_page_with_a_thousand_errors_sends_ten(shop: Shop) -> None:
    page = shop.visit("/")
    page.evaluate("for (let i = 0; i < 1000; i++) dispatchEvent(new ErrorEvent('error', {message: 'error ' + i}))")
    page.evaluate("sojourn.track('Last')")
    shop.wait("Last")

    assert len(shop.capture.named("Error Occurred")) == 10
