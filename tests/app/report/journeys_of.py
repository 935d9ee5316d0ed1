"""First occurrences written as journeys: `a b c` is a person who does a, then b, then c."""

from __future__ import annotations

import numpy as np

from sojourn.app.report.evidence import Evidence, evidence


def evidence_of(journeys: dict[str, int]) -> Evidence:
    """Evidence of so many persons with each journey; names are separated by `, `."""
    names = list(dict.fromkeys(name for journey in journeys for name in journey.split(", ")))
    rows = []
    for journey, persons in journeys.items():
        steps = journey.split(", ")
        row = [steps.index(name) if name in steps else np.inf for name in names]
        rows += [row] * persons
    return evidence(np.array(rows, np.float32).reshape(len(rows), len(names)), names)
