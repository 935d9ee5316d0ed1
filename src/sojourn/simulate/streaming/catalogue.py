"""What the simulated streaming service shows.

In: nothing; the titles are the same in every world. Out: `Title` records. Never a title that exists on purpose.
"""

from __future__ import annotations

from dataclasses import dataclass

from sojourn.simulate.dice import Weighted

GENRES = ("drama", "comedy", "crime", "documentary", "kids", "science fiction", "sport")
_FIRST = ("Silent", "Northern", "Second", "Paper", "Golden", "Hidden", "Last", "Small", "Electric", "Winter")
_LAST = {
    "drama": ("Harbour", "Letters", "Houses"), "comedy": ("Neighbours", "Weddings", "Office"),
    "crime": ("Witness", "Evidence", "Coast"), "documentary": ("Rivers", "Cities", "Forests"),
    "kids": ("Fox", "Train", "Dragon"), "science fiction": ("Orbit", "Signal", "Colony"),
    "sport": ("Final", "Season", "Rivals"),
}  # fmt: skip
_NEW_EVERY = 9


@dataclass(frozen=True, slots=True)
class Title:
    """One film, or one series with episodes.

    Attributes:
        asset_id: Its identifier.
        name: Its name.
        genre: One of the genres.
        length_s: Length of the film, or of an episode.
        episodes: How many episodes; 1 for a film.
        new_on_day: Day number of the period on which it is released; None when it was there before.
    """

    asset_id: str
    name: str
    genre: str
    length_s: int
    episodes: int
    new_on_day: int | None

    @property
    def path(self) -> str:
        """Its page."""
        return f"/title/{self.asset_id}"


def _build() -> tuple[Title, ...]:
    titles: list[Title] = []
    for genre in GENRES:
        for first in _FIRST:
            for last in _LAST[genre][:2]:
                number = len(titles)
                series = number % 2 == 0
                length = 1320 + number * 37 % 1500 if series else 4800 + number * 53 % 3000
                new = 2 + number // _NEW_EVERY * 3 % 24 if number % _NEW_EVERY == 0 else None
                titles.append(Title(f"sim-{1000 + number}", f"{first} {last}", genre, length, 8 if series else 1, new))
    return tuple(titles)


TITLES = _build()
BY_GENRE: dict[str, Weighted[Title]] = {
    genre: Weighted.of(
        {
            title: 1.0 / (place + 2)
            for place, title in enumerate(
                sorted(
                    (title for title in TITLES if title.genre == genre), key=lambda t: int(t.asset_id[4:]) * 7919 % 101
                )
            )
        }
    )
    for genre in GENRES
}
RELEASES = tuple(title for title in TITLES if title.new_on_day is not None)
QUERIES = ("winter orbit", "comedy", "new releases", "kids films", "crime series", "documentary rivers")
UNKNOWN_QUERIES = ("dubbed in polish", "wintr orbt", "the one with the lighthouse", "4k demo")
