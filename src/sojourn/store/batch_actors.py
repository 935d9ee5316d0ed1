"""Whose the rows of an import are.

In: the identifiers of a batch. Out: numbers of the actors the rows belong to, and of the devices beside known users. The same
as `identify.link.own_actor` tells of single events; here for whole columns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pyarrow as pa

from sojourn.identify.actor import ActorNumbers, actor_id
from sojourn.identify.link import Evidence, shown_externals
from sojourn.store.link_control import junk_actors

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LOW_BITS = np.int64((1 << 16) - 1)
_PAIRS = msgspec.json.Decoder(list[tuple[str, str]])


class BatchActors:
    """Numbers actors of batches; one seen before costs a lookup."""

    def __init__(self, secret: bytes) -> None:
        """Begin with none seen; `secret` is the data folder's."""
        self._secret = secret
        self._users = ActorNumbers(secret, "user")
        self._devices = ActorNumbers(secret, "anonymous")
        self._junk = np.array(junk_actors(secret), np.int64)
        # Nearly every number is told from all junk by its low bits.
        self._maybe = np.zeros(int(_LOW_BITS) + 1, np.bool_)
        self._maybe[self._junk & _LOW_BITS] = True

    def numbers(self, fixed: pa.Table) -> tuple[NDArray[np.int64], pa.Array]:
        """Actors of a batch.

        Args:
            fixed: `EventBatch.fixed`.

        Returns:
            The number of the actor that each row belongs to: its user, else its device, else the first further identifier; a junk id
            only where there is nothing else. And `linked_actor`: the device of rows that name a user too, null else.
        """
        user, device = (fixed[name].combine_chunks() for name in ("user_id", "anonymous_id"))
        users, devices = self._users.numbers(user), self._devices.numbers(device)
        has_user = np.asarray(user.is_valid())
        by_user = has_user & ~self._is_junk(users)
        by_device = np.asarray(device.is_valid()) & ~self._is_junk(devices)
        own = np.where(by_user, users, np.where(by_device | ~has_user, devices, users))
        nobody = np.flatnonzero(~by_user & ~by_device)
        external = fixed["external_ids"].combine_chunks()
        if nobody.size and external.null_count < len(external):
            found, known = self._externals(external.take(pa.array(nobody)))
            own[nobody[known]] = found[known]
        return own, pa.array(devices, mask=~(by_user & by_device))

    def _is_junk(self, actors: NDArray[np.int64]) -> NDArray[np.bool_]:
        found: NDArray[np.bool_] = self._maybe[actors & _LOW_BITS]
        near = np.flatnonzero(found)
        found[near] = np.isin(actors[near], self._junk)
        return found

    def _externals(self, values: pa.Array) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Number of the first further identifier of each row that names somebody, and where there is one."""
        coded = values.dictionary_encode()
        told = [self._external(text) for text in coded.dictionary.to_pylist()]
        place = coded.indices.fill_null(len(told)).to_numpy()
        numbers = np.array([*(number or 0 for number in told), 0], np.int64)
        known = np.array([*(number is not None for number in told), False])
        return numbers[place], known[place]

    def _external(self, text: str) -> int | None:
        shown = shown_externals(_PAIRS.decode(text))
        actor = next((actor for actor, evidence in shown if evidence is Evidence.EXTERNAL_ID), None)
        return None if actor is None else actor_id(self._secret, actor.kind, actor.value, namespace=actor.namespace)
