"""Roles: what an event is to a question, as bits of one small number.

In: a part and a step for each role. Out: the class of every event and the bits of every class, for one look-up a row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sojourn.analyse.parts import frozen
from sojourn.analyse.steps import mask_of, match_steps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sojourn.analyse.parts import Part
    from sojourn.analyse.steps import Step


def event_roles(
    part: Part, roles: Sequence[tuple[int, Step | None]], *, time_zone: str
) -> tuple[NDArray[Any], NDArray[np.uint8]]:
    """The class of every event, and what each class is.

    Args:
        part: Any part.
        roles: A bit and which events have it; None for every event.
        time_zone: Zone of moments in predicates.

    Returns:
        One class an event (event codes where names decide), and by class the bits set.
    """
    asked = [(bit, step) for bit, step in roles if step is not None]
    matcher = match_steps(part, [step for _, step in asked], time_zone=time_zone)
    kinds = np.full(len(matcher.first) - 1, sum(bit for bit, step in roles if step is None), np.uint8)
    for place in range(len(kinds)):
        for number in matcher.steps[matcher.first[place] : matcher.first[place + 1]]:
            kinds[place] |= asked[number][0]
    return frozen(matcher.classes), kinds


def view_masks(parts: Sequence[Part], views: Step | None, *, time_zone: str) -> list[NDArray[np.bool_]] | None:
    """Which events of each part are page views; None when every event is one."""
    return None if views is None else [mask_of(part, views, time_zone=time_zone) for part in parts]
