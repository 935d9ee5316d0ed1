"""What `sojourn simulate` wrote, for the terminal and as JSON.

In: `Simulated`. Out: its paths and counts. Never makes a world.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sojourn.analyse.results import public_fields

if TYPE_CHECKING:
    from rich.console import RenderableType

    from sojourn.simulate import Simulated


@dataclass(frozen=True, slots=True)
class SimulatedLog:
    """A simulated world on disk."""

    simulated: Simulated

    def to_dict(self) -> dict[str, Any]:
        """Its fields, paths as text."""
        return {name: str(value) if isinstance(value, Path) else value for name, value in public_fields(self.simulated)}

    def __rich__(self) -> RenderableType:
        """Two lines: what was written where, and what to do next."""
        made = self.simulated
        return (
            f"simulated {made.world}, seed {made.seed}: {made.event_count:,} events of {made.person_count:,} persons and "
            f"{made.bot_count:,} bots, {made.duplicate_count:,} sent twice, {made.late_count:,} late\n"
            f"log {made.events} · truth {made.truth} and {made.summary}"
        )
