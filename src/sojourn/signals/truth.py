"""A predicate as a table: what it is worth for every combination of what its comparisons are worth.

In: a predicate. Out: its comparisons, and one answer for each of 3 to the power of their number. Kernels look it up; nulls
follow SQL, as everywhere. Never reads an event.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from sojourn.signals.predicates import Both, Either, IsNull, Not

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sojourn.signals.predicates import Compare, Like, OneOf, Predicate

    Leaf = Compare | Like | OneOf | IsNull

UNKNOWN, FALSE, TRUE = 0, 1, 2


def leaves_of(predicate: Predicate) -> list[Leaf]:
    """Its comparisons, each once, in the order they are written."""
    match predicate:
        case Both(left, right) | Either(left, right):
            return list(dict.fromkeys([*leaves_of(left), *leaves_of(right)]))
        case Not(inner):
            return leaves_of(inner)
        case _:
            return [predicate]


def truth_table(predicate: Predicate) -> NDArray[np.uint8]:
    """Worth of the predicate by the worths of its comparisons.

    Returns:
        uint8 of 3^n: `UNKNOWN`, `FALSE` or `TRUE` at `sum(worth_i * 3^i)`, comparison i in the order of `leaves_of`.
    """
    leaves = leaves_of(predicate)
    table = np.empty(3 ** len(leaves), np.uint8)
    for worths in product((UNKNOWN, FALSE, TRUE), repeat=len(leaves)):
        place = sum(worth * 3**n for n, worth in enumerate(worths))
        table[place] = _worth(predicate, dict(zip(leaves, worths, strict=True)))
    return table


def unset_place(predicate: Predicate) -> int:
    """The place in the table when every column is null: `is null` is true, every other comparison unknown."""
    return sum(TRUE * 3**n for n, leaf in enumerate(leaves_of(predicate)) if isinstance(leaf, IsNull))


def _worth(predicate: Predicate, of: dict[Leaf, int]) -> int:
    match predicate:
        case Both(left, right):
            worths = _worth(left, of), _worth(right, of)
            return FALSE if FALSE in worths else UNKNOWN if UNKNOWN in worths else TRUE
        case Either(left, right):
            worths = _worth(left, of), _worth(right, of)
            return TRUE if TRUE in worths else UNKNOWN if UNKNOWN in worths else FALSE
        case Not(inner):
            worth = _worth(inner, of)
            return UNKNOWN if worth == UNKNOWN else FALSE + TRUE - worth
        case _:
            return of[predicate]
