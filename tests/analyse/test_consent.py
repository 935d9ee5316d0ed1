"""Who may not be scored over history is who the live profile does not score."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from sojourn.analyse.consent import consent_numbers, consent_persons, unscored
from sojourn.analyse.journeys import Journeys
from sojourn.analyse.person_standing import person_standing
from sojourn.app.live import LiveQuestions, worker_of
from sojourn.records.consent import PURPOSES
from sojourn.records.errors import UnknownPerson
from sojourn.records.event import Event
from sojourn.store.folder import TemporaryFolder, create_folder
from sojourn.store.index import open_index
from sojourn.store.log import Log
from sojourn.store.sources import create_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sojourn.store.folder import Folder

START = 1_704_067_200_000_000
MINUTE = 60_000_000
PEOPLE = ("anna", "ben", "cleo")
Said = dict[str, bool] | None


def event(
    n: int, who: str, said: Said, *, browser: bool = False, opted_out: bool = False, proven: bool = False
) -> Event:
    consent: dict[str, Any] = {} if said is None else {"categoryPreferences": said}
    consent |= {"optedOut": True} if opted_out else {}
    context = json.dumps({"consent": consent}) if consent else None
    time = START + n * MINUTE
    return Event(
        "shop", f"m{n}", "track", "view", time, time, user_id=who, context=context, browser=browser, proven=proven
    )


def folder_of(place: TemporaryFolder, events: Sequence[Event]) -> Folder:
    folder = create_folder(place.path / "data")
    create_key(folder, "shop", kind="browser")
    create_key(folder, "shop")
    Log(folder).append(list(events))
    return folder


def scored(folder: Folder, *, at_us: int) -> set[str]:
    """Who is scored over history."""
    journeys = Journeys(open_index(folder))
    (out,) = unscored(journeys, [at_us])
    return set(journeys.persons_of([journeys.parts()[0].person])) - set(journeys.persons_of([out]))


def test_who_denied_personalisation_is_in_no_number_of_signals_scores_and_segments() -> None:
    """Anna refuses, Ben agrees, Cleo came by a browser's key, which asks, and never answered."""
    place = TemporaryFolder()
    both = {"analytics": True, "personalisation": True}
    said = [
        ("anna", both, False),
        ("ben", both, True),
        ("cleo", None, True),
        ("anna", both | {"personalisation": False}, False),
    ]
    folder = folder_of(place, [event(n, who, what, browser=browser) for n, (who, what, browser) in enumerate(said)])
    journeys = Journeys(open_index(folder))

    for result in (
        journeys.signals(catalogue="shop"),
        journeys.scores(catalogue="shop"),
        journeys.segments(catalogue="shop"),
    ):
        assert (result.persons_total, result.persons_unscored) == (1, 2)
        assert result.persons_of("scored").ids == ("ben",)
        assert set(result.persons_of("unscored")) == {"anna", "cleo"}
    scores = journeys.scores(catalogue="shop")
    assert scores.persons(scores.scores[0].name, at_least=-1e9).ids == ("ben",)
    assert scored(folder, at_us=START + 2 * MINUTE) == {"anna", "ben"}


def test_a_filter_does_not_hide_a_refusal() -> None:
    place = TemporaryFolder()
    refused = event(1, "anna", {"personalisation": False})
    folder = folder_of(place, [event(0, "anna", None), refused, event(2, "anna", None), event(3, "ben", None)])
    journeys = Journeys(open_index(folder)).between("2024-01-01T00:02", None)

    assert (journeys.scores(catalogue="shop").persons_total, journeys.scores(catalogue="shop").persons_unscored) == (
        1,
        1,
    )


def test_a_log_in_which_nobody_speaks_of_consent_scores_everybody() -> None:
    place = TemporaryFolder()
    folder = create_folder(place.path / "data")
    Log(folder).append([event(0, "anna", None)])

    assert scored(folder, at_us=START) == {"anna"}


