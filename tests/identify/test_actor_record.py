from __future__ import annotations

import json
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from sojourn.identify.actor_record import (
    MOST_NAMES,
    MOST_STAYS,
    OTHER,
    add_event,
    joined,
    latest,
    summed,
)
from sojourn.records.actor import ActorRecord, Known, Stay
from sojourn.records.event import Event

if TYPE_CHECKING:
    from random import Random

MINUTE = 60_000_000
GAP = 30 * MINUTE


def event(minute: int, name: str = "view", **more: object) -> Event:
    fields: dict[str, object] = {"type": "track", **more}
    return Event("shop", f"m{minute}", event=name, time=minute * MINUTE, received_at=minute * MINUTE, **fields)  # type: ignore[arg-type]  # named as they are in `Event`


def record(events: list[tuple[int, Event]]) -> ActorRecord:
    first = events[0][1].time
    made = ActorRecord(1, "user", "anna", first, first, 0, {}, {}, {}, [])
    for seq, one in events:
        add_event(made, one, seq, gap_us=GAP)
    return made


def test_thirty_minutes_of_silence_end_a_stay_and_less_does_not() -> None:
    made = record([(1, event(0)), (2, event(29)), (3, event(59))])

    assert made.stays == [Stay(0, 29 * MINUTE, 2), Stay(59 * MINUTE, 59 * MINUTE, 1)]


def test_a_late_event_joins_the_stays_around_it() -> None:
    made = record([(1, event(0)), (2, event(40)), (3, event(20))])

    assert made.stays == [Stay(0, 40 * MINUTE, 3)]


def test_a_trait_is_that_of_the_latest_event_whichever_came_last() -> None:
    newer = event(9, type="identify", traits=json.dumps({"plan": "pro"}))
    older = event(3, type="identify", traits=json.dumps({"plan": "free", "city": "Wien"}))

    assert latest([record([(1, newer), (2, older)]).traits]) == {
        "plan": Known("pro", 9 * MINUTE, 1),
        "city": Known("Wien", 3 * MINUTE, 2),
    }


def test_a_trait_that_was_taken_away_is_absent() -> None:
    given_, taken = (event(n, type="identify", traits=json.dumps({"plan": v})) for n, v in ((1, "pro"), (2, None)))

    assert latest([record([(1, given_), (2, taken)]).traits]) == {}


def test_of_equal_times_the_later_place_in_the_log_decides() -> None:
    one, other = {"plan": Known("a", 5, 1)}, {"plan": Known("b", 5, 2)}

    assert latest([one, other]) == latest([other, one]) == {"plan": Known("b", 5, 2)}


def test_traits_of_an_account_are_not_those_of_the_person() -> None:
    assert record([(1, event(1, type="group", traits='{"plan": "pro"}'))]).traits == {}


def test_consent_is_the_latest_choice_for_each_purpose() -> None:
    made = record([(1, event(1))])
    add_event(made, event(3), 3, gap_us=GAP, consent={"marketing": False})
    add_event(made, event(2), 2, gap_us=GAP, consent={"marketing": True, "analytics": True})

    assert {name: known.value for name, known in made.consent.items()} == {"analytics": True, "marketing": False}


def test_one_event_of_a_source_that_asks_for_consent_is_enough() -> None:
    made = record([(1, event(1))])
    assert not made.required
    add_event(made, event(2), 2, gap_us=GAP, required=True)
    add_event(made, event(3), 3, gap_us=GAP)

    assert made.required


def test_names_past_the_limit_are_counted_together() -> None:
    made = record([(n, event(n, name=f"name {n}")) for n in range(MOST_NAMES + 5)])

    assert made.counts[OTHER] == 5
    assert sum(made.counts.values()) == made.events == MOST_NAMES + 5


def test_counts_are_added_up_most_frequent_first() -> None:
    assert list(summed([{"a": 1, "b": 2}, {"a": 4}]).items()) == [("a", 5), ("b", 2)]


@given(st.lists(st.integers(0, 300), min_size=1, max_size=40), st.randoms())
def test_any_order_of_arrival_gives_the_same_stays(minutes: list[int], random: Random) -> None:
    shuffled = list(minutes)
    random.shuffle(shuffled)
    brute: list[list[int]] = []
    for minute in sorted(minutes):
        if brute and minute - brute[-1][-1] < 30:
            brute[-1].append(minute)
        else:
            brute.append([minute])
    expected = [Stay(stay[0] * MINUTE, stay[-1] * MINUTE, len(stay)) for stay in brute][-MOST_STAYS:]

    assert record([(n, event(minute)) for n, minute in enumerate(shuffled)]).stays == expected


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 300)), max_size=40))
def test_stays_of_several_actors_join_to_those_of_the_person(rows: list[tuple[int, int]]) -> None:
    single = joined((Stay(m * MINUTE, m * MINUTE, 1) for _, m in rows), gap_us=GAP)
    by_actor = [
        joined((Stay(m * MINUTE, m * MINUTE, 1) for a, m in rows if a == actor), gap_us=GAP) for actor in range(3)
    ]

    assert joined((stay for stays in by_actor for stay in stays), gap_us=GAP) == single
