"""Any options of any question, however odd, get an answer that is what its schema says, or an error that says what to do."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import httpx
import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.analyse.logs import log
from tests.thoroughness import examples

from sojourn.api.asking import SCOPE, drill_options
from sojourn.api.control import control_app
from sojourn.api.questions import QUESTIONS
from sojourn.app.backing import backing_of
from sojourn.store.sources import Keyring, create_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from sojourn.analyse.journeys import Journeys
    from sojourn.api.options import Option

    Ask = Callable[[str], httpx.Response]


NUMBERS = ("-2147483647", "-1", "0", "1", "2", "3", "5", "12", "1000", "2147483647")
POOLS: dict[str, tuple[str, ...]] = {
    "text": (
        "view", "cart", "purchase", "view|cart", "not cart", "price > 3", "event = 'view' and price > 3", "price", "path", "channel", "order_id",
        "event", "revenue", "user_id", "first path", "last channel", "day", "week", "month", "EUR", "all", "(exit)", "(entry)", "ads", "/", "p1",
        "anna", "visits", "engagement", "2024-01-01", "2024-W01", "quantity", "\x00", "'", "ü",
    ),
    "integer": NUMBERS,
    "number": (*NUMBERS, "0.001", "0.3", "1e300", "-1e300"),
    "boolean": ("true", "false"),
    "duration": ("1ms", "1s", "30m", "1d", "7d", "100000d"),
    "moment": ("0001-01-01", "1969-12-31", "2024-01-02", "2024-01-02T10:00:00+02:00", "9999-12-31"),
    "group": ("product=/p/%", "home=/", "x=%"),
    "catalogue": ("shop", "software", "streaming", "signals: []"),
    "table": ("spend.csv",),
}  # fmt: skip
SCOPES: dict[str, tuple[str, ...]] = {
    "where": ("price > 3", "event <> 'view'", "channel = 'ads'", "event = 'never'"),
    "from": ("1d", "2024-01-02", "9999d", "2030-01-01", "0001-01-01"),
    "until": ("2024-01-03", "1970-01-01", "9999-12-31"),
    "time_zone": ("UTC", "Europe/Berlin", "Pacific/Apia"),
    "bots": ("true", "false"),
}


@pytest.fixture(scope="module")
def journeys() -> Journeys:
    """Five persons, three of whom buy; prices, paths and channels; an event before 1970."""
    rows: list[Any] = [("zoe", "1969-06-01 10:00", "view", {"path": "/"})]
    for n, person in enumerate(("anna", "ben", "cleo", "dora", "emil")):
        for day in range(n + 1):
            at = f"2024-01-{day + 1:02d} 1{n}:00"
            rows.append((person, at, "view", {"path": "/", "channel": "ads" if n % 2 else "mail", "price": 2.5}))
            rows.append((person, at, "cart", {"path": "/p/1", "channel": "ads", "price": 4.0, "quantity": 2.0}))
        if n % 2 == 0:
            sold = {"path": "/p/1/done", "revenue": 10.0 * n, "order_id": f"o{n}", "currency": "EUR", "price": 4.0}
            rows.append((person, "2024-01-06 20:00", "purchase", sold))
    return log(rows)


@pytest.fixture(scope="module")
def ask(journeys: Journeys) -> Ask:
    """Asks the API in this process."""
    folder = journeys.index.folder
    key, _ = create_key(folder, "script", role="viewer")
    app = control_app(backing_of(folder), Keyring(folder))

    async def _ask(path: str) -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=True)
        async with httpx.AsyncClient(transport=transport, base_url="http://console") as client:
            return await client.get(path, headers={"Authorization": f"Bearer {key}"})

    return lambda path: asyncio.run(_ask(path))


def texts(option: Option) -> st.SearchStrategy[list[str]]:
    """Texts for an option, each of its kind."""
    pool = option.choices or SCOPES.get(option.name) or POOLS[option.kind]
    return st.lists(st.sampled_from(pool), min_size=1, max_size=4 if option.repeated else 1)


@st.composite
def queries(draw: st.DrawFn, options: tuple[Option, ...], *, most: int) -> list[tuple[str, str]]:
    """What must be given, and up to so many of what may."""
    required = [option for option in options if option.required]
    further = draw(st.lists(st.sampled_from(options), max_size=most, unique_by=lambda option: option.name))
    chosen = {option.name: option for option in [*required, *further]}
    return [(name, text) for name, option in chosen.items() for text in draw(texts(option))]


@pytest.mark.long
@pytest.mark.parametrize("name", list(QUESTIONS))
def test_any_options_are_answered_or_refused(ask: Ask, name: str) -> None:
    question = QUESTIONS[name]
    components: dict[str, dict[str, Any]] = {}
    schema = question.result_schema(components)
    valid = jsonschema_rs.Draft202012Validator({**schema, "components": {"schemas": components}})
    numbers = drill_options(question) if question.drillings else ()

    @settings(examples(40), deadline=None)
    @given(query=queries((*question.options, *SCOPE), most=4), data=st.data())
    def asked(query: list[tuple[str, str]], data: st.DataObject) -> None:
        answer = ask(f"/api/{name}?{urlencode(query)}")
        assert answer.status_code in (200, 400, 404), answer.text
        if answer.status_code != 200:
            assert set(answer.json()) <= {"code", "message", "field"}
            return
        valid.validate(json.loads(answer.text))
        if numbers:
            number = data.draw(queries(numbers, most=3))
            persons = ask(f"/api/{name}/persons?{urlencode([*query, *number])}")
            assert persons.status_code in (200, 400), persons.text

    asked()
