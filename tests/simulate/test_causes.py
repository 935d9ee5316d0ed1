"""What the truth says of each cause, against what the events show: counted apart, switched off and on."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from sojourn.records.errors import BadOption
from sojourn.simulate import CAUSES, WORLDS, Cause, only

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FEW = {"shop": 1000, "software": 300, "streaming": 250}
MANY = {"shop": 2000, "software": 800, "streaming": 500}
EACH = [(name, cause) for name in WORLDS for cause in CAUSES[name]]
# A world with one cause alone costs a second or two, so the quick run has one cause of the smallest world.
ALONE = [
    pytest.param(
        name, cause, id=f"{name}-{cause.name}", marks=() if cause == CAUSES["software"][-1] else pytest.mark.long
    )
    for name, cause in EACH
]


def shows(event: dict[str, Any], cause: Cause) -> bool:
    marker = cause.marker
    if event.get("event") != marker.event:
        return False
    return marker.property is None or event["properties"].get(marker.property) == marker.value


def matches(event: dict[str, Any], predicate: str) -> bool:
    """Judge the predicates of the causes: equalities joined by `and`."""
    for term in predicate.split(" and "):
        column, _, text = term.partition(" = ")
        value: Any = (
            text.strip("'") if text.startswith("'") else text == "true" if text in {"true", "false"} else int(text)
        )
        found = event.get("event") if column == "event" else event.get("properties", {}).get(column)
        if found != value:
            return False
    return True


@pytest.mark.parametrize("name", WORLDS)
def test_what_happened_is_in_the_events(name: Any, world: Callable[..., Any]) -> None:
    """Each outcome of each person, counted from the file by its event."""
    log = world(name, persons=FEW[name])
    done = {"bought": ("Order Completed", True), "subscribed": ("Subscription Started", True),
            "stayed": ("Subscription Cancelled", False)}  # fmt: skip
    totals: Counter[str] = Counter()
    for person in log.people:
        names = {event.get("event") for event in log.journeys[person["person"]]}
        for outcome, truth in person.get("outcomes", {}).items():
            event, when_present = done[outcome]
            assert truth["happened"] == ((event in names) == when_present), person
            totals[outcome] += truth["happened"]
    assert {outcome: told["happened"] for outcome, told in log.summary["outcomes"].items()} == dict(totals)


@pytest.mark.parametrize("name", WORLDS)
def test_the_summary_adds_up_the_persons(name: Any, world: Callable[..., Any]) -> None:
    log = world(name, persons=FEW[name])
    for cause, told in log.summary["causes"].items():
        up = [
            person["outcomes"][told["outcome"]]
            for person in log.people
            if told["outcome"] in person.get("outcomes", {})
        ]
        lost = sum(truth["without"][cause] and not truth["happened"] for truth in up)
        assert (told["persons"], told["lost"]) == (len(up), lost)
        assert told["effect"] == pytest.approx(-lost / len(up))
        assert told["met"] == sum(cause in person.get("met", []) for person in log.people) > 0
        assert told["lost"] <= told["left"] <= told["met"]


@pytest.mark.parametrize(("name", "cause"), ALONE)
def test_who_met_a_cause_is_who_has_its_marker(name: Any, cause: Cause, world: Callable[..., Any]) -> None:
    log = world(name, persons=FEW[name])
    met = {person["person"] for person in log.people if cause.name in person.get("met", [])}
    shown = {person for person, events in log.journeys.items() if any(shows(event, cause) for event in events)}
    assert shown == met


@pytest.mark.long
@pytest.mark.parametrize(("name", "cause"), ALONE)
def test_a_cause_that_is_off_leaves_no_trace_and_takes_nothing(
    name: Any, cause: Cause, world: Callable[..., Any]
) -> None:
    others = tuple(other.name for other in CAUSES[name] if other.name != cause.name)
    log = world(name, persons=FEW[name], causes=others)

    assert not any(shows(event, cause) for event in log.events)
    assert log.summary["causes"][cause.name]["effect"] == 0
    assert log.summary["causes"][cause.name]["met"] == 0


@pytest.mark.parametrize(("name", "cause"), ALONE)
def test_switching_a_cause_changes_the_outcome_by_its_stated_effect(
    name: Any, cause: Cause, world: Callable[..., Any]
) -> None:
    """The same persons with and without it: exactly."""
    others = tuple(other.name for other in CAUSES[name] if other.name != cause.name)
    on, off = world(name, persons=FEW[name]), world(name, persons=FEW[name], causes=others)
    told = on.summary["causes"][cause.name]
    with_it, without_it = on.summary["outcomes"][cause.outcome], off.summary["outcomes"][cause.outcome]
    assert with_it["persons"] == without_it["persons"]
    assert with_it["happened"] - without_it["happened"] == -told["lost"] <= 0


@pytest.mark.long
@pytest.mark.parametrize(("name", "cause"), ALONE)
def test_among_other_persons_too_the_effect_is_about_the_stated_one(
    name: Any, cause: Cause, world: Callable[..., Any]
) -> None:
    """One seed with the cause alone against another seed with none: within four standard errors."""
    alone = world(name, persons=MANY[name], seed=2, causes=(cause.name,))
    nothing = world(name, persons=MANY[name], seed=1, causes=())
    stated = alone.summary["causes"][cause.name]["effect"]
    a, b = alone.summary["outcomes"][cause.outcome], nothing.summary["outcomes"][cause.outcome]
    share_a, share_b = a["happened"] / a["persons"], b["happened"] / b["persons"]
    error = math.sqrt(share_a * (1 - share_a) / a["persons"] + share_b * (1 - share_b) / b["persons"])
    assert abs((share_a - share_b) - stated) < 4 * error


@pytest.mark.long
@pytest.mark.parametrize(("name", "cause"), ALONE)
def test_the_lots_fall_as_designed(name: Any, cause: Cause, world: Callable[..., Any]) -> None:
    """Among those at the cause's place, the share that meets it; among those, the share that leaves."""
    log = world(name, persons=MANY[name], seed=2, causes=(cause.name,))
    came = [p for p, events in log.journeys.items() if any(matches(event, cause.before) for event in events)]
    told = log.summary["causes"][cause.name]
    error = math.sqrt(0.25 / max(told["met"], 1))

    assert told["met"] / len(came) <= cause.exposed_share + 3 * error
    assert told["met"] / len(came) >= 0.4 * cause.exposed_share  # some who come are spared: those signed in, guests
    would = [p for p in log.people if cause.name in p.get("met", []) and p["outcomes"][cause.outcome]["without_causes"]]
    left = sum(p["outcomes"][cause.outcome].get("left_by") == cause.name for p in would)
    assert abs(left / len(would) - cause.leave_share) < 0.15 + 3 * error


