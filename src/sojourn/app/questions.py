"""Every question with options that reach every kernel; for compiling them and for checking that all answer.

In: journeys with the events `view`, `cart`, `purchase`. Out: nothing; each question has answered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sojourn.analyse.journeys import Journeys

ASKED: tuple[tuple[str, tuple[Any, ...], dict[str, Any]], ...] = (
    ("attribution", (), {"goal": "purchase", "touch": "channel", "value": "price", "by": "channel"}),
    ("attribution", (), {"goal": "price > 3", "touch": "channel", "milestone": "cart", "touches": "visits"}),
    ("changes", (), {"every": "2h", "baseline": 4, "by": "channel", "value": "price"}),
    ("changes", (), {"every": "2h", "baseline": 4, "value": None}),
    ("compare", (["view", "cart", "purchase"],), {"by": "channel"}),
    ("compare", (["view", "not cart", "price > 3"],), {"at": 1}),
    ("compare", (), {"group": "channel = 'ads'", "against": "channel = 'mail'"}),
    ("compare", (), {"group": "view", "against": "cart", "kinds": ["event"]}),
    ("engagement", (), {"by": "channel"}),
    ("engagement", (), {"views": "price > 3", "comments": "cart"}),
    ("history", (), {"period": "day", "cohort": "channel", "value": "price"}),
    ("history", (), {"period": "week", "cohort": "week", "purchase": "price > 3"}),
    ("journey_map", (), {"catalogue": "shop"}),
    ("loops", (), {}),
    ("ngrams", (), {"length": 2}),
    ("ngrams", (), {"length": 5, "column": "page", "collapse": True}),
    ("orders", (), {"order": "page", "value": "price", "by": "first channel", "trend": "day"}),
    ("paths", (), {"around": "cart", "by": "channel", "depth": 40}),
    ("paths", (), {"start": "view", "end": "purchase", "unit": "persons", "column": "page", "group_depth": 1}),
    ("retention", (), {"period": "day", "by": "channel"}),
    ("retention", (), {"first": "view", "returning": "price > 3", "mode": "rolling"}),
    ("sessions", (), {"trend": "day", "by": "channel"}),
    ("funnel", (["view", "cart", "purchase"],), {"within": "7d", "by": "first channel", "trend": "week"}),
    ("funnel", (["view", "not cart", "price > 3"],), {"ties": "strict", "unit": "sessions"}),
    ("funnel", (["view", "cart"],), {"order": "any"}),
    ("funnel", (["view", "view | cart"],), {"order": "any"}),
    ("transitions", (), {}),
    ("signals", (), {"catalogue": "shop"}),
    ("scores", (), {"catalogue": "shop", "top": 1}),
    ("segments", (), {"catalogue": "shop"}),
    ("backtest", ("shop",), {"every": "7d", "goal": "purchase"}),
)
"""Name of the method, its arguments and its options."""


def ask(journeys: Journeys, number: int) -> str:
    """Ask one of `ASKED`, of the whole log and of a filtered one; returns the question's name."""
    name, arguments, options = ASKED[number]
    narrowed = journeys.where("channel = 'ads' and price > 1").between("2024-01-02", None)
    result = getattr(journeys, name)(*arguments, **options)
    result.to_dict()
    getattr(narrowed, name)(*arguments, **options)
    if name == "funnel":
        result.persons(1)
    if name == "attribution":
        result.persons("ads")
    return name
