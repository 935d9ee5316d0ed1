"""Paths against plain loops over the rows."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.analyse import path_kernel, path_tree, tally_kernel
from sojourn.analyse.walks import ENTRY, EXIT
from sojourn.records.errors import BadOption, UnknownColumn
from tests.analyse.logs import Row, log, random_rows
from tests.analyse.walk_oracle import OwnPath, own_paths
from tests.thoroughness import examples

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sojourn.analyse.journeys import Journeys
    from sojourn.analyse.paths import Paths

DEPTH = 2


@pytest.fixture(scope="module")
def small() -> Journeys:
    """Anna visits twice, Bert and Cleo once."""
    return log(
        [
            (
                "anna",
                "2024-01-01 10:00",
                "home",
                {"path": "https://shop.example/?utm=1", "channel": "ads", "size": 1.0},
            ),
            ("anna", "2024-01-01 10:01", "shoes", {"path": "/shop/shoes", "channel": "ads", "size": 41.5}),
            ("anna", "2024-01-01 10:02", "shoes", {"path": "/shop/shoes?size=9", "channel": "ads"}),
            ("anna", "2024-01-01 10:03", "buy", {"path": "/checkout/pay#top", "channel": "ads"}),
            ("anna", "2024-01-02 10:00", "home", {"path": "/", "channel": "mail"}),
            ("anna", "2024-01-02 10:01", "shoes", {"path": "/shop/shoes", "channel": "mail"}),
            ("bert", "2024-01-01 11:00", "home", {"path": "/", "channel": "ads"}),
            ("bert", "2024-01-01 11:01", "hats", {"path": "/shop/hats/7", "channel": "ads"}),
            ("cleo", "2024-01-01 12:00", "hats", {"path": "/shop/hats"}),
            ("cleo", "2024-01-01 12:05", "buy", {}),
        ]
    )


def branches(result: Paths) -> dict[tuple[str, ...], tuple[int, int]]:
    return {branch.path: (branch.count, branch.persons) for branch in result.branches}


def test_whole_paths_and_their_tree(small: Journeys) -> None:
    """Three of four sessions begin at home; two of these, both Anna's, go on to shoes."""
    result = small.paths(depth=1, collapse=True)

    assert (result.units, result.persons, result.distinct) == (4, 3, 4)
    assert branches(result) == {
        ("home",): (3, 2),
        ("hats",): (1, 1),
        ("home", "shoes"): (2, 1),
        ("home", "hats"): (1, 1),
        ("hats", "buy"): (1, 1),
        ("home", "shoes", EXIT): (1, 1),
        ("home", "hats", EXIT): (1, 1),
        ("hats", "buy", EXIT): (1, 1),
    }
    first = result.branches[0]
    assert (first.path, first.position, first.share, first.share_of_previous) == (("home",), 0, 0.75, 0.75)
    assert {path.path: path.count for path in result.whole} == {
        ("home", "shoes", "buy"): 1,
        ("home", "shoes"): 1,
        ("home", "hats"): 1,
        ("hats", "buy"): 1,
    }


def test_nodes_and_links_are_the_layers_of_a_sankey(small: Journeys) -> None:
    result = small.paths(depth=1, collapse=True)

    assert {(n.position, n.value): (n.count, n.persons) for n in result.nodes if n.position < 2} == {
        (0, "home"): (3, 2),
        (0, "hats"): (1, 1),
        (1, "shoes"): (2, 1),
        (1, "hats"): (1, 1),
        (1, "buy"): (1, 1),
    }
    assert {(k.position, k.from_, k.to): k.count for k in result.links if k.position == 0} == {
        (0, "home", "shoes"): 2,
        (0, "home", "hats"): 1,
        (0, "hats", "buy"): 1,
    }


def test_paths_to_an_end_are_counted_backwards_and_leave_out_who_never_gets_there(small: Journeys) -> None:
    result = small.paths(end="buy", depth=2, collapse=True)

    assert (result.units, result.about) == (2, "to buy")
    assert branches(result) == {
        ("buy",): (2, 2),
        ("shoes", "buy"): (1, 1),
        ("hats", "buy"): (1, 1),
        ("home", "shoes", "buy"): (1, 1),
        (ENTRY, "hats", "buy"): (1, 1),
        (ENTRY, "home", "shoes", "buy"): (1, 1),
    }
    assert {branch.position for branch in result.branches} == {0, -1, -2, -3}
    assert result.groups == ()


