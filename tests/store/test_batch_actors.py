"""Whose the rows of an import are: the same as for each event alone."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.identify.actor import actor_id
from sojourn.identify.actor_number import actor_number
from sojourn.identify.link import ANONYMOUS, USER, Actor, own_actor
from sojourn.records.event import Event
from sojourn.store.batch_actors import BatchActors

SECRET = bytes(range(32))
IDS = st.none() | st.sampled_from(["anna", "ben", "null", "0", "undefined", "Anonymous", "x@y.example"])
PAIRS = st.lists(
    st.tuples(st.sampled_from(["email", "card", "click:email"]), st.sampled_from(["A@b.c", "7", "null"])), max_size=3
)


def number(actor: Actor) -> int:
    return actor_id(SECRET, actor.kind, actor.value, namespace=actor.namespace)


def fixed(rows: list[tuple[str | None, str | None, list[Any]]]) -> pa.Table:
    columns = list(zip(*rows, strict=True))
    return pa.table(
        {
            "user_id": pa.array(columns[0], pa.string()),
            "anonymous_id": pa.array(columns[1], pa.string()),
            "external_ids": pa.array([json.dumps(pairs) if pairs else None for pairs in columns[2]], pa.string()),
        }
    )


@given(st.lists(st.tuples(IDS, IDS, PAIRS), min_size=1, max_size=8))
def test_a_row_belongs_to_whom_its_event_belongs_to(rows: list[tuple[str | None, str | None, list[Any]]]) -> None:
    own, linked = BatchActors(SECRET).numbers(fixed(rows))

    for n, (user, device, pairs) in enumerate(rows):
        event = Event("s", f"m{n}", "track", "e", 0, 0, user_id=user, anonymous_id=device, external_ids=tuple(pairs))
        actor = own_actor(event)
        if actor is not None:
            assert own[n] == number(actor), rows[n]
            both = (
                actor.kind == USER and own_actor(Event("s", "m", "track", "e", 0, 0, anonymous_id=device)) is not None
            )
            assert (linked[n].as_py() == number(Actor(ANONYMOUS, device or ""))) is both, rows[n]
        elif user is not None:
            # Only junk: it is nobody's, and the same number for all of them.
            assert own[n] == number(Actor(USER, user))


def test_a_file_of_cards_alone_has_actors() -> None:
    own, linked = BatchActors(SECRET).numbers(fixed([(None, None, [("card", "7")]), (None, None, [("card", "8")])]))

    assert own.tolist() == [number(Actor("card", "7")), number(Actor("card", "8"))]
    assert linked.null_count == 2


@pytest.mark.parametrize(
    ("kind", "value", "namespace"), [("user", "anna", ""), ("email", "ä@b.c", "crm"), ("anonymous", "", "")]
)
def test_a_number_is_the_same_with_and_without_the_columns_room(kind: str, value: str, namespace: str) -> None:
    assert actor_number(SECRET, kind, value, namespace=namespace) == actor_id(SECRET, kind, value, namespace=namespace)