@given(
    st.lists(
        st.tuples(
            st.sampled_from(PEOPLE),
            st.none() | st.dictionaries(st.sampled_from(["analytics", "personalisation", "marketing"]), st.booleans()),
            st.booleans(),
            st.booleans(),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_history_scores_whom_the_worker_scores(rows: list[tuple[str, Said, bool, bool]]) -> None:
    place = TemporaryFolder()
    events = [event(n, who, said, browser=browser, opted_out=out) for n, (who, said, browser, out) in enumerate(rows)]
    folder = folder_of(place, events)
    with worker_of(folder) as worker:
        worker.catch_up()
    live = LiveQuestions(folder)

    def shown(who: str) -> bool:
        try:
            return live.person(who).scored
        except UnknownPerson:
            return False

    assert scored(folder, at_us=START + 100 * MINUTE) == {who for who in PEOPLE if shown(who)}


def test_a_browser_s_key_cannot_undo_the_no_of_somebody_it_names() -> None:
    """The key is public. What it says fills what is unknown and may refuse; only a yes that is proven ends a proven no."""
    place = TemporaryFolder()
    yes: dict[str, bool] = dict.fromkeys(PURPOSES, True)
    no: dict[str, bool] = dict.fromkeys(PURPOSES, False)
    rows = [
        event(0, "anna", no),
        event(1, "anna", yes, browser=True),
        event(2, "ben", no, browser=True),
        event(3, "ben", yes, browser=True),
        event(4, "cleo", yes),
        event(5, "cleo", no, browser=True),
    ]
    folder = folder_of(place, rows)
    assert scored(folder, at_us=START + 10 * MINUTE) == {"ben"}
    assert set(consent_persons(Journeys(open_index(folder)), "marketing", "denied")) == {"anna", "cleo"}
    assert person_standing(Journeys(open_index(folder)), "anna", catalogue="shop").consent == no

    Log(folder).append([event(6, "anna", yes, browser=True, proven=True)])

    assert scored(folder, at_us=START + 10 * MINUTE) == {"anna", "ben"}
    with worker_of(folder) as worker:
        worker.catch_up()
    assert {who: LiveQuestions(folder).person(who).scored for who in PEOPLE} == {
        "anna": True,
        "ben": True,
        "cleo": False,
    }


def test_persons_are_counted_by_what_they_said_last_to_each_purpose() -> None:
    """Anna takes marketing back; Ben says yes to all by a browser's key; Cleo never answers one; Dora's browser says no for her."""
    place = TemporaryFolder()
    every = {"analytics": True, "personalisation": True, "marketing": True}
    folder = folder_of(
        place,
        [
            event(0, "anna", every),
            event(1, "ben", every, browser=True),
            event(2, "cleo", None, browser=True),
            event(3, "dora", None, opted_out=True),
            event(4, "anna", {"marketing": False}),
            event(5, "emil", None),
        ],
    )
    journeys = Journeys(open_index(folder))

    told = consent_numbers(journeys)

    assert told.persons == 5
    assert [(one.purpose, one.granted, one.denied, one.unknown, one.allowed) for one in told.purposes] == [
        ("analytics", 2, 0, 3, 4),  # cleo's source asks, and she said nothing
        ("personalisation", 2, 1, 2, 3),
        ("marketing", 1, 2, 2, 2),  # ben said yes, emil's source need not ask
    ]
    assert set(consent_persons(journeys, "marketing", "denied")) == {"anna", "dora"}
    assert set(consent_persons(journeys, "marketing", "allowed")) == {"ben", "emil"}
    for one in told.purposes:
        for standing in ("granted", "denied", "unknown", "allowed"):
            assert len(consent_persons(journeys, one.purpose, standing)) == getattr(one, standing)


def test_what_was_said_outside_the_period_counts_and_only_persons_inside_do() -> None:
    place = TemporaryFolder()
    folder = folder_of(place, [event(0, "anna", {"marketing": False}), event(1, "ben", None), event(9, "anna", None)])
    late = Journeys(open_index(folder)).between("2024-01-01T00:05:00Z", None)

    told = consent_numbers(late)

    assert told.persons == 1
    assert [one.denied for one in told.purposes] == [0, 0, 1]
    assert [one.purpose for one in told.purposes] == list(PURPOSES)
