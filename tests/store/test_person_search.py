from __future__ import annotations

import string
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sojourn.analyse.person_names import names_of
from sojourn.records.batch import EventBatch
from sojourn.records.errors import BadOption
from sojourn.records.event import Event
from sojourn.store.append import Append
from sojourn.store.folder import create_folder
from sojourn.store.index import open_index
from sojourn.store.index_build import build_index
from sojourn.store.log import Log
from sojourn.store.person_search import search_persons
from tests.analyse.logs import batch

if TYPE_CHECKING:
    from pathlib import Path

    from sojourn.store.folder import Folder
    from sojourn.store.index import Index

SECOND = 1_000_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """A folder of anna with traits, an e-mail address and a device; ben; a card that only a link tells."""
    folder = create_folder(tmp_path_factory.mktemp("search") / "data")
    traits = (
        '{"email":"Anna@Example.org","plan":"pro","age":34,"address":{"city":"Köln"},"vip":true,"note":"says \\"hi\\""}'
    )
    Log(folder).append(
        [
            Event("s", "1", "track", "view", 10 * SECOND, 10 * SECOND, anonymous_id="device-7"),
            Event("s", "2", "identify", "Identified", 20 * SECOND, 20 * SECOND, user_id="anna", anonymous_id="device-7", traits=traits),
            Event("s", "3", "identify", "Identified", 30 * SECOND, 30 * SECOND, user_id="ben", traits='{"plan":"basic","email":"ben@example.org"}'),
            Event("s", "4", "track", "view", 40 * SECOND, 40 * SECOND, user_id="Carla", external_ids=(("loyalty_card", "4711"),)),
        ]
    )  # fmt: skip
    return folder


def found(index: Index, text: str) -> list[str]:
    return sorted(names_of(index, search_persons(index, text)))


@pytest.mark.parametrize(
    ("text", "persons"),
    [
        ("anna", ["anna"]),
        ("ANNA", ["anna"]),
        ("device-7", ["anna"]),
        ("vice", ["anna"]),
        ("example.org", ["anna", "ben"]),
        ("köln", ["anna"]),
        ("34", ["anna"]),
        ("true", ["anna"]),
        ('says "hi"', ["anna"]),
        ("carla", ["Carla"]),
        ("471", ["Carla"]),
        ("loyalty_card:4711", ["Carla"]),
        ("plan=pro", ["anna"]),
        ("plan = BASIC", ["ben"]),
        ("email: ben", ["ben"]),
        ("city=kö", ["anna"]),
        ("age=3", ["anna"]),
        ("plan=gold", []),
        ("email", []),
        ("city", []),
        ("nobody", []),
        ('"', ["anna"]),
        (".*", []),
    ],
)
def test_a_person_is_found_by_a_piece_of_any_identifier_or_trait(folder: Folder, text: str, persons: list[str]) -> None:
    """Names of traits are no values: `email` finds nobody."""
    assert found(open_index(folder), text) == persons


@pytest.mark.parametrize("text", ["", "   ", "x" * 201])
def test_nothing_and_too_much_are_refused(folder: Folder, text: str) -> None:
    with pytest.raises(BadOption, match="1 to 200 characters"):
        search_persons(open_index(folder), text)


@given(st.text(min_size=1, max_size=12).filter(str.strip))
@settings(max_examples=60, deadline=None)
def test_any_text_may_be_searched_for(folder: Folder, text: str) -> None:
    assert set(found(open_index(folder), text)) <= {"anna", "ben", "Carla"}


def test_what_is_found_is_what_a_look_at_every_text_finds(tmp_path: Path) -> None:
    """300 persons with random ids, the hundred newest of them laid over the index."""
    dice = np.random.default_rng(3)
    ids = ["".join(dice.choice(list(string.ascii_lowercase[:4]), 6)) for _ in range(300)]
    folder = create_folder(tmp_path / "data")
    with folder.writing():
        append = Append(folder, source="test")
        append.add(batch([(name, n, "view", {}) for n, name in enumerate(ids[:200])]))
        append.finish()
        build_index(folder)
    Log(folder).append([Event("s", name, "track", "view", n, n, user_id=name) for n, name in enumerate(ids[200:])])
    index = open_index(folder)

    for text in ("ab", "dcba", "aaaa", "c"):
        assert found(index, text) == sorted({name for name in ids if text in name})


@pytest.mark.long
def test_a_search_among_100_000_persons_finds_every_one_of_them(tmp_path: Path) -> None:
    many = 100_000
    folder = create_folder(tmp_path / "data")
    with folder.writing():
        append = Append(folder, source="test")
        append.add(_persons(many))
        append.finish()
        build_index(folder)
    index = open_index(folder)

    found = [len(search_persons(index, text)) for text in ("user-00500", "p77777@", "city=town-9", "example")]

    assert found == [10, 1, 10_000, many]


def _persons(many: int) -> EventBatch:
    """One event with traits a person."""
    rows = batch([(f"user-{n:06d}", n, "Identified", {}) for n in range(many)])
    traits = [f'{{"email":"p{n}@example.org","city":"town-{n % 10}","plan":"basic"}}' for n in range(many)]
    place = rows.fixed.schema.get_field_index("traits")
    return EventBatch(
        rows.fixed.set_column(place, "traits", pa.array(traits, pa.string())), rows.properties, rows.row_hash, [], many
    )
