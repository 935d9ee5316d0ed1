"""Watching on the simulated streaming service: one session, from opening it to the last video.

In: a viewer and a start time. Out: messages. Never decides whether they stay.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sojourn.simulate.dice import Weighted
from sojourn.simulate.rhythm import DAY, SECOND
from sojourn.simulate.streaming.catalogue import BY_GENRE, QUERIES, RELEASES, UNKNOWN_QUERIES
from sojourn.simulate.texts import write
from sojourn.simulate.visit import Visit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sojourn.simulate.devices import Device
    from sojourn.simulate.dice import Dice
    from sojourn.simulate.people import Person
    from sojourn.simulate.streaming.catalogue import Title
    from sojourn.simulate.streaming.plan import Plan

SITE = "simulated-streaming.example"
_MOODS = {
    "binge_watcher": ("suspense", "staying up late"), "family": ("parenting", "games"),
    "film_lover": ("cinema", "literature"), "commuter": ("podcasts", "learning"), "sports_fan": ("football", "running"),
}  # fmt: skip
_FIRST = Weighted.of({"search": 0.16, "watchlist": 0.08, "trailer": 0.03, "error": 0.01, "": 0.72})
_SAID = Weighted.of({"rating": 0.09, "comment": 0.03, "share": 0.015, "": 0.865})
_WISHES = Weighted.of({"new": 0.2, "liked": 0.55, "else": 0.25})
_MIDDLING = 3
_QUARTERS = (25, 50, 75)
_ALL = 100
_NEW_FOR_DAYS = 10


@dataclass(slots=True)
class Viewer:
    """One viewer on their way.

    Attributes:
        person: Identifiers and messages.
        plan: Their fate.
        on: The switches of the causes.
        met: Causes that showed so far.
        left_by: The cause they left by.
        episode: Next episode of a series, by title.
        paid: What they paid so far.
        payments: How often.
    """

    person: Person
    plan: Plan
    on: Mapping[str, bool]
    met: list[str] = field(default_factory=list)
    left_by: str | None = None
    episode: dict[str, int] = field(default_factory=dict)
    paid: float = 0.0
    payments: int = 0

    @property
    def dice(self) -> Dice:
        """The person's chance."""
        return self.person.dice

    def meets(self, cause: str) -> bool:
        """Whether the cause shows to them here and now."""
        if not self.on[cause] or not self.plan.lots[cause].exposed:
            return False
        self.met.append(cause)
        return True

    def leaves_by(self, cause: str) -> bool:
        """Whether they, having met the cause, leave for good."""
        if self.plan.lots[cause].leaves:
            self.left_by = cause
            return True
        return False

    def traits(self) -> dict[str, object]:
        """What the service knows of an account."""
        known = self.person
        return {
            "email": known.email, "first_name": known.first_name, "plan": "standard", "country": known.place.country,
            "favourite_genre": self.plan.genre, "language": known.place.language,
            "communication_preference": "push" if self.plan.shared else "email",
            "interests": list(_MOODS[self.plan.persona.name]), "watches_to": self.plan.intent.replace("_", " "),
        }  # fmt: skip

    def slots(self) -> dict[str, object]:
        """Values for the gaps in the phrases."""
        return {"title": BY_GENRE[self.plan.genre].items[0].name, "language": self.person.place.language}


def open_service(viewer: Viewer, device: Device, at_ms: int) -> Visit:
    """A session begins; the account is signed in where it is not yet."""
    visit = Visit(viewer.person, device, site=SITE, at_ms=at_ms)
    if visit.app:
        visit.track("Application Opened", from_background=viewer.dice.chance(0.4))
    visit.page("Start", "/browse")
    if not visit.signed_in:
        visit.sign_in(viewer.traits())
    visit.wait(14)
    return visit


def watch(viewer: Viewer, visit: Visit, *, go_on: float, stutters: bool = False) -> None:
    """Some videos one after the other.

    Args:
        viewer: Who watches.
        visit: The session.
        go_on: How likely one more follows.
        stutters: The first video stops to load again and again.
    """
    dice = viewer.dice
    first = dice.draw(_FIRST)
    if first == "search":
        _search(viewer, visit)
    elif first == "watchlist":
        title = _choose(viewer, visit)
        visit.track("Title Added to Watchlist", asset_id=title.asset_id, title=title.name, genre=title.genre)
    elif first == "trailer":
        visit.track("Trailer Watched", asset_id=_choose(viewer, visit).asset_id, watch_time_s=20 + dice.below(80))
    elif first == "error":
        visit.track("Error Shown", code="app-restart", message="Player crashed", page="Player")
    for place in range(1 + dice.count(go_on, most=5)):
        play(viewer, visit, _choose(viewer, visit), stutters=stutters and place == 0)


