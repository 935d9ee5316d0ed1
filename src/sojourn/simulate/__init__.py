"""On top. In: a seed. Out: simulated worlds with their truth. Never: called real."""

from __future__ import annotations

from sojourn.simulate.causes import CAUSES, Cause, Marker, World, only
from sojourn.simulate.run import Simulated, simulate

WORLDS: tuple[World, ...] = tuple(CAUSES)
"""The names of the worlds."""

__all__ = ["CAUSES", "WORLDS", "Cause", "Marker", "Simulated", "World", "only", "simulate"]
