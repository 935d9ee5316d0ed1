"""A person's state of all signals: folded from scratch, stepped by the newest event, read at a time.

In: a program and matches. Out: frozen states. The state at a time T is *defined* as the fold, in order of (time, seq), of the
person's matches until T and of timers at their due time, events first on a tie. A state holds matches only; timers fire when it
is read or stepped past them. Never reads a clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sojourn.records.errors import StaleState
from sojourn.signals.packed_kernel import read_packed, step_packed
from sojourn.signals.signal_kernel import NONE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sojourn.signals.program import Program

MATCH = np.dtype([("time", "<i8"), ("seq", "<i8"), ("value", "<f8"), ("key", "<i8"), ("slot", "<i4")])
"""One match: 36 bytes. `tobytes` and `np.frombuffer` keep it."""

ALWAYS = int(np.iinfo(np.int64).max)
"""A time after every event."""
_HEADER = 16
_MARK = 16


@dataclass(frozen=True, slots=True)
class State:
    """A person's signals after some matches.

    Attributes:
        time: Time of the last match, microseconds since 1970 UTC; the smallest number without one.
        seq: Its place in the log.
        words: int64: the kernel's words that are in use.
        fingerprint: Of the program that made it.
    """

    time: int
    seq: int
    words: NDArray[np.int64]
    fingerprint: bytes

    def to_bytes(self) -> bytes:
        """The state to keep: the fingerprint, time and place of the last match, the words."""
        return self.fingerprint + np.array([self.time, self.seq], np.int64).tobytes() + self.words.tobytes()

    @staticmethod
    def from_bytes(kept: bytes) -> State:
        """What `to_bytes` gave."""
        time, seq = np.frombuffer(kept, np.int64, 2, _MARK)
        return State(int(time), int(seq), np.frombuffer(kept, np.int64, -1, _MARK + _HEADER), bytes(kept[:_MARK]))


@dataclass(frozen=True, slots=True)
class Reading:
    """A state read at a time.

    Attributes:
        values: float64, one a signal.
        hits: int64, one a signal: how often it was hit.
        due: When the next timer is due that has not fired by then, microseconds; None when none is set.
    """

    values: NDArray[np.float64]
    hits: NDArray[np.int64]
    due: int | None


def in_order(matches: NDArray[np.void]) -> NDArray[np.void]:
    """Matches of several actors as one fold takes them: by time, place in the log, slot."""
    return matches[np.lexsort((matches["slot"], matches["seq"], matches["time"]))]


def fold(program: Program, matches: NDArray[np.void], until_us: int = ALWAYS) -> State:
    """The state from scratch.

    Args:
        program: The compiled catalogue.
        matches: `MATCH` records of one person, in any order.
        until_us: Matches after it are left out.
    """
    empty = State(int(NONE), int(NONE), np.empty(0, np.int64), program.fingerprint)
    return _stepped(program, empty, in_order(matches), int(until_us))


def step(program: Program, state: State, matches: NDArray[np.void]) -> State:
    """The state after the matches of a newest event (or of several newest ones).

    Raises:
        StaleState: A match lies before the state's last, or another program made the state: fold the person again.
    """
    _fits(program, state)
    if not len(matches):
        return state
    ordered = matches if len(matches) == 1 else in_order(matches)
    if not is_newer(state, int(ordered["time"][0]), int(ordered["seq"][0])):
        raise StaleState("an event lies before the last one of the state; fold the person's matches again")
    return _stepped(program, state, ordered, ALWAYS)


def is_newer(state: State, time_us: int, seq: int) -> bool:
    """Whether an event comes after all that the state has seen, so that `step` may take it."""
    return (time_us, seq) > (state.time, state.seq)


def read(program: Program, state: State, at_us: int) -> NDArray[np.float64]:
    """Values of the signals at a time, one a signal in the order of `program.names`; see `reading`."""
    return reading(program, state, at_us).values


def reading(program: Program, state: State, at_us: int) -> Reading:
    """A state at a time.

    Args:
        program: The compiled catalogue.
        state: Not changed.
        at_us: Not before the state's last match (the time of that one is read instead); timers due by then have fired.

    Raises:
        StaleState: Another program made the state.
    """
    _fits(program, state)
    values, hits, due = read_packed(program.automata, _writable(state), max(int(at_us), state.time))
    return Reading(values, hits, None if due == ALWAYS else int(due))


def due(program: Program, state: State) -> int | None:
    """When the next timer is due, microseconds since 1970 UTC; None when none is set."""
    return reading(program, state, state.time).due


def _fits(program: Program, state: State) -> None:
    if state.fingerprint != program.fingerprint:
        raise StaleState("the state was made by another catalogue; fold the person's matches again")


def _writable(state: State) -> NDArray[np.int64]:
    """The words as the kernel was compiled for them: of what came from bytes, a copy."""
    return state.words if state.words.flags.writeable else state.words.copy()


def _stepped(program: Program, state: State, ordered: NDArray[np.void], until_us: int) -> State:
    taken, words = step_packed(
        program.automata, _writable(state), ordered["slot"].astype(np.int64), ordered["time"].copy(),
        ordered["value"].copy(), ordered["key"].copy(), until_us,
    )  # fmt: skip
    time, seq = state.time, state.seq
    if taken:
        time, seq = int(ordered["time"][taken - 1]), int(ordered["seq"][taken - 1])
    return State(time, seq, words, program.fingerprint)
