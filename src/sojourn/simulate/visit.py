"""One session on one device, acted out call by call.

In: a person, a device, the way they came, a start time. Out: messages, in the order things happen.
Never decides what happens next: the worlds do, this keeps the clock, the page and the identifiers right.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from sojourn.simulate.channels import DIRECT, campaign_context, landing_query
from sojourn.simulate.messages import LONGEST_DELAY, Message, encode
from sojourn.simulate.rhythm import DAY, HOUR, MINUTE, SECOND

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sojourn.simulate.channels import Channel
    from sojourn.simulate.devices import Device
    from sojourn.simulate.people import Person

_OFFLINE_SHARE = {"mobile": 0.025, "tablet": 0.02, "desktop": 0.003, "tv": 0.0}
_LONGEST_WAIT_S = 240.0
_ENGAGED_FROM_S = 10.0  # a tag reports engagement only after ten seconds, so a quick look leaves one message
_ENGAGEMENT_SHARE = 0.3  # the others close the page before the tag can say so


class Visit:
    """A session that is going on.

    Attributes:
        now_ms: Time of the last thing that happened.
        pages: Pages or screens seen so far.
    """

    __slots__ = (
        "_base",
        "_context",
        "_delay",
        "_device",
        "_name",
        "_path",
        "_since",
        "_site",
        "now_ms",
        "pages",
        "person",
    )

    def __init__(self, person: Person, device: Device, *, site: str, at_ms: int, bot: bool = False) -> None:
        self.person = person
        self.now_ms = at_ms
        self.pages = 0
        self._device = device
        self._site = site
        self._path = ""
        self._name = ""
        self._since = at_ms
        # A phone in a tunnel: the whole session waits, hours or days, until there is a network again.
        offline = person.dice.chance(_OFFLINE_SHARE[device.kind]) and not bot
        self._delay = min(int(person.dice.lognormal(5 * HOUR, 1.0)), LONGEST_DELAY) if offline else 0
        library = "simulated-app" if device.app else "simulated-web"
        self._base: dict[str, object] = {"library": {"name": library, "version": "1.0"}, **device.context}
        self._base |= {"locale": person.place.locale, "timezone": person.place.timezone, "ip": person.address}
        self._context = msgspec.Raw(encode(self._base))
        person.anonymous_ids.setdefault(device.anonymous_id)

    @property
    def signed_in(self) -> bool:
        """Whether the account is signed in on this device."""
        return self._device.anonymous_id in self.person.signed_in

    @property
    def app(self) -> bool:
        """Whether this happens in an app."""
        return self._device.app

    def wait(self, median_s: float, *, sigma: float = 0.7, most_s: float = _LONGEST_WAIT_S) -> float:
        """Let time pass, lognormal around a median and never more than `most_s`; the seconds it took."""
        seconds = min(0.2 + self.person.dice.lognormal(median_s, sigma), most_s)
        self.now_ms += int(seconds * SECOND)
        return seconds

    def land(self, channel: Channel, name: str, path: str, **properties: object) -> None:
        """The first page: its address carries the campaign, its referrer the site before."""
        tally = self.person.post.tally.visits
        key = ((self.now_ms - self.person.post.period.start_ms) // DAY, channel.campaign or channel.name)
        tally[key] = tally.get(key, 0) + 1
        campaign = campaign_context(channel)
        if campaign is not None:
            self._base["campaign"] = campaign
        query = landing_query(channel, self.person.dice)
        self._page(name, path, query, channel.referrer, {**properties, "channel": channel.name})
        self._base.pop("campaign", None)

    def page(self, name: str, path: str, *, search: str = "", **properties: object) -> None:
        """Look at another page (or screen, in an app)."""
        self._leave_page()
        referrer = f"https://{self._site}{self._path}" if self._path else ""
        self._page(name, path, search, referrer, properties)

    def track(self, event: str, /, **properties: object) -> bool:
        """Something happens on the page; False when the period is over."""
        return self._send(Message("track", "", event=event, properties=properties))

    def sign_in(self, traits: Mapping[str, object], *, how: str = "Signed In") -> None:
        """The person signs in (or up) on this device; from now on messages carry the account."""
        self.person.signed_in.add(self._device.anonymous_id)
        self._send(Message("identify", "", traits=traits))
        self.track(how, method="password")

    def sign_out(self) -> None:
        """The person signs out; the device keeps its identifier."""
        self.track("Signed Out")
        self.person.signed_in.discard(self._device.anonymous_id)

    def identify(self, traits: Mapping[str, object]) -> None:
        """Traits become known without an account, as with a newsletter form."""
        self._send(Message("identify", "", traits=traits))

    def close(self) -> None:
        """The end of the session; engagement with the last page is reported."""
        self._leave_page()

    def _page(self, name: str, path: str, search: str, referrer: str, properties: Mapping[str, object]) -> None:
        self.pages += 1
        self._path, self._name, self._since = path, name, self.now_ms
        page = {
            "path": path,
            "search": search,
            "title": name,
            "url": f"https://{self._site}{path}{search}",
            "referrer": referrer,
        }
        on_page = self._base if self._device.app else {**self._base, "page": page}
        self._context = msgspec.Raw(encode(on_page))
        if self._device.app:
            self._send(Message("screen", "", name=name, properties=properties))
        else:
            self._send(Message("page", "", name=name, properties={**page, **properties}))

    def _leave_page(self) -> None:
        seen_s = (self.now_ms - self._since) / SECOND
        if self.pages == 0 or seen_s < _ENGAGED_FROM_S or not self.person.dice.chance(_ENGAGEMENT_SHARE):
            return
        dice = self.person.dice
        depth = min(100, 10 * int(1 + 10 * dice.uniform() ** 0.6))
        engaged = round(seen_s * dice.between(0.5, 1.0), 1)
        self.track("Page Engaged", page=self._name, engaged_s=engaged, scroll_depth_percent=depth)

    def _send(self, message: Message) -> bool:
        person = self.person
        device = self._device
        message.message_id = person.message_id()
        message.anonymous_id = device.anonymous_id
        if device.anonymous_id in person.signed_in:
            message.user_id = person.user_id
        message.context = self._context
        self.now_ms += 15 + int(person.dice.uniform() * 200)
        return person.post.send(
            message, at_ms=self.now_ms, delay_ms=self._delay, skew_ms=device.skew_ms, dice=person.dice
        )


def crawl(person: Person, device: Device, *, site: str, at_ms: int, paths: tuple[tuple[str, str], ...]) -> None:
    """A crawler walks through pages (name, path), one every few seconds."""
    visit = Visit(person, device, site=site, at_ms=at_ms, bot=True)
    for place, (name, path) in enumerate(paths):
        if place == 0:
            visit.land(DIRECT, name, path)
        else:
            visit._page(name, path, "", "", {})  # noqa: SLF001 -- a crawler sends no referrer and no engagement
        visit.wait(4.0, sigma=0.4, most_s=MINUTE / SECOND)
