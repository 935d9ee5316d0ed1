"""Signed tokens in the links of messages: who was written to, for a short time, for the first device that comes.

In: a recipient, a target, the installation's secret; a click. Out: a token; where the click goes, and what it may show.
Never stores anything: who keeps which device came first passes it in. The recipient cannot be read from a token, which
passes through mail servers, histories and logs. docs/methods/identity.md
"""

from __future__ import annotations

import base64
import binascii
import enum
import hashlib
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

import msgspec
from itsdangerous import BadSignature, Signer

from sojourn.identify.link import CLICKED
from sojourn.records.bots import is_bot
from sojourn.records.errors import SojournError

if TYPE_CHECKING:
    from collections.abc import Sequence

Purpose = Literal["click", "open"]
LIFE_US = 14 * 86_400_000_000
"""A token shows who was written to for 14 days; its target is reached for ever."""
SCAN_WINDOW_US = 10_000_000
SCAN_LINKS = 3
"""Whoever follows so many links of one message within ten seconds is a scanner of mails."""
_NONCE = 16
_BLOCK = 64
_SCANNERS = (
    "barracuda", "mimecast", "proofpoint", "safelinks", "microsoft office", "ms-office", "googleimageproxy", "symantec",
    "trend micro", "fireeye", "sophos", "forcepoint", "cisco", "ironport", "zscaler", "urlscan", "virustotal",
    "slackbot", "whatsapp", "telegrambot", "skypeuripreview", "python-requests", "okhttp", "curl/", "wget/", "go-http-client",
    "headlesschrome", "yahoomailproxy", "mailscanner",
)  # fmt: skip


class BadToken(SojournError):
    """The token of a link is not one that was made here, or was changed."""


class Token(msgspec.Struct, frozen=True):
    """What a link of a message says, signed.

    Attributes:
        id: The token's own name: 32 hexadecimal digits. It tells tokens apart and opens no page.
        message: The message that it is in; scanners are told by how many of its links they follow.
        kind: What the recipient is known by: `user` or `email`.
        value: That identifier.
        target: Where the link goes; empty for a pixel that tells of opening.
        issued: When it was made, microseconds UTC.
        purpose: `click` for a link, `open` for a pixel.
    """

    id: str
    message: str
    kind: Literal["user", "email"]
    value: str
    target: str
    issued: int
    purpose: Purpose = "click"


class Click(msgspec.Struct, frozen=True):
    """Somebody followed a link.

    Attributes:
        method: Of the HTTP request.
        user_agent: As it came; None when none came.
        device: The anonymous id of the browser; None when it has none, or refuses to be recognised.
        time: When it arrived, microseconds UTC.
    """

    method: str
    user_agent: str | None
    device: str | None
    time: int


class Seen(msgspec.Struct, frozen=True):
    """What is known when a link is followed, from whoever keeps it.

    Attributes:
        first_device: The device that came first with this token; None when none did.
        device_has_user: Whether a known user was ever seen on the device of this click.
        recent: Times of other clicks on links of the same message, microseconds UTC.
    """

    first_device: str | None = None
    device_has_user: bool = False
    recent: Sequence[int] = ()


class Verdict(enum.StrEnum):
    """What a click shows, and why it shows nothing."""

    LINKS = "links"
    SCANNER = "scanner"
    EXPIRED = "expired"
    OTHER_DEVICE = "other device"
    KNOWN_USER = "known user"
    NO_DEVICE = "no device"
    NOT_A_CLICK = "not a click"


def sign(token: Token, secret: bytes) -> str:
    """A token as text for a URL.

    Args:
        token: What it says; its target is signed with it.
        secret: The folder's.

    Raises:
        BadToken: The target is no http or https address, or a click has none.
    """
    parts = urlsplit(token.target)
    if token.purpose == "click" and (parts.scheme not in ("http", "https") or not parts.hostname):
        raise BadToken(f"expected an http or https address as the target, got {token.target!r}")
    nonce = bytes.fromhex(token.id)
    if len(nonce) != _NONCE:
        raise BadToken(f"expected an id of {2 * _NONCE} hexadecimal digits, got {token.id!r}")
    hidden = _veiled(msgspec.json.encode(token), nonce, secret)
    return _signer(secret).sign(base64.urlsafe_b64encode(nonce + hidden).rstrip(b"=")).decode()


def read(text: str, secret: bytes) -> Token:
    """The token that a URL carries.

    Raises:
        BadToken: It was not signed here, or was changed; nothing of it may be followed.
    """
    try:
        coded = _signer(secret).unsign(text.encode())
        body = base64.urlsafe_b64decode(coded + b"=" * (-len(coded) % 4))
        return msgspec.json.decode(_veiled(body[_NONCE:], body[:_NONCE], secret), type=Token)
    except (BadSignature, binascii.Error, UnicodeError, msgspec.MsgspecError) as error:
        raise BadToken("the link is not whole; copy all of it from the message") from error


def judge(token: Token, click: Click, seen: Seen) -> Verdict:
    """What a click shows of who clicked. Where it goes to does not depend on it: the target is always reached.

    Args:
        token: Read from the URL.
        click: Who came.
        seen: What is known before this click.

    Returns:
        `Verdict.LINKS` when the device and the recipient may be linked, as a claim: mails are forwarded.
    """
    if token.purpose != "click":
        return Verdict.NOT_A_CLICK
    if is_scanner(click, seen.recent):
        return Verdict.SCANNER
    if click.device is None:
        return Verdict.NO_DEVICE
    if not 0 <= click.time - token.issued <= LIFE_US:
        return Verdict.EXPIRED
    if seen.first_device not in (None, click.device):
        return Verdict.OTHER_DEVICE
    return Verdict.KNOWN_USER if seen.device_has_user else Verdict.LINKS


def is_scanner(click: Click, recent: Sequence[int]) -> bool:
    """Whether a program looked at the link, and no person.

    Args:
        click: Who came: programs ask with other methods than GET, without a user agent, or say who they are.
        recent: Times of other clicks on links of the same message.
    """
    agent = (click.user_agent or "").lower()
    if click.method.upper() != "GET" or not agent or is_bot(agent) or any(name in agent for name in _SCANNERS):
        return True
    return 1 + sum(abs(click.time - time) < SCAN_WINDOW_US for time in recent) >= SCAN_LINKS


def recipient(token: Token) -> tuple[str, str]:
    """The recipient as an external id of the event of a click that links: `identify.link` reads it as a signed click."""
    return f"{CLICKED}{token.kind}", token.value


def _signer(secret: bytes) -> Signer:
    # Signed with a key of its own: a token must not be good for a person's page, nor a page's for a token.
    return Signer(_key(secret, b"click token signature"), digest_method=hashlib.sha256, key_derivation="hmac")


def _veiled(content: bytes, nonce: bytes, secret: bytes) -> bytes:
    """Content under the stream of a keyed hash over the nonce and a counter; doing it twice gives it back."""
    key = _key(secret, b"click token content")
    blocks = range(-(-len(content) // _BLOCK))
    stream = b"".join(hashlib.blake2b(nonce + block.to_bytes(8, "little"), key=key).digest() for block in blocks)
    return bytes(a ^ b for a, b in zip(content, stream, strict=False))


def _key(secret: bytes, use: bytes) -> bytes:
    return hashlib.blake2b(use, key=secret, digest_size=32).digest()