def journey_between(events: list[dict[str, Any]], cause: Cause) -> tuple[bool, list[dict[str, Any]]] | None:
    """Whether `after` was reached from the first `before`, and what happened in between or in the rest of the day."""
    start = next((place for place, event in enumerate(events) if matches(event, cause.before)), None)
    if start is None:
        return None
    end = next((place for place in range(start + 1, len(events)) if matches(events[place], cause.after)), None)
    if end is not None:
        return True, events[start:end]
    return False, [event for event in events[start:] if cause.said_by is None or event.get("event") != cause.said_by]


def features(events: list[dict[str, Any]]) -> set[tuple[str, ...]]:
    """Every event, and every property value of every event."""
    found: set[tuple[str, ...]] = set()
    for event in events:
        name = event.get("event") or f"{event['type']} {event.get('name', '')}"
        found.add((name,))
        found |= {(name, key, str(value)) for key, value in event.get("properties", {}).items()}
    return found


def ranked(log: Any, cause: Cause) -> Iterator[tuple[str, ...]]:
    """Features by how far the shares of leavers and of others who have them lie apart."""
    groups: dict[bool, list[set[tuple[str, ...]]]] = {True: [], False: []}
    for person in log.people:
        told = journey_between(log.journeys[person["person"]], cause)
        if told is not None:
            groups[told[0]].append(features(told[1]))
    counts = {reached: Counter(feature for found in of for feature in found) for reached, of in groups.items()}
    sizes = {reached: max(len(of), 1) for reached, of in groups.items()}
    both = counts[True].keys() | counts[False].keys()
    apart = {found: abs(counts[True][found] / sizes[True] - counts[False][found] / sizes[False]) for found in both}
    yield from sorted(both, key=lambda found: (-apart[found], found))


@pytest.mark.parametrize(("name", "cause"), ALONE)
def test_alone_a_cause_is_what_separates_leavers_most(name: Any, cause: Cause, world: Callable[..., Any]) -> None:
    """Of everything leavers and others differ in, an event the cause shows in comes first, by share of persons."""
    log = world(name, persons=MANY[name], seed=2, causes=(cause.name,))
    best = next(iter(ranked(log, cause)))
    assert best[0].removeprefix("page ") in cause.traces


def test_only_switches_all_others_off_and_knows_the_names() -> None:
    assert only("shop", "long_form") == {cause.name: cause.name == "long_form" for cause in CAUSES["shop"]}
    with pytest.raises(BadOption, match="no cause 'rain'"):
        only("shop", "rain")
