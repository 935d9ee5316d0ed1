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
    from collections.abc import Sequence

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


@dataclass(frozen=True, slots=True)
class Links:
    """Links seen: an anonymous actor and a user actor on one event.

    Attributes:
        anonymous: int64, one a link.
        user: int64.
        time: int64: time of the event, microseconds; 0 when it has none.
        seq: int64: place of the event in the log; breaks ties of time.
    """

    anonymous: NDArray[np.int64]
    user: NDArray[np.int64]
    time: NDArray[np.int64]
    seq: NDArray[np.int64]


def first_links(seen: Sequence[Links]) -> Links:
    """The earliest link of each anonymous actor; the same for any order of the links."""
    anonymous, user, time, seq = (
        np.concatenate([np.empty(0, np.int64), *(getattr(links, name) for links in seen)])
        for name in ("anonymous", "user", "time", "seq")
    )
    order = np.lexsort((seq, time, anonymous))
    _, first = np.unique(anonymous[order], return_index=True)
    chosen = order[first]
    return Links(anonymous[chosen], user[chosen], time[chosen], seq[chosen])


def fold_links(
    anonymous: NDArray[np.int64], user: NDArray[np.int64], time: NDArray[np.int64], seq: NDArray[np.int64]
) -> PersonMap:
    """Person of each linked anonymous actor: the user of its earliest link; the arrays are those of `Links`."""
    first = first_links([Links(anonymous, user, time, seq)])
    return PersonMap(actor=first.anonymous, person=first.user)
