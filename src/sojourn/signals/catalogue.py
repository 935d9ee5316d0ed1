"""What a catalogue holds: signals, lifecycle stages, scores and segments, as data.

In: nothing. Out: frozen records; the JSON Schema of the file is made from them. Never reads a file (`catalogue_file`) and never
judges how records fit together (`catalogue_checks`).
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

Kind = Literal["behavioral", "transactional", "demographic", "psychographic", "contextual", "preference"]
"""The six kinds of signals."""

Name = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,63}$", description="Lower case letters, digits and `_`.")]
Says = Annotated[str, Meta(min_length=1, max_length=200, description="What it means, for people.")]
Duration = Annotated[str, Meta(pattern=r"^\s*(\d+(\.\d+)?\s*(ms|s|m|h|d|w)\s*)+$", description="Such as 30m, 12h, 7d.")]
Text = Annotated[str, Meta(min_length=1, max_length=2000)]
Where = Annotated[str, Meta(min_length=1, max_length=2000, description="A predicate, docs/predicates.md.")]
Times = Annotated[int, Meta(ge=2, le=64)]

OPEN_KEYS = 64
"""Keys that a signal keeps open for a person; the one touched longest ago goes first."""
EXACT = 256
"""Distinct values told apart exactly; beyond, HyperLogLog estimates."""
STEPS = 8
COMPARISONS = 8
"""Comparisons of the predicate of a signal, at most: its truth table has three to the power of their number."""


class Match(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which events count.

    Attributes:
        event: One of these names; any event without it.
        where: A predicate that must be true as well.
    """

    event: Text | Annotated[tuple[Text, ...], Meta(min_length=1, max_length=64)] | None = None
    where: Where | None = None


Matches = Text | Annotated[tuple[Text, ...], Meta(min_length=1, max_length=64)] | Match
"""An event's name, several names, or names and a predicate."""


class _Signal(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="pattern"):
    """What every signal has.

    Attributes:
        name: Its name.
        kind: One of the six kinds.
        says: What it means.
        half_life: Time in which its value falls to a half; without it the value stays.
        cap: The value lies between `-cap` and `cap`.
        until: Events that end it: the value is 0 again, and what was begun is forgotten.
    """

    name: Name
    kind: Kind
    says: Says
    half_life: Duration | None = None
    cap: Annotated[float, Meta(gt=0)] | None = None
    until: Matches | None = None


class Count(_Signal, frozen=True, kw_only=True, tag="count"):
    """Each event adds 1.

    Attributes:
        of: What is counted.
    """

    of: Matches


class Sum(_Signal, frozen=True, kw_only=True, tag="sum"):
    """Each event adds a property's number; an event without one adds nothing.

    Attributes:
        of: Which events.
        property: The property, or a path such as `context.page.depth`.
    """

    of: Matches
    property: Text


class Distinct(_Signal, frozen=True, kw_only=True, tag="distinct"):
    """Each value of a property that was not seen before adds 1.

    Attributes:
        of: Which events.
        property: The property; an event without it adds nothing.
    """

    of: Matches
    property: Text


class First(_Signal, frozen=True, kw_only=True, tag="first"):
    """The first event adds 1, no later one does.

    Attributes:
        of: Which events.
    """

    of: Matches


class Recency(_Signal, frozen=True, kw_only=True, tag="recency"):
    """1 at each event, falling by half-life since the last.

    Attributes:
        of: Which events.
    """

    of: Matches


class Burst(_Signal, frozen=True, kw_only=True, tag="burst"):
    """`times` events within a time add 1; an event belongs to one burst at most.

    Attributes:
        of: Which events.
        times: How many make a burst.
        within: From the first to the last of them, at most.
        same: A property that must be the same in all of them.
    """

    of: Matches
    times: Times
    within: Duration
    same: Text | None = None


class Dwell(_Signal, frozen=True, kw_only=True, tag="dwell"):
    """A wait between an event and the next adds 1.

    Attributes:
        of: Where the wait begins; the latest one counts.
        next: Where it ends; any event of the person without it.
        longer_than: Shorter waits add nothing.
        at_most: Longer ones are no wait, the person had left.
    """

    of: Matches
    longer_than: Duration
    next: Matches | None = None
    at_most: Duration = "30m"


class Without(_Signal, frozen=True, kw_only=True, tag="without"):
    """An event that another does not follow in time adds 1, at the end of that time.

    Attributes:
        of: What begins it; again with the same key begins the time anew.
        without: What must not follow. One without the key ends all that is open.
        within: How long is waited; an event at the very end still counts as following.
        same: A property that tells what belongs together, such as `cart_id`; an `of` without it does not count.
    """

    of: Matches
    without: Matches
    within: Duration
    same: Text | None = None


class RepeatWithout(_Signal, frozen=True, kw_only=True, tag="repeat_without"):
    """An event `times` times, without another in between, adds 1; then counting begins anew.

    Attributes:
        of: What repeats.
        times: How often.
        without: What ends the counting. One without the key ends all counting.
        within: Counting begins anew with an event later than this after the first counted.
        same: A property that tells what belongs together; an `of` without it does not count.
    """

    of: Matches
    times: Times
    without: Matches | None = None
    within: Duration | None = None
    same: Text | None = None