def test_paths_from_a_start_to_an_end(small: Journeys) -> None:
    result = small.paths(start="shoes|hats", end="buy", unit="persons")

    assert [(path.path, path.count) for path in result.whole] == [(("hats", "buy"), 1), (("shoes", "shoes", "buy"), 1)]
    assert (ENTRY not in str(result), EXIT not in str(result)) == (True, True)


def test_paths_around_an_event_look_both_ways(small: Journeys) -> None:
    result = small.paths(around="shoes", depth=1, collapse=True)

    assert branches(result) == {
        ("shoes",): (2, 1),
        ("home", "shoes"): (2, 1),
        (ENTRY, "home", "shoes"): (2, 1),
        ("shoes", "buy"): (1, 1),
        ("shoes", EXIT): (1, 1),
        ("shoes", "buy", EXIT): (1, 1),
    }
    assert set(result.persons_of(("home", "shoes"), direction="before")) == {"anna"}


def test_pages_are_grouped_by_their_first_segments(small: Journeys) -> None:
    """Origin, query and fragment do not count; an event without the column is `(none)`."""
    result = small.transitions(column="path", group_depth=1)

    assert {(t.from_, t.to): t.count for t in result.transitions} == {
        ("/", "/shop"): 3,
        ("/shop", "/shop"): 1,
        ("/shop", "/checkout"): 1,
        ("/shop", "(none)"): 1,
    }
    deeper = small.transitions(column="path", group_depth=2)
    assert ("/shop/shoes", "/checkout/pay") in {(t.from_, t.to) for t in deeper.transitions}


def test_values_are_grouped_by_pattern_and_small_groups_become_other(small: Journeys) -> None:
    named = small.transitions(column="path", groups={"product": "/shop/%"}, group_depth=1)
    assert ("/", "product") in {(t.from_, t.to) for t in named.transitions}

    few = small.transitions(column="path", group_depth=1, group_values=1)
    assert {(t.from_, t.to): t.count for t in few.transitions} == {
        ("(other)", "/shop"): 3,
        ("/shop", "/shop"): 1,
        ("/shop", "(other)"): 2,
    }


def test_a_column_of_numbers_can_be_walked(small: Journeys) -> None:
    result = small.transitions(column="size")

    assert ("1", "41.5") in {(t.from_, t.to) for t in result.transitions}


def test_a_breakdown_counts_each_groups_paths(small: Journeys) -> None:
    result = small.paths(by="channel", collapse=True)

    assert [(group.group, group.units) for group in result.groups] == [("ads", 2), ("mail", 1), ("(none)", 1)]
    assert [path.path for path in result.groups[1].whole] == [("home", "shoes")]
    assert set(result.groups[0].persons_of(["home"])) == {"anna", "bert"}
    assert set(result.groups[0].persons_of_whole(["home", "hats"])) == {"bert"}


def test_it_can_be_read_and_drawn(small: Journeys) -> None:
    result = small.paths(collapse=True)

    assert "home 3  75.0 %" in str(result)
    assert "shoes 2  50.0 %, 66.7 % of those" in str(result)
    assert result.table.column_names[:3] == ["path", "position", "count"]
    sankey = result.plot().data[0]
    assert sum(sankey.link.value) == sum(link.count for link in result.links)
    assert "from" in result.to_dict()["links"][0]


def test_a_log_without_such_paths_says_so(small: Journeys) -> None:
    result = small.where("event = 'nothing'").paths(by="channel")

    assert (result.units, result.branches, result.whole, result.groups) == (0, (), (), ())
    assert "no sessions have one" in str(result)
    result.plot()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"depth": 0}, "depth"),
        ({"around": "buy", "end": "buy"}, "not both"),
        ({"unit": "visits"}, "unit"),
        ({"gap_rule": "is"}, "gap_rule"),
        ({"group_depth": 0}, "group_depth"),
        ({"begin": "buy"}, "no option"),
    ],
)
def test_an_option_it_does_not_know_is_refused(small: Journeys, options: dict[str, Any], words: str) -> None:
    with pytest.raises(BadOption, match=words):
        small.paths(**options)


def test_a_name_it_does_not_know_is_refused(small: Journeys) -> None:
    with pytest.raises(UnknownColumn):
        small.paths(column="colour")
    with pytest.raises(BadOption, match="no step is called 'socks'"):
        small.paths().persons_of(["home", "socks"])


def away(path: OwnPath, way: int) -> list[str]:
    """The steps away from the anchor, the end of the unit included."""
    steps = path.steps[path.anchor :] if way > 0 else path.steps[path.anchor :: -1]
    return list(steps)


