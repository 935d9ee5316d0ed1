from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from sojourn.collect.imports.guess import guess_mapping
from sojourn.collect.imports.mapping import Mapping
from sojourn.records.errors import BadMapping

TIMES = ["2024-01-01 10:00:00", "2024-01-01 10:00:05", "2024-01-01 10:00:09"]
VALUES: dict[str, list[Any]] = {
    "time": TIMES,
    "id": ["a", "b", "a"],
    "event": ["view", "view", "buy"],
    "number": [1, 2, 3],
    "url": ["https://a.example/", "/b", "/c"],
}


def guess(given: Mapping | None = None, **columns: Any) -> tuple[Mapping, list[str]]:
    """Guess from columns given by the kind of their values, or by the values themselves."""
    sample = {name: pa.array(VALUES[values] if isinstance(values, str) else values) for name, values in columns.items()}
    return guess_mapping(sample, given or Mapping())


@pytest.mark.parametrize(
    "person",
    [
        "user_id",
        "userId",
        "UserID",
        "visitor_id",
        "CustomerID",
        "customer id",
        "distinct_id",
        "case_id",
        "case:concept:name",
        "client_id",
        "household_id",
        "session_id",
    ],
)
@pytest.mark.parametrize(
    "when", ["timestamp", "event_time", "ts", "created_at", "InvoiceDate", "time:timestamp", "date", "my_own_time"]
)
@pytest.mark.parametrize("what", ["event", "event_name", "event_type", "activity", "concept:name", "action", "page"])
def test_usual_names_are_found(person: str, when: str, what: str) -> None:
    mapping, lines = guess(None, **{"x": "number", person: "id", when: "time", what: "event"})

    assert (mapping.person, mapping.time, mapping.event) == (person, when, what)
    assert lines == [f"person: {person}", f"time: {when} (without zone, read as UTC)", f"event: {what}"]


def test_german_names_are_found() -> None:
    mapping, _ = guess(Kundennummer="id", Datum="time", Ereignis="event", Betrag="number")

    assert (mapping.person, mapping.time, mapping.event) == ("Kundennummer", "Datum", "Ereignis")


def test_what_was_said_is_never_overridden() -> None:
    given = Mapping(person="x", time="t2", event="kind", order="nr")
    mapping, lines = guess(
        given, user_id="id", x="id", time="time", t2="time", event="event", kind="event", nr="id", order_id="id"
    )

    assert (mapping.person, mapping.time, mapping.event, mapping.order) == ("x", "t2", "kind", "nr")
    assert lines == []


def test_a_device_beside_a_known_user_is_an_actor_and_alone_a_person() -> None:
    both, lines = guess(user_id="id", device_id="id", event="event")
    alone, _ = guess(device_id="id", event="event")

    assert (both.person, both.actor) == ("user_id", "device_id")
    assert "actor: device_id (before a person is known)" in lines
    assert (alone.person, alone.actor) == ("device_id", None)


def test_an_id_column_without_a_value_is_passed_over() -> None:
    mapping, _ = guess(user_id=pa.nulls(3, pa.string()), visitor_id="id", event="event")

    assert mapping.person == "visitor_id"


def test_without_a_time_column_file_order_decides() -> None:
    mapping, lines = guess(user_id="id", position="number", page="event")

    assert mapping.time is None
    assert "no time column: file order decides (--time NAME if there is one)" in lines


def test_a_time_under_any_name_is_found_by_its_values() -> None:
    assert guess(user_id="id", wann="time", event="event")[0].time == "wann"


@pytest.mark.parametrize("values", [[0.25, 1.5, 331.4], ["10:00:00", "10:00:05", "11:00:00"], ["a", "b", "c"]])
def test_a_column_called_time_without_times_is_none(values: list[Any]) -> None:
    assert guess(user_id="id", time=values, event="event")[0].time is None


def test_version_numbers_and_codes_are_no_times() -> None:
    assert (
        guess(user_id="id", version=["1.2.3", "1.2.4", "2.0.1"], code=["12", "13", "14"], event="event")[0].time is None
    )


def test_addresses_do_not_name_events_but_say_that_pages_were_viewed() -> None:
    for name in ("url", "page", "path"):
        mapping, lines = guess(None, **{"user_id": "id", name: "url"})
        assert (mapping.event, mapping.event_value) == (None, "Page Viewed")
        assert any("--event-name TEXT changes it" in line for line in lines)


def test_rows_without_an_event_are_named_after_what_they_are() -> None:
    assert guess(CustomerID="id", InvoiceNo="id")[0].event_value == "Order line"
    assert guess(None, **{"Customer ID": "id", "Invoice": "id"})[0].event_value == "Order line"
    assert guess(userId="id", rating="number")[0].event_value == "Product Reviewed"
    assert guess(userId="id", x="number")[0].event_value == "Event"


def test_an_event_name_that_was_said_is_kept() -> None:
    mapping, lines = guess(Mapping(event_value="Reading"), userId="id", event="event")

    assert (mapping.event, mapping.event_value) == (None, "Reading")
    assert lines == ["person: userId", "no time column: file order decides (--time NAME if there is one)"]


def test_a_message_id_that_repeats_is_no_message_id() -> None:
    assert guess(user_id="id", message_id=["a", "b", "c"], event="event")[0].message_id == "message_id"
    assert guess(user_id="id", message_id=["a", "b", "a"], event="event")[0].message_id is None


def test_orders_money_and_agents_are_found() -> None:
    mapping, _ = guess(
        user_id="id",
        event="event",
        order_id="id",
        revenue=[1.0, 2.0, None],
        currency="id",
        user_agent="id",
        price=[1.0, 2.0, 3.0],
    )

    assert (mapping.order, mapping.revenue, mapping.currency, mapping.user_agent) == (
        "order_id",
        "revenue",
        "currency",
        "user_agent",
    )


def test_received_at_needs_a_time_beside_it() -> None:
    assert guess(user_id="id", event="event", time="time", received_at="time")[0].received_at == "received_at"


def test_no_person_is_an_error_that_names_the_columns() -> None:
    with pytest.raises(BadMapping, match=r'--person .*"colour", "size"'):
        guess(colour="event", size="number")


@pytest.mark.parametrize("field", ["person", "actor", "time", "event", "order", "revenue", "user_agent", "message_id"])
def test_a_column_that_does_not_exist_is_an_error_that_names_the_columns(field: str) -> None:
    with pytest.raises(
        BadMapping, match=f'{field} is said to be the column "nope", but the file has "user_id", "event"'
    ):
        guess(Mapping(**{field: "nope"}), user_id="id", event="event")  # type: ignore[arg-type]  # field names


def test_properties_and_ignored_columns_must_exist() -> None:
    with pytest.raises(BadMapping, match='properties names the column "nope"'):
        guess(Mapping(properties=("nope",)), user_id="id")
    with pytest.raises(BadMapping, match='ignore names the column "nope"'):
        guess(Mapping(ignore=("nope",)), user_id="id")


def test_a_time_column_without_times_is_an_error_when_it_was_said(tmp_path: Any) -> None:
    from sojourn.collect.imports.read import read_batches

    path = tmp_path / "log.csv"
    path.write_text("user_id,event,when\nu,view,soon\n")
    with pytest.raises(BadMapping, match=r'"when" is to say when.*"soon".*--time-format'):
        list(read_batches(path, Mapping(time="when")))