class Sequence(_Signal, frozen=True, kw_only=True, tag="sequence"):
    """Events in this order, others between them or not, add 1; then it begins anew.

    Attributes:
        steps: What follows what; an event is one step at most.
        within: From the first to the last, at most; the latest first step counts.
        same: A property that must be the same in all; an event without it is no step.
    """

    steps: Annotated[tuple[Matches, ...], Meta(min_length=2, max_length=STEPS)]
    within: Duration
    same: Text | None = None


class Return(_Signal, frozen=True, kw_only=True, tag="return"):
    """An event after a silence adds 1.

    Attributes:
        after: The silence since the event before, at least.
        of: Which events; any event of the person without it.
    """

    after: Duration
    of: Matches | None = None


class Trait(_Signal, frozen=True, kw_only=True, tag="trait"):
    """1 while what was last said of the person makes a predicate true, else 0.

    Attributes:
        where: A predicate over traits: `plan = 'pro' and employees >= 50`. Each trait counts as last said.
    """

    where: Where


class Context(_Signal, frozen=True, kw_only=True, tag="context"):
    """1 when the last event of which a predicate can be told makes it true, 0 when it makes it false.

    Attributes:
        where: A predicate over the event: `context.device.type = 'mobile'`, `time.hour >= 22`.
        of: Which events are asked; any event without it.
    """

    where: Where
    of: Matches | None = None


Signal = (
    Count
    | Sum
    | Distinct
    | First
    | Recency
    | Burst
    | Dwell
    | Without
    | RepeatWithout
    | Sequence
    | Return
    | Trait
    | Context
)
PATTERNS: dict[str, type[Signal]] = {
    str(pattern.__struct_config__.tag): pattern
    for pattern in (
        Count, Sum, Distinct, First, Recency, Burst, Dwell, Without, RepeatWithout, Sequence, Return, Trait, Context,
    )
}  # fmt: skip
"""The patterns by the name they have in a file."""


class Term(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """One term of a score: `signal` and `weight`, or `when` and `points`.

    Attributes:
        signal: A signal; the term is its value times `weight`.
        weight: Points a unit of the signal's value.
        when: A predicate over the profile; the term is `points` where it is true, else 0.
        points: Points.
        says: What the term means; else what its signal says.
    """

    signal: Name | None = None
    weight: float | None = None
    when: Where | None = None
    points: float | None = None
    says: Says | None = None


class Scale(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How points are odds: `odds = 2^((points - even_at) / doubles)`.

    Attributes:
        even_at: Points at which the odds are 1 to 1.
        doubles: Points that double the odds.
    """

    even_at: float
    doubles: Annotated[float, Meta(gt=0)] = 20.0


class Goal(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a score is about.

    Attributes:
        of: Events that reach it.
        within: How soon after the score is read.
    """

    of: Matches
    within: Duration


class Score(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A points card: `points = base + sum of its terms`.

    Attributes:
        name: Its name.
        says: What it means.
        terms: What adds to it.
        base: Points of a person without any signal.
        low: Points are never below.
        high: Points are never above.
        scale: How points are odds; None when they are only points.
        goal: What it is about.
    """

    name: Name
    says: Says
    terms: Annotated[tuple[Term, ...], Meta(min_length=1, max_length=200)]
    base: float = 0.0
    low: float | None = None
    high: float | None = None
    scale: Scale | None = None
    goal: Goal | None = None


class Stage(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A stage of the lifecycle; a person is in the last stage of the list whose rule is true.

    Attributes:
        name: Its name.
        says: What it means.
        where: Its rule, over signals and traits.
    """

    name: Name
    says: Says
    where: Where


class Segment(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Persons whose profile makes a predicate true.

    Attributes:
        name: Its name.
        says: What it means.
        where: The predicate: `score.purchase_intent >= 40 and signal.cart_abandoned > 0`.
    """

    name: Name
    says: Says
    where: Where


class Catalogue(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything a business reads from its events.

    Attributes:
        signals: The signals, in any order.
        version: Version of this format.
        time_zone: IANA name; what `time.hour` and `time.weekday` mean.
        stages: Stages of the lifecycle, earliest first.
        scores: The scores.
        segments: The segments.
    """

    signals: Annotated[tuple[Signal, ...], Meta(min_length=1, max_length=500)]
    version: Literal[1] = 1
    time_zone: Text = "UTC"
    stages: Annotated[tuple[Stage, ...], Meta(max_length=50)] = ()
    scores: Annotated[tuple[Score, ...], Meta(max_length=100)] = ()
    segments: Annotated[tuple[Segment, ...], Meta(max_length=500)] = ()

    FILE: ClassVar[str] = "signals.yaml"
    """What the file is called in a data folder."""


def schema() -> dict[str, object]:
    """JSON Schema of the file, for editors."""
    made = msgspec.json.schema(Catalogue)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "A catalogue of signals", **made}
