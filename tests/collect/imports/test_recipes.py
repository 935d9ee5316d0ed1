"""Each recipe on a sample written by hand from the format its tool documents."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sojourn.collect.imports.mapping import load_mapping, recipe_names
from sojourn.records.errors import BadMapping

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def sample(root: Path, imported: Callable[..., Any]) -> Callable[[str], Any]:
    def read(name: str) -> Any:
        return imported(root / "tests/fixtures/recipes" / name, load_mapping(name.split(".", maxsplit=1)[0]))

    return read


def test_every_recipe_has_a_sample(root: Path) -> None:
    samples = {path.stem for path in (root / "tests/fixtures/recipes").iterdir()}

    assert samples == set(recipe_names())
    assert {"amplitude", "ga4", "matomo", "mixpanel", "posthog", "segment"} <= samples


def test_ga4(sample: Callable[[str], Any]) -> None:
    log = sample("ga4.jsonl")

    assert log.column("event") == ["Page Viewed", "Product Viewed", "Order Completed", "newsletter_signup"]
    assert log.column("sent_event") == ["page_view", "view_item", "purchase", None]
    assert log.column("user_id") == [None, None, "anna", None]
    assert log.column("anonymous_id")[::3] == ["1234567.1705312799", "7654321.1705316399"]
    assert log.column("time")[1] == "2024-01-15 10:01:00.500000Z"
    assert log.column("order_id") == [None, None, "T-1001", None]  # "(not set)" is no order
    assert log.column("revenue") == [None, None, 19.9, None]
    assert log.column("currency")[2] == "GBP"
    assert log.column("traits") == [None, None, '{"plan":"gold"}', None]
    assert log.property("ga_session_id") == [1_705_312_799, None, None, 1_705_316_399]
    assert log.property("device_category") == ["mobile", "mobile", "mobile", "desktop"]
    assert log.property("device_web_info_browser")[0] == "Safari"
    assert log.property("traffic_source_medium")[0] == "email"
    assert json.loads(log.column("rest")[1])["items"] == [{"item_id": "42", "item_name": "Kettle", "price": 19.9}]
    assert len(set(log.hashes)) == 4


def test_an_export_of_ours(root: Path, imported: Callable[..., Any]) -> None:
    """Told by its columns."""
    log = imported(root / "tests/fixtures/recipes/sojourn.csv")

    assert log.lines[0] == "format: events that sojourn export wrote"
    assert log.column("event") == ["Page Viewed", "Order Completed"]
    assert log.column("sent_event") == ["Home", None]
    assert log.column("type") == ["page", "track"]
    assert log.column("message_id")[1].startswith("row-")
    assert log.column("revenue") == [None, 3.5]
    assert [json.loads(text)["tags"] for text in log.column("rest")[:1]] == [["a"]]
    assert set(log.batches[0].properties) == {"path"}


def test_matomo(sample: Callable[[str], Any]) -> None:
    log = sample("matomo.json")

    assert log.column("event") == [
        "Page Viewed",
        "Products Searched",
        "play",
        "Order Completed",
        "Page Viewed",
        "Link Clicked",
    ]
    assert log.column("type") == ["page", "track", "track", "track", "page", "track"]
    assert log.column("user_id") == ["anna"] * 4 + [None] * 2
    assert log.column("anonymous_id") == ["0f1e2d3c4b5a6978"] * 4 + ["1122334455667788"] * 2
    assert log.column("time")[3] == "2024-01-15 10:05:00.000000Z"
    assert (log.column("order_id")[3], log.column("revenue")[3], log.column("currency")[3]) == ("A-7", 24.5, "EUR")
    assert log.property("visitIp")[::4] == ["203.0.113.0", "2001:db8:1::"]
    assert log.property("siteSearchKeyword")[1] == "kettle"
    assert log.property("referrerName")[0] == "spring"


def test_a_later_matomo_export_of_a_longer_visit_repeats_the_same_actions(
    root: Path, tmp_path: Path, imported: Callable[..., Any]
) -> None:
    visits = json.loads((root / "tests/fixtures/recipes/matomo.json").read_text())
    first = dict(visits[0])
    first |= {
        "actionDetails": visits[0]["actionDetails"][:2],
        "actions": "2",
        "visitDuration": "60",
        "lastActionTimestamp": 1705312860,
    }
    (tmp_path / "early.json").write_text(json.dumps([first]))
    (tmp_path / "late.json").write_text(json.dumps(visits))

    early = imported(tmp_path / "early.json", load_mapping("matomo"))
    late = imported(tmp_path / "late.json", load_mapping("matomo"))

    assert late.hashes[:2] == early.hashes


def test_posthog(sample: Callable[[str], Any]) -> None:
    log = sample("posthog.jsonl")

    assert log.column("event") == ["Page Viewed", "Identified", "order placed", "invoice paid"]
    assert log.column("type") == ["page", "identify", "track", "track"]
    assert log.column("user_id") == [None, "anna", "anna", "bert"]  # the first distinct_id is the device's own
    assert log.column("anonymous_id") == ["018d0c5d-aaaa-7000-8000-00000000000a"] * 3 + [None]
    assert log.column("message_id")[0] == "018d0c5e-0000-7000-8000-000000000001"
    assert json.loads(log.column("traits")[1]) == {"email": "anna@shop.example", "plan": "gold"}
    assert log.column("revenue") == [None, None, 24.5, None]
    assert log.property("$ip")[0] == "203.0.113.0"
    assert log.column("received_at")[0] == "2024-01-15 10:00:02.500000Z"


def test_a_posthog_export_as_csv_holds_its_properties_as_text(
    sample: Callable[[str], Any], root: Path, tmp_path: Path, imported: Callable[..., Any]
) -> None:
    rows = [json.loads(text) for text in (root / "tests/fixtures/recipes/posthog.jsonl").read_text().splitlines()]
    with (tmp_path / "posthog.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows([row | {"properties": json.dumps(row["properties"])} for row in rows])

    from_csv, from_json = imported(tmp_path / "posthog.csv", load_mapping("posthog")), sample("posthog.jsonl")

    for name in ("time", "event", "user_id", "anonymous_id", "revenue", "traits", "rest"):
        assert from_csv.column(name) == from_json.column(name)
    assert from_csv.property("$current_url") == from_json.property("$current_url")


def test_a_posthog_export_as_parquet_holds_its_properties_as_text(
    sample: Callable[[str], Any], root: Path, tmp_path: Path, imported: Callable[..., Any]
) -> None:
    rows = [json.loads(text) for text in (root / "tests/fixtures/recipes/posthog.jsonl").read_text().splitlines()]
    table = pa.Table.from_pylist(
        [row | {"properties": json.dumps(row["properties"]), "person_id": "p"} for row in rows]
    )
    pq.write_table(table, tmp_path / "events.parquet")

    from_parquet, from_json = imported(tmp_path / "events.parquet", load_mapping("posthog")), sample("posthog.jsonl")

    for name in ("time", "event", "user_id", "anonymous_id", "revenue", "traits", "message_id"):
        assert from_parquet.column(name) == from_json.column(name)


def test_ga4_as_parquet_is_read_as_its_json_is(
    sample: Callable[[str], Any], root: Path, tmp_path: Path, imported: Callable[..., Any]
) -> None:
    rows = [json.loads(text) for text in (root / "tests/fixtures/recipes/ga4.jsonl").read_text().splitlines()]
    for row in rows:
        # BigQuery writes 64-bit integers as texts in JSON, and as numbers in Parquet.
        row["event_timestamp"] = int(row["event_timestamp"])
        for parameter in row.get("event_params", []):
            values = parameter["value"]
            parameter["value"] = {
                "string_value": values.get("string_value"),
                "int_value": int(values["int_value"]) if values.get("int_value") is not None else None,
                "float_value": None,
                "double_value": values.get("double_value"),
            }
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "events.parquet")

    from_parquet, from_json = imported(tmp_path / "events.parquet", load_mapping("ga4")), sample("ga4.jsonl")

    for name in ("time", "event", "user_id", "anonymous_id", "order_id", "revenue", "currency", "traits"):
        assert from_parquet.column(name) == from_json.column(name)
    for name in ("ga_session_id", "device_category", "traffic_source_medium"):
        assert from_parquet.property(name) == from_json.property(name)


def test_ga4_says_where_the_visit_came_from(tmp_path: Path, imported: Callable[..., Any]) -> None:
    row = {
        "event_name": "page_view",
        "event_timestamp": "1705312800000000",
        "user_pseudo_id": "1.2",
        "collected_traffic_source": {"manual_source": "news", "gclid": None},
        "session_traffic_source_last_click": {
            "manual_campaign": {"source": "news", "medium": "email"},
            "google_ads_campaign": {"campaign_id": "7"},
        },
    }
    (tmp_path / "events.jsonl").write_text(json.dumps(row) + "\n")

    log = imported(tmp_path / "events.jsonl", load_mapping("ga4"))

    assert log.property("collected_traffic_source_manual_source") == ["news"]
    assert log.property("session_traffic_source_last_click_manual_campaign_medium") == ["email"]
    assert json.loads(log.column("rest")[0]) == {
        "session_traffic_source_last_click_google_ads_campaign": {"campaign_id": "7"}
    }


def test_actions_from_the_database_of_matomo_need_no_recipe(written: Callable[..., Any]) -> None:
    log = written(
        "idvisitor,user_id,server_time,url,title,idvisit\n0F1E,anna,2024-01-15 10:00:00,shop.example/,Home,1\n"
        "0F1E,NULL,2024-01-14 10:00:00,shop.example/p,Kettle,2\n",
        person="user_id", actor="idvisitor", time="server_time", event_value="Page Viewed",
    )  # fmt: skip

    assert log.column("user_id") == ["anna", None]
    assert log.column("anonymous_id") == ["0F1E", "0F1E"]
    assert log.property("url") == ["shop.example/", "shop.example/p"]


def test_mixpanel_in_milliseconds(tmp_path: Path, imported: Callable[..., Any]) -> None:
    row = {"event": "a", "properties": {"time": 1705312800123, "distinct_id": "anna", "$insert_id": "i"}}
    (tmp_path / "export.jsonl").write_text(json.dumps(row))

    assert imported(tmp_path / "export.jsonl", load_mapping("mixpanel")).column("time") == [
        "2024-01-15 10:00:00.123000Z"
    ]


def test_mixpanel(sample: Callable[[str], Any]) -> None:
    log = sample("mixpanel.jsonl")

    assert log.column("event") == ["Page Viewed", "Video Playback Started", "Order Completed", "Invoice Paid"]
    assert log.column("user_id") == [None, "anna", "anna", "bert"]  # "$device:5f3a" is a device
    assert log.column("anonymous_id") == ["5f3a", "5f3a", "5f3a", None]
    assert log.column("message_id") == ["ins-0001", "ins-0002", "ins-0003", "ins-0004"]
    assert log.column("time")[0] == "2024-01-15 10:00:00.000000Z"
    assert log.column("received_at")[0] == "2024-01-15 10:00:05.000000Z"
    assert log.property("seconds") == [None, 93, None, None]


def test_amplitude(sample: Callable[[str], Any]) -> None:
    log = sample("amplitude.jsonl")

    assert log.column("event") == ["Page Viewed", "Identified", "Order Completed"]
    assert log.column("sent_event") == ["[Amplitude] Page Viewed", "$identify", None]
    assert log.column("user_id") == [None, "anna", "anna"]
    assert log.column("anonymous_id") == ["dev-1R"] * 3
    assert log.column("time")[2] == "2024-01-15 10:05:00.123456Z"
    assert log.column("revenue")[2] == 24.5
    assert log.property("ip_address") == ["203.0.113.0"] * 3
    assert log.property("[Amplitude] Page Path")[0] == "/"


def test_segment_messages_are_recognised_without_a_recipe(root: Path, imported: Callable[..., Any]) -> None:
    log = imported(root / "tests/fixtures/recipes/segment.jsonl")

    assert "format: Segment messages" in log.lines[0]
    assert log.column("event") == ["Page Viewed", "Identified", "Order Completed", "Screen Viewed", "Page Viewed"]
    assert log.column("sent_event") == ["Home", None, None, "Basket", None]  # the names of page and screen, as sent
    assert log.column("type") == ["page", "identify", "track", "screen", "page"]
    assert log.column("user_id") == [None, "anna", "anna", "7", None]
    assert log.column("anonymous_id") == ["anon-1", "anon-1", "anon-1", None, "anon-2"]
    assert log.column("time")[3] == "2024-01-15 10:00:00.000000Z"  # originalTimestamp, as there is no timestamp
    assert log.column("bot") == [False, False, False, False, True]
    assert json.loads(log.column("context")[0])["ip"] == "203.0.113.0"
    assert json.loads(log.column("traits")[1]) == {"email": "anna@shop.example", "plan": "gold"}
    assert log.property("revenue") == [None, None, 24.5, None, None]
    assert log.column("revenue") == [None, None, 24.5, None, None]
    assert log.reasons == [(6, "no_event")]


def test_a_file_of_another_tool_is_told_apart(root: Path, imported: Callable[..., Any]) -> None:
    with pytest.raises(BadMapping, match="no such export"):
        imported(root / "tests/fixtures/recipes/posthog.jsonl", load_mapping("ga4"))
