from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import pytest

from sojourn.analyse.segment_overlap import segment_overlap
from sojourn.records.errors import BadPredicate
from sojourn.signals.catalogue_file import read_catalogue
from tests.analyse.logs import log

if TYPE_CHECKING:
    from sojourn.analyse.journeys import Journeys
    from tests.analyse.logs import Row

CATALOGUE = read_catalogue("""
signals:
  - {name: views, kind: behavioral, says: Looks, pattern: count, of: view}
  - {name: orders, kind: transactional, says: Orders, pattern: count, of: order}
segments:
  - {name: lookers, says: looked, where: signal.views >= 1}
  - {name: keen, says: looked thrice, where: signal.views >= 3}
  - {name: buyers, says: ordered, where: signal.orders >= 1}
""")


@pytest.fixture(scope="module")
def journeys() -> Journeys:
    """Ten persons: pN looks N times; p2, p4 and p9 order."""
    rows: list[Row] = [(f"p{n}", n * 100 + k, "view", {}) for n in range(10) for k in range(n)]
    return log([*rows, ("p0", 5, "other", {}), *((name, 5_000, "order", {}) for name in ("p2", "p4", "p9"))])


def test_a_predicate_is_counted_with_examples_and_beside_every_segment(journeys: Journeys) -> None:
    """Of ten persons p5 to p9 fit: all of them look, one of them buys."""
    found = segment_overlap(journeys, catalogue=CATALOGUE, predicate="signal.views >= 5")

    assert (found.tried, found.share, found.persons_total) == (5, 0.5, 10)
    assert sorted(found.examples) == ["p5", "p6", "p7", "p8", "p9"]
    assert [(one.name, one.persons, one.both) for one in found.segments] == [
        ("lookers", 9, 5),
        ("keen", 7, 5),
        ("buyers", 3, 1),
    ]
    assert [one.of_tried for one in found.segments] == [1, 1, 0.2]
    assert found.segments[1].of_segment == 5 / 7
    assert found.persons("buyers").ids == ("p9",)
    assert sorted(found.persons()) == sorted(found.examples)


def test_pairs_are_those_of_the_sets_of_their_persons(journeys: Journeys) -> None:
    found = segment_overlap(journeys, catalogue=CATALOGUE)
    segments = journeys.segments(catalogue=CATALOGUE)
    sets = {one.name: set(segments.persons(one.name)) for one in segments.segments}

    told = {(pair.one, pair.other): (pair.both, pair.of_either) for pair in found.pairs}

    assert told == {
        (one, other): (len(sets[one] & sets[other]), len(sets[one] & sets[other]) / len(sets[one] | sets[other]))
        for one, other in combinations(sets, 2)
        if sets[one] & sets[other]
    }
    assert found.pairs[0].of_either == 7 / 9  # all who are keen look
    assert set(found.persons("keen", and_in="buyers")) == sets["keen"] & sets["buyers"]
    assert (found.tried, found.predicate, found.examples) == (0, None, ())


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ("signal.vews > 1", "did you mean 'signal.views'"),
        ("signal.views >", "cannot read the predicate"),
        ("x" * 2_001, "1 to 2,000 characters"),
    ],
)
def test_a_predicate_that_does_not_fit_is_told(journeys: Journeys, where: str, told: str) -> None:
    with pytest.raises(BadPredicate, match=told):
        segment_overlap(journeys, catalogue=CATALOGUE, predicate=where)


def test_an_overlap_can_be_shown_in_every_form(journeys: Journeys) -> None:
    found = segment_overlap(journeys, catalogue=CATALOGUE, predicate="signal.views >= 5")

    assert "signal.views >= 5: 5 persons of 10" in str(found)
    assert found.plot().data
    assert found.table.num_rows == 3
