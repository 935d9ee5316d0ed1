"""What `compare` will try, chosen by what is in the looks and never by who is in which group.

In: looks. Out: `Plan`: property values, and the events whose order and times are tried.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sojourn.analyse.comparison_features import SLOTS, Plan, families, survey
from sojourn.analyse.comparison_question import choose_properties
from sojourn.store.columns import TextColumn

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sojourn.analyse.comparison_features import Family
    from sojourn.analyse.comparison_question import CompareQuestion
    from sojourn.analyse.comparison_windows import Looks
    from sojourn.analyse.journeys import Journeys


def make_plan(journeys: Journeys, looks: Looks, question: CompareQuestion, groups: tuple[str, ...]) -> Plan:
    """Choose what to try.

    Args:
        journeys: The log; columns of properties are built here, before threads start.
        looks: Who is compared.
        question: The question.
        groups: Groups of the breakdown.
    """
    if not {"order", "timing", "property"} & set(question.kinds):
        return Plan([], [], groups)
    rows = _event_rows(looks, question)
    return Plan(_families(journeys, looks, rows, question), _slots(rows, question), groups)


def _event_rows(looks: Looks, question: CompareQuestion) -> NDArray[np.int64]:
    """Rows that count by event, whoever has them."""
    size = len(question.events)
    pairs = zip(looks.parts, looks.looks, strict=True)
    rows: NDArray[np.int64] = np.sum(
        [np.bincount(part.event[look.row], minlength=size) for part, look in pairs], axis=0
    )
    return rows


def _slots(rows: NDArray[np.int64], question: CompareQuestion) -> list[int]:
    """The most frequent events: their order and times are tried."""
    if not {"order", "timing"} & set(question.kinds):
        return []
    wanted = [int(code) for code in np.argsort(-rows, kind="stable") if rows[code]]
    return [code for code in wanted if question.events[code] not in question.outcomes][:SLOTS]


def _families(journeys: Journeys, looks: Looks, rows: NDArray[np.int64], question: CompareQuestion) -> list[Family]:
    """What to try of each property."""
    if "property" not in question.kinds:
        return []
    by_event = {
        name: int(n) for name, n in zip(question.events, rows, strict=True) if n and name not in question.barred
    }
    out: list[Family] = []
    for name in choose_properties(journeys, question.properties, question.taken, by_event):
        surveys = journeys.map(survey, looks.parts, looks.looks, [name] * len(looks.parts))
        column = looks.parts[0].column(name, looks.looks[0].row[:0])
        out += families(name, surveys, int(rows.sum()), column.names if isinstance(column, TextColumn) else None)
    return out
