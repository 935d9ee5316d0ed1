"""What is known of a simulated world that its events do not say.

In: lots, switches, how far each person would have come. Out: one record a person, and the effect of each cause.
Never reads the events: a test counts them apart and compares.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sojourn.simulate.causes import Cause, Lot


class PersonTruth(msgspec.Struct, omit_defaults=True):
    """The truth about one person, a line of `truth.jsonl`. Every field has a row in docs/worlds.md.

    Attributes:
        person: Identifier, in no event.
        kind: `person` or `bot`.
        user_id: Account identifier in the events.
        anonymous_ids: Every device (or loyalty card) identifier in the events.
        persona: Who they are.
        intent: What they came for.
        outcomes: What happened to them, an entry an outcome the person was up for.
        met: Causes that showed in their events, in order.
        shared_device: Identifier of a device they share with someone of their household.
        account: Company they belong to, in the software world.
        orders: Distinct orders or subscriptions paid.
        revenue: Paid in all, refunds not taken off, in the world's currency.
        stage: How far they came.
    """

    person: str
    kind: str
    user_id: str | None = None
    anonymous_ids: list[str] = []
    persona: str = ""
    intent: str = ""
    outcomes: dict[str, Outcome] = {}
    met: list[str] = []
    shared_device: str | None = None
    account: str | None = None
    orders: int = 0
    revenue: float = 0.0
    stage: str = ""


class Outcome(msgspec.Struct, frozen=True):
    """One outcome of one person, as it came and as it would have come.

    Attributes:
        happened: What happened, with the causes as they were switched.
        without_causes: What would have happened had no cause been on.
        without: What would have happened with this one cause off and the others as they were.
        left_by: The cause that made them leave, None when none did.
    """

    happened: bool
    without_causes: bool
    without: dict[str, bool]
    left_by: str | None = None


def outcome_of(
    causes: Sequence[Cause],
    lots: Mapping[str, Lot],
    on: Mapping[str, bool],
    *,
    willing: bool,
    comes_to: Mapping[str, bool],
) -> Outcome:
    """The outcome that follows from the lots of one person.

    Args:
        causes: Those that bear on this outcome, in the order they are met.
        lots: What was drawn for this person.
        on: The switches.
        willing: What would happen had no cause been on.
        comes_to: Whether the person comes to the place of each cause when nothing stops them before.
    """
    stopped_by = [
        cause.name
        for cause in causes
        if on[cause.name] and comes_to[cause.name] and lots[cause.name].exposed and lots[cause.name].leaves
    ]
    return Outcome(
        happened=willing and not stopped_by,
        without_causes=willing,
        without={cause.name: willing and stopped_by in ([], [cause.name]) for cause in causes},
        left_by=stopped_by[0] if stopped_by else None,
    )


class CauseTruth(msgspec.Struct):
    """What one cause did in one world.

    Attributes:
        on: Its switch.
        outcome: What it takes away.
        story: What goes wrong.
        marker: Event, property and value by which it shows.
        before: Predicate of the step where it is met.
        after: Predicate of the step that is not reached.
        exposed_share: Designed share of those who come to its place and meet it.
        leave_share: Designed share of those who meet it and leave, before differences by persona.
        met: Persons it showed to.
        left: Persons who left by it.
        lost: Persons who would have had the outcome with this cause alone off, and did not.
        persons: Persons who were up for the outcome.
        effect: `-lost / persons`: what it did to the share of persons with the outcome.
    """

    on: bool
    outcome: str
    story: str
    marker: dict[str, str | float | bool | None]
    before: str
    after: str
    exposed_share: float
    leave_share: float
    met: int = 0
    left: int = 0
    lost: int = 0
    persons: int = 0
    effect: float = 0.0


@dataclass(slots=True)
class Account:
    """Adds up the truth of all persons.

    Attributes:
        causes: The causes of the world.
        on: The switches.
        persons: Persons so far.
        bots: Crawlers so far.
        shared_devices: Devices more than one person uses.
        happened: Persons by outcome that happened.
        willing: Persons by outcome that would have happened without any cause.
        upfor: Persons by outcome they were up for.
    """

    causes: Sequence[Cause]
    on: Mapping[str, bool]
    persons: int = 0
    bots: int = 0
    shared_devices: set[str] = field(default_factory=set)
    happened: dict[str, int] = field(default_factory=dict)
    willing: dict[str, int] = field(default_factory=dict)
    upfor: dict[str, int] = field(default_factory=dict)
    _met: dict[str, int] = field(default_factory=dict)
    _left: dict[str, int] = field(default_factory=dict)
    _lost: dict[str, int] = field(default_factory=dict)

    def add(self, truth: PersonTruth) -> None:
        """Count one person or crawler."""
        if truth.kind == "bot":
            self.bots += 1
            return
        self.persons += 1
        if truth.shared_device is not None:
            self.shared_devices.add(truth.shared_device)
        for name in truth.met:
            _count(self._met, name)
        for name, outcome in truth.outcomes.items():
            _count(self.upfor, name)
            _count(self.happened, name, by=outcome.happened)
            _count(self.willing, name, by=outcome.without_causes)
            if outcome.left_by is not None and outcome.without_causes:
                _count(self._left, outcome.left_by)
            for cause, without in outcome.without.items():
                _count(self._lost, cause, by=without and not outcome.happened)

    def of_causes(self) -> dict[str, CauseTruth]:
        """What each cause did, by name."""
        told = {}
        for cause in self.causes:
            marker = {"event": cause.marker.event, "property": cause.marker.property, "value": cause.marker.value}
            truth = CauseTruth(
                self.on[cause.name], cause.outcome, cause.story, marker, cause.before, cause.after,
                cause.exposed_share, cause.leave_share,
            )  # fmt: skip
            truth.met, truth.left = self._met.get(cause.name, 0), self._left.get(cause.name, 0)
            truth.lost, truth.persons = self._lost.get(cause.name, 0), self.upfor.get(cause.outcome, 0)
            truth.effect = -truth.lost / truth.persons if truth.persons else 0.0
            told[cause.name] = truth
        return told


def _count(counts: dict[str, int], key: str, *, by: int = 1) -> None:
    counts[key] = counts.get(key, 0) + by