def play(viewer: Viewer, visit: Visit, title: Title, *, stutters: bool = False) -> None:
    """One video, watched to its end or not."""
    dice = viewer.dice
    episode = viewer.episode.get(title.asset_id, 0) % title.episodes + 1
    about: dict[str, object] = {
        "session_id": f"play-{viewer.person.message_id()}", "content_asset_id": title.asset_id, "title": title.name,
        "genre": title.genre, "total_length": title.length_s, "new_release": _is_new(title, visit),
    }  # fmt: skip
    if title.episodes > 1:
        about["episode"] = episode
    visit.page("Title", title.path)
    visit.wait(6)
    visit.track("Video Playback Started", **about, position=0)
    completes = dice.chance(0.62) and not stutters
    share = 1.0 if completes else min(0.97, 0.03 + dice.uniform() ** 1.4)
    begun = visit.now_ms
    for quarter in _QUARTERS:
        if quarter / _ALL > share:
            break
        visit.now_ms = begun + int(title.length_s * quarter / _ALL) * SECOND
        visit.track("Video Content Playing", **about, position=title.length_s * quarter // _ALL)
    watched = int(title.length_s * share)
    visit.now_ms = max(visit.now_ms, begun + watched * SECOND)
    if stutters:
        for _ in range(2 + dice.below(3)):
            visit.track("Video Playback Interrupted", **about, position=watched, method="buffering")
            visit.wait(15)
    told = {"position": watched, "watch_time_s": watched, "completion_percent": round(100 * share)}
    if completes:
        visit.track("Video Playback Completed", **about, **told)
        viewer.episode[title.asset_id] = episode
        _say(viewer, visit, title)
    else:
        visit.track("Video Playback Paused", **about, **told)
    visit.wait(10)


def _say(viewer: Viewer, visit: Visit, title: Title) -> None:
    """A rating, a comment, a recommendation after a completed video, now and then."""
    dice = viewer.dice
    said = dice.draw(_SAID)
    stars = min(5, max(1, round(3.8 + dice.normal())))
    topic = "praise" if stars > _MIDDLING else "complaint"
    if said == "rating":
        visit.track("Title Rated", content_asset_id=title.asset_id, title=title.name, rating=stars)
    elif said == "comment":
        text = write("streaming", topic, viewer.person.place.language, dice, slots={"title": title.name})
        visit.track("Comment Posted", content_asset_id=title.asset_id, text=text)
    elif said == "share":
        visit.track(
            "Title Shared", content_asset_id=title.asset_id, share_via=dice.pick(("whatsapp", "x", "copy link"))
        )


def _choose(viewer: Viewer, visit: Visit) -> Title:
    """The next episode, a new release, or something of a genre they like."""
    dice = viewer.dice
    today = (visit.now_ms - viewer.person.post.period.start_ms) // DAY
    fresh = [
        title for title in RELEASES if title.new_on_day is not None and 0 <= today - title.new_on_day < _NEW_FOR_DAYS
    ]
    wish = dice.draw(_WISHES)
    if fresh and wish == "new":
        return dice.pick(fresh)
    genre = viewer.plan.genre if wish != "else" else dice.draw(viewer.plan.persona.genres)
    return dice.draw(BY_GENRE[genre])


def _is_new(title: Title, visit: Visit) -> bool:
    today = (visit.now_ms - visit.person.post.period.start_ms) // DAY
    return title.new_on_day is not None and 0 <= today - title.new_on_day < _NEW_FOR_DAYS


def _search(viewer: Viewer, visit: Visit) -> None:
    dice = viewer.dice
    found = dice.chance(0.85)
    query = dice.pick(QUERIES if found else UNKNOWN_QUERIES)
    visit.track("Products Searched", query=query, results=1 + dice.below(24) if found else 0)
    visit.page("Search Results", "/search", search=f"?q={query.replace(' ', '+')}", query=query)
    visit.wait(9)
