"""What a user agent tells: kind of device, make and model, browser, operating system.

In: a user agent, and the client hints a browser sent beside it. Out: `Agent`. Never guesses: what it does not say is None.
An iPad that asks for desktop sites says it is a Mac, and counts as one.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from ua_parser import Parser

DeviceKind = Literal["mobile", "tablet", "desktop", "tv", "console", "watch", "bot"]
_LONGEST = 1000
"""Longer ones are cut: no browser's is, and patterns take time by length."""
_OTHER = "Other"
_TV = re.compile(r"smart-?tv|hbbtv|appletv|apple tv|googletv|android tv|\btv\b|bravia|roku|crkey|webos|tizen.*tv|aft[a-z]+ build", re.IGNORECASE)  # fmt: skip
_CONSOLE = re.compile(r"playstation|xbox|nintendo", re.IGNORECASE)
_WATCH = re.compile(r"watch ?os|apple ?watch|wear ?os|\bsm-r\d", re.IGNORECASE)
_TABLET = re.compile(r"ipad|tablet|kindle|silk/|playbook", re.IGNORECASE)
_DESKTOPS = ("Windows", "Mac OS X", "macOS", "Chrome OS", "Linux", "Ubuntu", "Fedora", "Debian", "FreeBSD", "OpenBSD")
_NO_MAKE = ("Generic", "Spider")


class Agent(NamedTuple):
    """What a user agent says.

    Attributes:
        device: Kind of device.
        device_brand: Make.
        device_model: Model.
        browser: Browser, or the app it is.
        browser_version: Its major version.
        os: Operating system.
        os_version: Major and minor version.
    """

    device: DeviceKind | None = None
    device_brand: str | None = None
    device_model: str | None = None
    browser: str | None = None
    browser_version: str | None = None
    os: str | None = None
    os_version: str | None = None


@lru_cache(maxsize=50_000)
def read_agent(user_agent: str) -> Agent:
    """What one user agent says; an empty `Agent` for an empty text."""
    text = user_agent.strip()[:_LONGEST]
    if not text:
        return Agent()
    found = _parser().parse(text)
    browser, system, device = found.user_agent, found.os, found.device
    family = _known(system.family if system else None)
    brand = _known(device.brand if device else None)
    version = [part for part in (system.major, system.minor) if part] if system else []
    return Agent(
        device=_kind(text, family, spider=device is not None and device.family == "Spider"),
        device_brand=None if brand is None or brand.startswith(_NO_MAKE) else brand,
        device_model=_known(device.model) if device and brand and not brand.startswith(_NO_MAKE) else None,
        browser=_known(browser.family if browser else None),
        browser_version=browser.major if browser else None,
        os=family,
        os_version=".".join(version) or None,
    )


def _kind(text: str, system: str | None, *, spider: bool) -> DeviceKind | None:
    if spider:
        return "bot"
    for pattern, kind in _SAID:
        if pattern.search(text):
            return kind
    if system == "Android":
        # Tablets leave the word out, as Google asks makers to.
        return "mobile" if "mobile" in text.lower() else "tablet"
    if system == "iOS" or "mobile" in text.lower():
        return "mobile"
    return "desktop" if system is not None and system.startswith(_DESKTOPS) else None


_SAID: tuple[tuple[re.Pattern[str], DeviceKind], ...] = (
    (_CONSOLE, "console"),
    (_WATCH, "watch"),
    (_TABLET, "tablet"),
    (_TV, "tv"),
)
"""What a user agent says by itself, the surest first."""


def _known(text: str | None) -> str | None:
    return None if text in (None, "", _OTHER) else text


@cache
def _parser() -> Parser:
    # The patterns take a second to compile, which nobody pays who asks for no user agent.
    from ua_parser import Parser  # noqa: PLC0415  (heavy)
    from ua_parser.loaders import load_builtins  # noqa: PLC0415  (heavy)
    from ua_parser.regex import Resolver  # noqa: PLC0415  (heavy)

    return Parser(Resolver(load_builtins()))
