"""Persons as a list: found by a piece of any identifier or trait, in an order, page by page.

In: a folder's journeys and what was asked. Out: rows of a page, and how many there are in all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

from sojourn.analyse.roster import Order, RosterRow, ordered, points_of, roster, rows_of, score_names
from sojourn.records.errors import BadOption
from sojourn.store.person_search import search_persons

if TYPE_CHECKING:
    from sojourn.analyse.journeys import Journeys

PERSONS_A_PAGE = 50
ORDERS: tuple[Order, ...] = get_args(Order)


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """A page of the list.

    Attributes:
        total: Persons that fit, on all pages.
        page: Number of the page, from 1.
        pages: How many there are; 1 when nobody fits.
        rows: The persons of the page.
        scores: Scores of the catalogue, in its order.
        order: What they are sorted by.
        score: Which score, when sorted by points; else the first of the catalogue.
    """

    total: int
    page: int
    pages: int
    rows: tuple[RosterRow, ...]
    scores: tuple[str, ...]
    order: Order
    score: str


def people_page(
    journeys: Journeys, *, q: str = "", order: str = "seen", score: str = "", page: int = 1, size: int = PERSONS_A_PAGE
) -> PeoplePage:
    """One page of persons.

    Args:
        journeys: Of a scope: persons with an event there are listed.
        q: A piece of any identifier or trait; empty for everybody.
        order: `seen`, `events` or `points`.
        score: By which score, for `points`; empty for the first of the catalogue.
        page: From 1; a later one than there is gives the last.
        size: Persons a page.

    Raises:
        BadOption: There is no such order or score, or the text is too long.
    """
    by = next((one for one in ORDERS if one == order), None)
    if by is None:
        raise BadOption(f"expected an order of {', '.join(ORDERS)}, got {order[:40]!r}")
    scores = score_names(journeys)
    chosen = score or (scores[0] if scores else "")
    if by == "points" and not chosen:
        raise BadOption("the catalogue has no score to sort by; Signals and scores is where one is made")
    listed = roster(journeys)
    only = search_persons(journeys.index, q) if q.strip() else None
    places = ordered(listed, by, only=only, points=points_of(journeys, chosen) if by == "points" else None)
    pages = max(1, -(-len(places) // size))
    at = min(max(page, 1), pages)
    rows = rows_of(journeys, listed, places[(at - 1) * size : at * size])
    return PeoplePage(len(places), at, pages, rows, scores, by, chosen)
