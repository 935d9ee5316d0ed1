"""How people come to a site: campaigns with UTM parameters and click ids, referrers, or straight.

In: chance. Out: `Channel` records, landing addresses, and the advertising spend that belongs to the visits.
Never decides who comes: the worlds give each persona its weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sojourn.simulate.dice import Dice


@dataclass(frozen=True, slots=True)
class Channel:
    """One way to the site.

    Attributes:
        name: Channel group by the names GA4 gives its default groups.
        source: utm_source, None when the address carries no campaign.
        medium: utm_medium.
        campaign: utm_campaign.
        referrer: Address the browser names as the page before; empty when none.
        click_id: Name of the click id the ad network appends (`gclid`, `fbclid`, `msclkid`), or None.
        cost_per_click: Mean price of a click in the world's currency; 0 for channels without spend.
    """

    name: str
    source: str | None = None
    medium: str | None = None
    campaign: str | None = None
    referrer: str = ""
    click_id: str | None = None
    cost_per_click: float = 0.0


DIRECT = Channel("Direct")

GOOGLE = "https://www.google.com/"


def landing_query(channel: Channel, dice: Dice) -> str:
    """The query string of the landing address, with its question mark; empty without a campaign."""
    if channel.source is None:
        return ""
    query = {"utm_source": channel.source, "utm_medium": channel.medium, "utm_campaign": channel.campaign}
    if channel.click_id is not None:
        query[channel.click_id] = "Sim" + dice.hex(20)
    return "?" + urlencode({key: value for key, value in query.items() if value is not None})


def campaign_context(channel: Channel) -> Mapping[str, object] | None:
    """What Segment puts under `context.campaign`, or None without a campaign."""
    if channel.source is None:
        return None
    return {"name": channel.campaign, "source": channel.source, "medium": channel.medium}