OPTIONS = st.fixed_dictionaries(
    {"unit": st.sampled_from(["sessions", "persons"]), "collapse": st.booleans()},
    optional={"start": st.just("a"), "end": st.just("b"), "around": st.just("c")},
).filter(lambda options: not ("around" in options and ("start" in options or "end" in options)))


def told_apart(counted: Iterable[tuple[Any, str]]) -> dict[Any, tuple[int, int]]:
    """How many units and how many persons have each key."""
    units: Counter[Any] = Counter()
    persons = defaultdict(set)
    for key, person in counted:
        units[key] += 1
        persons[key].add(person)
    return {key: (units[key], len(persons[key])) for key in units}


def layers(paths: Sequence[OwnPath], options: dict[str, Any]) -> tuple[list[Any], list[Any], list[Any]]:
    """Branches, nodes and links of every unit."""
    ways = (1, -1) if "around" in options else (-1,) if "end" in options and "start" not in options else (1,)
    found: tuple[list[Any], list[Any], list[Any]] = ([], [], [])
    for path in paths:
        for way in ways:
            steps = away(path, way)[: DEPTH + 1]
            if len(steps) == len(away(path, way)) and not (way > 0 and "end" in options):
                steps.append(EXIT if way > 0 else ENTRY)
            for n in range(len(steps)):
                if n or way == ways[0]:
                    shared = tuple(steps[: n + 1][::way])
                    found[0].append(((shared, way * n), path.person))
                    found[1].append(((way * n, steps[n]), path.person))
                if n:
                    ends = (n - 1, steps[n - 1], steps[n]) if way > 0 else (-n, steps[n], steps[n - 1])
                    found[2].append((ends, path.person))
    return found


@examples(50)
@given(rows=random_rows(longest=16), options=OPTIONS, wide=st.booleans())
def test_branches_nodes_links_and_whole_paths_equal_loops_over_the_rows(
    rows: list[Row], options: dict[str, Any], *, wide: bool
) -> None:
    """Packed into one integer or, as for very many values, numbered step by step."""
    known = {row[2] for row in rows}
    steps = {name: value for name, value in options.items() if name in {"start", "end", "around"}}
    asked = {name: value if value in known else f"event = '{value}'" for name, value in steps.items()}
    paths = own_paths(rows, **options)
    with pytest.MonkeyPatch.context() as patch:
        if wide:
            patch.setattr(path_tree, "PACKED_BITS", 0)
            patch.setattr(path_tree, "_FEW_LINKS", 0)
            patch.setattr(tally_kernel, "DENSE_BITS", 0)
            patch.setattr(tally_kernel, "_SIGN_BIT", 0)
        result = log(rows).paths(depth=DEPTH, gap="1000s", most=None, **{**options, **asked})
    tree, nodes, links = layers(paths, options)

    assert (result.units, result.persons) == (len(paths), len({path.person for path in paths}))
    assert {(b.path, b.position): (b.count, b.persons) for b in result.branches} == told_apart(tree)
    assert {(n.position, n.value): (n.count, n.persons) for n in result.nodes} == told_apart(nodes)
    assert {(k.position, k.from_, k.to): (k.count, k.persons) for k in result.links} == told_apart(links)
    assert {p.path: (p.count, p.persons) for p in result.whole} == told_apart((p.steps, p.person) for p in paths)
    assert result.distinct == len({path.steps for path in paths})
    for branch in result.branches[::4]:
        direction = None if "around" not in options else "before" if branch.position < 0 else "after"
        assert len(result.persons_of(branch.path, direction=direction)) == branch.persons  # type: ignore[arg-type]  # one of the three
    for node in result.nodes[::4]:
        assert len(result.persons_at(node.position, node.value)) == node.persons
    for link in result.links[::4]:
        assert len(result.persons_at(link.position, link.from_, link.to)) == link.persons
    for path in result.whole[::4]:
        assert len(result.persons_of_whole(path.path)) == path.persons


def test_paths_whose_hashes_share_their_first_half_are_told_apart() -> None:
    """Units 0 and 2 are alike; unit 1 has the same first hash and another second one."""
    first, second = np.array([7, 7, 7]), np.array([1, 2, 1])

    example, units, persons = path_tree._paths_numbered(first, second, np.array([0, 0, 1], np.int32))

    assert (example.tolist(), units.tolist(), persons.tolist()) == ([0, 1], [2, 1], [2, 1])
    apart, *_ = path_kernel.count_same(np.array([0, 1, 2]), first, second, np.array([0, 0, 1], np.int32), 2)
    assert not apart
