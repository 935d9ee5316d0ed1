"""Which person an actor belongs to, as a pure function of the links seen.

In: links (anonymous actor, user actor, when it was seen). Out: anonymous actor -> user actor.
Never merges two known users: an anonymous actor seen with several users belongs to the first of them,
and an event that carries a user id is always that user's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class PersonMap:
    """Anonymous actors that belong to a known user.

    Attributes:
        actor: int64, ascending, distinct.
        person: int64, aligned: the user actor each belongs to.
    """

    actor: NDArray[np.int64]
    person: NDArray[np.int64]

    def persons(self, actors: NDArray[np.int64]) -> NDArray[np.int64]:
        """The person of each actor: the user it was linked to, else the actor itself."""
        if not len(self.actor):
            return actors
        place = np.minimum(np.searchsorted(self.actor, actors), len(self.actor) - 1)
        return np.where(self.actor[place] == actors, self.person[place], actors)


def fold_links(
    anonymous: NDArray[np.int64], user: NDArray[np.int64], time: NDArray[np.int64], seq: NDArray[np.int64]
) -> PersonMap:
    """Person of each linked anonymous actor: the user of its earliest link.

    Args:
        anonymous: int64, one a link: the anonymous actor.
        user: int64: the user actor seen on the same event.
        time: int64: time of that event, microseconds; 0 when it has none.
        seq: int64: place of that event in the log; breaks ties of time.

    Returns:
        The map; the same for any order of the links.
    """
    order = np.lexsort((seq, time, anonymous))
    actor, first = np.unique(anonymous[order], return_index=True)
    return PersonMap(actor=actor, person=user[order][first])
