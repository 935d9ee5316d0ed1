"""Who watches the simulated streaming service, when, and what.

In: nothing. Out: `Persona` records and channels. Never anyone's taste.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sojourn.simulate.channels import DIRECT, GOOGLE, Channel
from sojourn.simulate.dice import Weighted
from sojourn.simulate.rhythm import COMMUTE, EVENING, LEISURE, NIGHT
from sojourn.simulate.streaming.catalogue import GENRES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sojourn.simulate.devices import Kind
    from sojourn.simulate.rhythm import Habit

BRAND = Channel("Paid Search", "google", "cpc", "sim_brand_streaming", GOOGLE, "gclid", 0.41)
VIDEO = Channel("Paid Video", "youtube", "paid_video", "sim_trailer", "https://www.youtube.com/", None, 0.22)
SOCIAL_AD = Channel(
    "Paid Social", "instagram", "paid_social", "sim_free_week", "https://l.instagram.com/", "fbclid", 0.37
)
EMAIL = Channel("Email", "releases", "email", "sim_new_releases")
ORGANIC = Channel("Organic Search", referrer=GOOGLE)
SOCIAL = Channel("Organic Social", referrer="https://www.reddit.com/r/series")
CHANNELS = (BRAND, VIDEO, SOCIAL_AD, EMAIL, ORGANIC, SOCIAL, DIRECT)

STAGES = ("bounced", "browsed", "began_sign_up", "tried", "subscribed", "member")
"""How far someone comes; a plan holds the place in this list."""


@dataclass(frozen=True, slots=True)
class Persona:
    """A kind of viewer.

    Attributes:
        name: What they are called in the truth.
        intents: What they may come for.
        stages: How far they would come if nothing stopped them.
        habit: When they watch.
        evenings: Share of days with a session, as a member.
        go_on: How likely one more video follows another.
        genres: What they like.
        devices: What they watch on.
        channels: How they come.
        patience: Factor on a cause's share of leavers; above 1 they leave more easily.
    """

    name: str
    intents: Weighted[str]
    stages: Weighted[int]
    habit: Habit
    evenings: float
    go_on: float
    genres: Weighted[str]
    devices: Weighted[Kind]
    channels: Weighted[Channel]
    patience: Mapping[str, float]


def _genres(**liked: float) -> Weighted[str]:
    return Weighted.of({genre: liked.get(genre.replace(" ", "_"), 0.3) for genre in GENRES})


def _stages(*weights: float) -> Weighted[int]:
    return Weighted.of(dict(enumerate(weights)))


_SCREENS: Weighted[Kind] = Weighted.of({"tv": 0.5, "mobile": 0.25, "tablet": 0.1, "desktop": 0.15})
_POCKET: Weighted[Kind] = Weighted.of({"tv": 0.1, "mobile": 0.65, "tablet": 0.1, "desktop": 0.15})
_COMING = Weighted.of({VIDEO: 3, SOCIAL_AD: 3, ORGANIC: 3, BRAND: 2, SOCIAL: 2, DIRECT: 2})

PERSONAS = Weighted.of({"binge_watcher": 0.24, "family": 0.2, "film_lover": 0.16, "commuter": 0.2, "sports_fan": 0.2})

# Weights of: bounced, browsed, began to sign up, tried, subscribed, member already.
BY_NAME = {
    persona.name: persona
    for persona in (
        Persona(
            "binge_watcher", Weighted.of({"one_series": 0.6, "anything": 0.4}), _stages(30, 12, 3, 4, 20, 31), NIGHT,
            0.55, 0.6, _genres(drama=2, crime=3, science_fiction=2), _SCREENS, _COMING,
            {"buffering": 1.1, "removed_title": 1.1},
        ),
        Persona(
            "family", Weighted.of({"kids": 0.7, "film_night": 0.3}), _stages(30, 14, 3, 4, 18, 31), LEISURE,
            0.5, 0.4, _genres(kids=4, comedy=1.5), _SCREENS, _COMING, {"price_increase": 1.15},
        ),
        Persona(
            "film_lover", Weighted.of({"film_night": 0.8, "anything": 0.2}), _stages(32, 16, 3, 4, 18, 27), EVENING,
            0.35, 0.2, _genres(drama=3, documentary=2), _SCREENS, _COMING, {"removed_title": 1.2, "missing_language": 1.1},
        ),
        Persona(
            "commuter", Weighted.of({"anything": 0.7, "one_series": 0.3}), _stages(40, 16, 4, 4, 14, 22), COMMUTE,
            0.6, 0.25, _genres(comedy=3, documentary=1.5), _POCKET, _COMING, {"buffering": 1.2},
        ),
        Persona(
            "sports_fan", Weighted.of({"one_match": 0.7, "anything": 0.3}), _stages(42, 16, 4, 4, 14, 20), EVENING,
            0.3, 0.15, _genres(sport=6), _SCREENS, _COMING, {"buffering": 1.15, "card_required": 1.1},
        ),
    )
}  # fmt: skip
