"""Over a simulated shop: every number of every page that is a link opens a list of that length."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.console.conftest import Nobody
from tests.console.numbers import assert_numbers_open_their_persons
from tests.console.visitors import user

from sojourn.api.history import History
from sojourn.app.importing import import_files
from sojourn.collect.imports.mapping import Mapping
from sojourn.console.asked import Backing
from sojourn.simulate.run import simulate
from sojourn.store.folder import create_folder, open_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.testclient import TestClient

pytestmark = pytest.mark.long
STEPS = "steps=Product+Viewed&steps=Checkout+Started&steps=Order+Completed"
PAGES = (
    "/?from=9999d",
    "/journey-map",
    "/journeys?depth=2",
    f"/funnels?{STEPS}&by=first+channel&trend=week",
    f"/funnels?{STEPS}&unit=sessions",
    f"/funnels/why?{STEPS}&at=1",
    "/retention?by=first+channel",
    "/retention?mode=rolling&window=2d",
    "/attribution?models=linear&models=markov&by=first+device",
    "/attribution?touches=visits&models=last&by=first+device",
    "/engagement?by=first+channel",
    "/segments?predicate=signal.visits+%3E+2",
    "/signals",
)
NO_PERSONS = frozenset({"Step", "Cohorts", "Median", "9 in 10 up to", "Largest"})
"""Columns of tables that count nothing persons do: places of steps, cohorts that are over, values of signals."""


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """Of a week of a shop with a hundred and fifty persons."""
    place = tmp_path_factory.mktemp("shop")
    made = simulate("shop", place / "world", days=7, persons=150, seed=1)
    create_folder(place / "data")
    import_files([made.events], place / "data", Mapping())
    with user(Backing(History(open_folder(place / "data")), Nobody()), role="viewer") as browser:
        yield browser


def test_every_number_that_is_a_link_opens_a_list_of_that_length(console: TestClient) -> None:
    """In one process: a page's answers and lists come from one computation, as in the console."""
    for address in PAGES:
        assert_numbers_open_their_persons(console, address, least=0, but=NO_PERSONS, csv_too=False)
