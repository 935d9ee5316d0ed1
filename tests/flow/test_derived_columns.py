"""What nobody sent as a column: told alike live and of history, and questions work with it."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.analyse.logs import log
from tests.thoroughness import examples
from typer.testing import CliRunner

from sojourn.app.cli import app
from sojourn.records.enrichment.derived import DERIVED, derive
from sojourn.records.enrichment.enriched import enriched
from sojourn.records.errors import UnknownColumn
from sojourn.records.event import Event
from sojourn.signals.event_view import EventView
from sojourn.store.columns import NumberColumn, TextColumn
from sojourn.store.folder import TemporaryFolder, create_folder
from sojourn.store.index import open_index
from sojourn.store.log import Log
from sojourn.store.tail import read_version

if TYPE_CHECKING:
    from pathlib import Path

PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 "
    "Mobile/15E148 Safari/604.1"
)
LAPTOP = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
SHOP = "https://shop.example.com"
GOOGLE, BLOG = "https://www.google.com/", "https://blog.example.net/a"
START = 1_704_067_200_000_000
AGENTS = st.sampled_from([PHONE, LAPTOP, "", None, 7, "curl/8"])
URLS = st.sampled_from(
    [
        f"{SHOP}/",
        f"{SHOP}/a?utm_source=news&utm_medium=email",
        f"{SHOP}/?gclid=1",
        f"{SHOP}/?utm_term=a%20b",
        "",
        None,
        3,
    ]
)
REFERRERS = st.sampled_from([GOOGLE, BLOG, f"{SHOP}/cart", "$direct", "https://m.facebook.com/", "", None, [1]])
ODD: st.SearchStrategy[Any] = st.sampled_from([None, "text", 5, [1, "x"], {}, True])


def mostly(usual: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[Any]:
    """An object with some of the names; now and then no object at all."""
    return st.one_of(*[st.fixed_dictionaries({}, optional=usual)] * 3, ODD)


CONTEXTS = st.fixed_dictionaries(
    {},
    optional={
        "userAgent": AGENTS,
        "user_agent": AGENTS,
        "page": mostly({"url": URLS, "referrer": REFERRERS, "search": st.sampled_from(["?utm_source=x", "", 1])}),
        "campaign": mostly(
            {"source": st.sampled_from(["google", "", 2]), "medium": st.just("cpc"), "name": st.just('a"b')}
        ),
        "device": mostly({"type": st.sampled_from(["ios", "Tablet", True]), "manufacturer": st.just("Acme")}),
        "os": mostly({"name": st.just("iOS"), "version": st.sampled_from(["17", 17])}),
        "userAgentData": mostly({"mobile": st.booleans(), "platform": st.just("Windows")}),
        "n": st.integers(0, 5),
    },
)
PROPERTIES = st.fixed_dictionaries(
    {},
    optional={
        "url": URLS, "$current_url": URLS, "referrer": REFERRERS, "query": st.sampled_from(["utm_medium=sms", 5]),
        "user_agent": AGENTS, "$browser": st.just("Chrome"), "utm_source": st.sampled_from(["x", "naïve", 1]),
        "channel": st.sampled_from([None, "", "ours"]), "device": st.sampled_from([None, "kiosk"]), "price": st.integers(0, 9),
    },
)  # fmt: skip


@examples(30)
@given(st.lists(st.tuples(CONTEXTS, PROPERTIES), min_size=1, max_size=12), st.integers(0, 12))
def test_a_derived_column_says_the_same_live_and_of_history(said: list[tuple[Any, Any]], flushed: int) -> None:
    """History: some events in the table, with columns for what came often, the others in the log alone."""
    place = TemporaryFolder()
    folder = create_folder(place.path)
    journal = Log(folder)
    events = [
        Event("shop", f"m{n}", "track", "view", START + n, START + n, anonymous_id="a",
              context=json.dumps(context) if context else None, properties=json.dumps(properties))
        for n, (context, properties) in enumerate(said)
    ]  # fmt: skip
    for some in (events[:flushed], events[flushed:]):
        if some:
            journal.append(some)
            index = open_index(folder)
    assert read_version(folder).rows == len(events)
    for name in DERIVED:
        live = [EventView(event).column(name) for event in events]
        try:
            [column] = index.column(name)
        except UnknownColumn:
            assert live == [None] * len(events)
            continue
        assert isinstance(column, TextColumn)
        assert [None if code < 0 else column.names[code] for code in column.codes.tolist()] == live


def test_numbers_that_were_sent_stay_numbers_where_nothing_is_derived() -> None:
    every = log([("anna", 0, "view", {"medium": 3}), ("ben", 1, "view", {"medium": 4})])
    some = log([("anna", 0, "view", {"medium": 3}), ("ben", 1, "view", {"price": 4})])

    for journeys in (every, some):
        assert isinstance(journeys.index.column("medium")[0], NumberColumn)


RESULTS = {"traffic_source": "source", "campaign_term": "term", "campaign_content": "content"}


@examples(100)
@given(CONTEXTS, PROPERTIES)
def test_the_few_values_that_are_read_tell_all_that_the_whole_event_tells(context: Any, properties: Any) -> None:
    told = enriched(context, properties)

    assert {name: derive(name, context, properties) for name in DERIVED} == {
        name: told.get(RESULTS.get(name, name)) for name in DERIVED
    }


def ask(*arguments: str | Path) -> Any:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return json.loads(result.output) if "--json" in arguments else result.output


def page(n: int, who: str, minute: int, path: str, referrer: str, agent: str) -> dict[str, Any]:
    return {
        "type": "page", "messageId": f"m{n}", "anonymousId": who, "timestamp": f"2024-01-01T10:{minute:02d}:00Z",
        "context": {"userAgent": agent, "page": {"url": SHOP + path, "referrer": referrer}},
    }  # fmt: skip


@pytest.fixture
def segment(tmp_path: Path) -> Path:
    """Anna comes from a search on a phone, Ben from a newsletter on a laptop; both look around, Anna buys."""
    messages = [
        page(1, "anna", 0, "/", GOOGLE, PHONE),
        page(2, "anna", 1, "/shoes", f"{SHOP}/", PHONE),
        page(3, "ben", 0, "/?utm_source=news&utm_medium=email", "", LAPTOP),
        page(4, "ben", 1, "/shoes", f"{SHOP}/", LAPTOP),
        page(5, "anna", 2, "/thanks", f"{SHOP}/shoes", PHONE) | {"type": "track", "event": "Order Completed"},
    ]
    file = tmp_path / "messages.jsonl"
    file.write_text("".join(json.dumps(message) + "\n" for message in messages))
    ask("import", file, "--data", tmp_path / "data")
    return tmp_path / "data"


@pytest.fixture
def access_log(tmp_path: Path) -> Path:
    """One visitor on a phone from a search, one on a laptop from a site nobody listed; both go on within the site."""
    line = '{} - - [01/Jan/2024:10:{:02d}:00 +0000] "GET {} HTTP/1.1" 200 9 "{}" "{}"\n'
    lines = [
        line.format("192.0.2.1", 0, "/", GOOGLE, PHONE),
        line.format("192.0.2.1", 1, "/order", f"{SHOP}/", PHONE),
        line.format("198.51.100.9", 0, "/", BLOG, LAPTOP),
        line.format("198.51.100.9", 1, "/order?utm_source=news&utm_medium=email", f"{SHOP}/", LAPTOP),
    ]
    file = tmp_path / "access.log.gz"
    file.write_bytes(gzip.compress("".join(lines).encode()))
    ask("import", file, "--data", tmp_path / "data")
    return tmp_path / "data"


def test_channels_of_segment_messages_come_from_referrer_and_address(segment: Path) -> None:
    told = ask("attribution", "--goal", "Order Completed", "--touch", "channel", "--data", segment, "--json")

    assert {row["channel"]: row["touches"] for row in told["channels"]} == {"Organic Search": 1, "Email": 1}
    assert told["conversions_without_touch"] == 0


def test_sessions_of_segment_messages_by_device(segment: Path) -> None:
    told = ask("sessions", "--by", "device", "--data", segment, "--json")

    assert {group["group"]: group["sessions"] for group in told["groups"]} == {"mobile": 1, "desktop": 1}


def test_channels_of_an_access_log_are_told_only_where_the_referrer_is_surely_another_site(access_log: Path) -> None:
    told = ask("attribution", "--goal", "path = '/order'", "--touch", "channel", "--data", access_log, "--json")

    assert {row["channel"]: row["touches"] for row in told["channels"]} == {"Organic Search": 1, "Email": 1}


def test_sessions_of_an_access_log_by_device_and_browser(access_log: Path) -> None:
    for column, expected in (("device", {"mobile", "desktop"}), ("browser", {"Mobile Safari", "Firefox"})):
        told = ask("sessions", "--by", column, "--data", access_log, "--json")
        assert {group["group"]: group["sessions"] for group in told["groups"]} == dict.fromkeys(expected, 1)


def test_a_condition_may_ask_for_a_derived_column(segment: Path) -> None:
    told = ask("sessions", "--where", "os = 'iOS' and channel is null", "--data", segment, "--json")

    assert told["events"] == 2
