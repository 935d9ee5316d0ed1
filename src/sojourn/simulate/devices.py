"""What people use, and the robots that come too.

In: chance. Out: `Device` records with user agents in the form browsers and crawlers send them.
Never invents a person: who holds a device is decided elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from sojourn.simulate.dice import Weighted
from sojourn.simulate.rhythm import MINUTE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sojourn.simulate.dice import Dice

Kind = Literal["mobile", "desktop", "tablet", "tv"]


@dataclass(frozen=True, slots=True)
class Device:
    """One browser or app installation.

    Attributes:
        anonymous_id: The identifier it sends.
        kind: Its form.
        app: True when it is the shop's or service's own app.
        skew_ms: How far its clock is ahead of the true time.
        context: What every message from it carries: user agent, device, operating system, screen.
    """

    anonymous_id: str
    kind: Kind
    app: bool
    skew_ms: int
    context: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class _Model:
    kind: Kind
    os: str
    os_version: str
    browser: str
    agent: str
    screen: tuple[int, int]


_APPLE = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
_CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome"
_MODELS = {
    _Model("mobile", "iOS", "18.3", "Mobile Safari",
           f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_3 like Mac OS X) {_APPLE} Version/18.3 Mobile/15E148 Safari/604.1",
           (390, 844)): 24.0,
    _Model("mobile", "Android", "14", "Chrome Mobile",
           f"Mozilla/5.0 (Linux; Android 10; K) {_CHROME}/133.0.0.0 Mobile Safari/537.36", (412, 915)): 22.0,
    _Model("mobile", "Android", "14", "Samsung Internet",
           "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/27.0 "
           "Chrome/125.0.0.0 Mobile Safari/537.36", (384, 854)): 6.0,
    _Model("desktop", "Windows", "10", "Chrome",
           f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_CHROME}/133.0.0.0 Safari/537.36", (1920, 1080)): 22.0,
    _Model("desktop", "Windows", "10", "Edge",
           f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_CHROME}/133.0.0.0 Safari/537.36 Edg/133.0.0.0",
           (1536, 864)): 6.0,
    _Model("desktop", "macOS", "10.15.7", "Safari",
           f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {_APPLE} Version/18.3 Safari/605.1.15", (1440, 900)): 8.0,
    _Model("desktop", "Linux", "x86_64", "Firefox",
           "Mozilla/5.0 (X11; Linux x86_64; rv:135.0) Gecko/20100101 Firefox/135.0", (1920, 1080)): 5.0,
    _Model("tablet", "iPadOS", "17.6", "Safari",
           f"Mozilla/5.0 (iPad; CPU OS 17_6 like Mac OS X) {_APPLE} Version/17.6 Mobile/15E148 Safari/604.1",
           (820, 1180)): 7.0,
}  # fmt: skip
_TV = _Model("tv", "Tizen", "7.0", "Samsung TV",
             "Mozilla/5.0 (SMART-TV; LINUX; Tizen 7.0) AppleWebKit/537.36 (KHTML, like Gecko) 94.0.4606.31/7.0 TV "
             "Safari/537.36", (1920, 1080))  # fmt: skip
_BY_KIND: dict[Kind, Weighted[_Model]] = {
    kind: Weighted.of({model: share for model, share in _MODELS.items() if model.kind == kind})
    for kind in ("mobile", "desktop", "tablet")
}
_BY_KIND["tv"] = Weighted.of({_TV: 1.0})

# One clock in fifty is wrong: a little slow or fast, hours off (a wrong zone), or years (never set).
_SKEWS = Weighted.of(
    {0: 97.6, -4 * MINUTE: 0.8, 7 * MINUTE: 0.8, 120 * MINUTE: 0.5, -60 * MINUTE: 0.25, 2 * 365 * 1440 * MINUTE: 0.05}
)

BOT_AGENTS = (
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)",
    "Mozilla/5.0 (compatible; SemrushBot/7~bl; +http://www.semrush.com/bot.html)",
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
    "Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)",
)
"""User agents of crawlers that say what they are."""


def device(kind: Kind, dice: Dice, *, app: str | None = None, anonymous_id: str | None = None) -> Device:
    """A device of this kind, a common model more often.

    Args:
        kind: Its form.
        dice: Chance.
        app: Name of the app when it is one; None for a browser.
        anonymous_id: The identifier it sends; drawn when None.
    """
    model = dice.draw(_BY_KIND[kind])
    context: dict[str, object] = {
        "userAgent": model.agent,
        "device": {"type": model.kind, "browser": model.browser},
        "os": {"name": model.os, "version": model.os_version},
        "screen": {"width": model.screen[0], "height": model.screen[1]},
    }
    if app is not None:
        context["app"] = {"name": app, "version": dice.pick(("4.1.0", "4.2.0", "4.2.1"))}
    return Device(anonymous_id or dice.uuid(), kind, app is not None, dice.draw(_SKEWS), context)


def bot_device(dice: Dice) -> Device:
    """A crawler that names itself in its user agent."""
    context = {"userAgent": dice.pick(BOT_AGENTS), "screen": {"width": 1024, "height": 768}}
    return Device(dice.uuid(), "desktop", app=False, skew_ms=0, context=context)
