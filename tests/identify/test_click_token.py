"""A signed link of a message: what it shows of who clicked, and all the clicks that show nothing."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.identify.actor import actor_id
from sojourn.identify.click_token import (
    LIFE_US,
    BadToken,
    Click,
    Seen,
    Token,
    Verdict,
    is_scanner,
    judge,
    read,
    recipient,
    sign,
)
from sojourn.identify.link import Actor, Evidence, links_of
from sojourn.records.event import Event

SECRET = bytes(range(32))
NOW = 1_700_000_000_000_000
SECOND = 1_000_000
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"
TOKEN = Token("0123456789abcdef" * 2, "mail 7", "email", "anna@example.org", "https://shop.example/sale?x=1", NOW)


def click(**more: object) -> Click:
    return msgspec.structs.replace(Click("GET", FIREFOX, "d1", NOW + SECOND), **more)


def test_what_was_signed_is_read_again() -> None:
    assert read(sign(TOKEN, SECRET), SECRET) == TOKEN


def test_a_token_does_not_tell_who_was_written_to() -> None:
    """It passes through mail servers, browser histories and the logs of proxies."""
    import base64

    text = sign(TOKEN, SECRET)
    body = text.rpartition(".")[0]

    assert b"anna" not in base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
    other = sign(msgspec.structs.replace(TOKEN, id="f" * 32), SECRET)
    assert other[:40] != text[:40]


@given(st.integers(0, 10_000), st.characters(codec="ascii"))
def test_a_changed_token_is_refused(place: int, letter: str) -> None:
    text = sign(TOKEN, SECRET)
    changed = text[: place % len(text)] + letter + text[place % len(text) + 1 :]
    if changed != text:
        with pytest.raises(BadToken, match="copy all of it"):
            read(changed, SECRET)


@pytest.mark.parametrize("text", ["", ".", "a.b", "\u2603", "e30." + "A" * 40])
def test_what_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(BadToken):
        read(text, SECRET)


def test_another_folder_s_token_is_refused() -> None:
    with pytest.raises(BadToken):
        read(sign(TOKEN, bytes(32)), SECRET)


@pytest.mark.parametrize("target", ["javascript:alert(1)", "//evil.example", "", "ftp://x.example/", "https://"])
def test_a_target_that_is_no_page_is_not_signed(target: str) -> None:
    with pytest.raises(BadToken, match="http or https"):
        sign(msgspec.structs.replace(TOKEN, target=target), SECRET)


def test_the_first_device_is_linked() -> None:
    assert judge(TOKEN, click(), Seen()) is Verdict.LINKS
    assert judge(TOKEN, click(), Seen(first_device="d1")) is Verdict.LINKS


def test_a_forwarded_mail_links_no_second_device() -> None:
    assert judge(TOKEN, click(device="d2"), Seen(first_device="d1")) is Verdict.OTHER_DEVICE


def test_a_device_of_a_known_user_is_never_linked() -> None:
    """Somebody forwards a newsletter to a friend who has an account."""
    assert judge(TOKEN, click(), Seen(device_has_user=True)) is Verdict.KNOWN_USER


def test_a_token_shows_nothing_after_fourteen_days_nor_before_it_was_made() -> None:
    assert judge(TOKEN, click(time=NOW + LIFE_US), Seen()) is Verdict.LINKS
    assert judge(TOKEN, click(time=NOW + LIFE_US + 1), Seen()) is Verdict.EXPIRED
    assert judge(TOKEN, click(time=NOW - 1), Seen()) is Verdict.EXPIRED


def test_a_browser_that_refuses_to_be_recognised_is_not() -> None:
    assert judge(TOKEN, click(device=None), Seen()) is Verdict.NO_DEVICE


def test_a_pixel_links_nobody() -> None:
    """Mail programs load it through proxies."""
    pixel = msgspec.structs.replace(TOKEN, purpose="open", target="")

    assert judge(read(sign(pixel, SECRET), SECRET), click(), Seen()) is Verdict.NOT_A_CLICK


@pytest.mark.parametrize(
    ("method", "agent"),
    [
        ("HEAD", FIREFOX),
        ("POST", FIREFOX),
        ("GET", None),
        ("GET", ""),
        ("GET", "Barracuda Sentinel (EE)"),
        ("GET", "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"),
        ("GET", "Mozilla/4.0 (compatible; ms-office; MSOffice 16)"),
        ("GET", "python-requests/2.31"),
    ],
)
def test_scanners_of_mails_are_no_people(method: str, agent: str | None) -> None:
    assert judge(TOKEN, click(method=method, user_agent=agent), Seen()) is Verdict.SCANNER


def test_three_links_of_a_message_within_ten_seconds_are_a_scanner() -> None:
    """With a browser's user agent too; a person may click two."""
    near = [NOW + 2 * SECOND, NOW + 5 * SECOND]

    assert is_scanner(click(), near)
    assert not is_scanner(click(), near[:1])
    assert not is_scanner(click(), [NOW - 60 * SECOND, NOW + 60 * SECOND])


def test_a_click_that_links_is_a_claim() -> None:
    """The event names the recipient as clicked; whoever forwards a mail proves nothing."""
    event = Event(
        "mail", "m1", type="track", event="Email Link Clicked", time=NOW, received_at=NOW, anonymous_id="d1",
        external_ids=(recipient(TOKEN),), proven=True,
    )  # fmt: skip

    def number(actor: Actor) -> int:
        return actor_id(SECRET, actor.kind, actor.value)

    [link] = links_of(event, number)

    assert (link.evidence, link.proven) == (Evidence.SIGNED_CLICK, False)
    ends = {number(Actor("anonymous", "d1")), number(Actor("email", "anna@example.org"))}
    assert {link.one, link.other} == ends
