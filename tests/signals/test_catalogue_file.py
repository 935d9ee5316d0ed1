"""A catalogue is read whole or not at all, and everything wrong is named with its line and path."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from sojourn.records.errors import BadCatalogue
from sojourn.signals.catalogue import Count, schema
from sojourn.signals.catalogue_file import load_catalogue, read_catalogue

if TYPE_CHECKING:
    from pathlib import Path

VIEWS = "  - {name: views, kind: behavioral, says: Looks, pattern: count, of: view}\n"


def problems(text: str) -> list[str]:
    """The lines of the error."""
    with pytest.raises(BadCatalogue) as error:
        read_catalogue(text)
    return str(error.value).split("\n")


def test_a_signal_is_read_as_its_record() -> None:
    catalogue = read_catalogue(f"signals:\n{VIEWS}")

    assert catalogue.signals == (Count(name="views", kind="behavioral", says="Looks", of="view"),)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "signals.yaml:1: $: expected a mapping with `signals`, got an empty file"),
        ("signals: []", "signals.yaml:1: $.signals: expected at least one, got an empty list"),
        ("signals:\n  - 7", "signals.yaml:2: $.signals[0]: expected a mapping, got 7"),
        ("signals: [", "signals.yaml:1: $: expected YAML: expected the node content, but found '<stream end>'"),
        (f"signals:\n{VIEWS}sgments: []", "signals.yaml:3: $.sgments: expected one of signals, version, time_zone, stages, scores, segments; got `sgments`; did you mean `segments`?"),
        (f"time_zone: Mars\nsignals:\n{VIEWS}", "signals.yaml:1: $.time_zone: expected a time zone such as UTC or Europe/Berlin, got 'Mars'"),
        (f"signals:\n{VIEWS}{VIEWS}", "signals.yaml:3: $.signals[1].name: expected a name of its own, 'views' is that of $.signals[0]"),
        (f"signals:\n{VIEWS}segments:\n  - {{name: s, says: s, where: signal.vews > 1}}", "signals.yaml:4: $.segments[0].where: expected signal.NAME, score.NAME, stage, traits.NAME, time.hour or time.weekday; got 'signal.vews'; did you mean 'signal.views'?"),
        (f"signals:\n{VIEWS}scores:\n  - name: s\n    says: s\n    terms:\n      - {{signal: views}}", "signals.yaml:7: $.scores[0].terms[0]: expected `signal` and `weight`, or `when` and `points`"),
    ],
)  # fmt: skip
def test_an_error_names_its_line_its_path_what_came_and_what_was_expected(text: str, expected: str) -> None:
    assert problems(text) == [expected]


def test_every_problem_is_told_not_the_first_alone() -> None:
    """Four fields wrong in two signals, each on its own line."""
    text = """signals:
  - name: Views
    kind: behavioral
    says: s
    pattern: count
    of: view
    half_life: 3 dayz
  - name: b
    kind: behavoral
    says: s
    pattern: burst
    of: view
    times: 1
    within: 5m
"""

    found = problems(text)

    assert [line.split(": ")[0] for line in found] == [
        "signals.yaml:2",
        "signals.yaml:7",
        "signals.yaml:9",
        "signals.yaml:13",
    ]
    assert (
        found[1]
        == "signals.yaml:7: $.signals[0].half_life: expected a length of time such as 30m, 12h or 7d, the value is '3 dayz'"
    )
    assert "behavioral, transactional" in found[2]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f"signals:\n{VIEWS}signals: []", "expected `signals` once, got it again; first on line 1"),
        ("signals: &x\n  - *x", "alias"),
        ("signals: !python/object:os.system [x]", "expected a plain value, got the tag"),
        ("signals: " + "[" * 60 + "]" * 60, "at most 32 levels"),
    ],
)
def test_what_yaml_allows_and_surprises_with_is_refused(text: str, says: str) -> None:
    """Keys given twice, aliases, tags, depth."""
    assert any(says in line for line in problems(text))


def test_plain_words_are_texts_as_people_mean_them() -> None:
    """`no`, `on` and `12:30` are no booleans and no sexagesimal numbers."""
    catalogue = read_catalogue("signals:\n  - {name: a, kind: behavioral, says: no, pattern: count, of: [on, 12:30]}")

    assert catalogue.signals[0] == Count(name="a", kind="behavioral", says="no", of=("on", "12:30"))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadCatalogue, match=r"signals\.yaml"):
        load_catalogue(tmp_path / "signals.yaml")


def test_the_committed_schema_is_that_of_the_records(root: Path) -> None:
    """`make docs` writes it."""
    committed = json.loads((root / "docs" / "signals.schema.json").read_text())

    assert committed == json.loads(json.dumps(schema()))
