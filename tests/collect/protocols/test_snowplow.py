"""What Snowplow's trackers send by POST and as a pixel, and what becomes of it."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.collect.arrivals import NOON, arrival, one_event, reasons

from sojourn.collect.protocols import snowplow
from sojourn.records.rejected import Rejected

if TYPE_CHECKING:
    from sojourn.records.event import Event

SECOND = 1_000_000
MS = 1_700_000_000_000


def judged(*messages: dict[str, Any]) -> list[Event | Rejected]:
    body = {"schema": "iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4", "data": list(messages)}
    return snowplow.read_request(snowplow.open_request(json.dumps(body).encode()), arrival("browser"))


def one(**message: str) -> Event:
    return one_event(judged({"e": "pv", "eid": "i", "duid": "d", **message}))


def described(schema: str, data: dict[str, Any]) -> str:
    inner = {"schema": f"iglu:com.acme/{schema}/jsonschema/1-0-0", "data": data}
    return json.dumps({"schema": "iglu:com.snowplowanalytics.snowplow/unstruct_event/jsonschema/1-0-0", "data": inner})


def test_a_page_view() -> None:
    found = one(
        url="https://shop.example/a", page="A", refr="https://search.example", uid="anna", lang="de", aid="web", tna="t"
    )

    assert (found.type, found.event, found.sent_event, found.message_id) == ("page", "Page Viewed", "pv", "i")
    assert (found.user_id, found.anonymous_id, found.proven) == ("anna", "d", False)
    assert json.loads(found.properties) == {
        "url": "https://shop.example/a",
        "title": "A",
        "referrer": "https://search.example",
    }
    assert json.loads(found.context or "") == {"locale": "de", "app": "web", "snowplow": {"tna": "t"}}


@pytest.mark.parametrize("padded", [True, False])
@pytest.mark.parametrize("coded", [True, False])
def test_a_self_describing_event(coded: bool, padded: bool) -> None:  # noqa: FBT001 - pytest hands them over so
    text = described("link_click", {"targetUrl": "/x", "n": 2})
    code = base64.urlsafe_b64encode(text.encode()).decode()

    found = one(e="ue", **({"ue_px": code if padded else code.rstrip("=")} if coded else {"ue_pr": text}))

    assert (found.event, found.sent_event) == ("Link Clicked", "link_click")
    assert json.loads(found.properties) == {"targetUrl": "/x", "n": 2}


def test_other_schemas_keep_their_name_and_ecommerce_actions_get_segment_s() -> None:
    assert one(e="ue", ue_pr=described("sofa_sat_on", {})).event == "sofa_sat_on"
    assert one(e="ue", ue_pr=described("snowplow_ecommerce_action", {"type": "product_view"})).event == "Product Viewed"
    assert one(e="ue", ue_pr=described("screen_view", {"name": "Basket"})).type == "screen"


def test_structured_events_and_orders() -> None:
    structured = one(e="se", se_ca="video", se_ac="play", se_va="2.5")
    order = one(e="tr", tr_id="o1", tr_tt="19.90", tr_cu="EUR")

    assert (structured.event, json.loads(structured.properties)) == (
        "play",
        {"category": "video", "action": "play", "value": 2.5},
    )
    assert (order.event, order.order_id, order.revenue, order.currency) == ("Order Completed", "o1", 19.9, "EUR")


def test_contexts_by_their_names_and_the_device_of_an_app() -> None:
    contexts = {
        "schema": "iglu:c/contexts/jsonschema/1-0-1",
        "data": [{"schema": "iglu:c/client_session/jsonschema/1-0-2", "data": {"userId": "app-device"}}],
    }
    found = one_event(judged({"e": "pv", "eid": "i", "co": json.dumps(contexts)}))

    assert found.anonymous_id == "app-device"
    assert json.loads(found.context or "") == {"contexts": {"client_session": {"userId": "app-device"}}}


@pytest.mark.parametrize(
    ("times", "seconds_before"),
    [
        ({"dtm": str(MS - 10_000), "stm": str(MS)}, 10),
        ({"dtm": str(MS - 10_000 + 3_600_000), "stm": str(MS + 3_600_000)}, 10),
        ({"ttm": str(MS - 20_000), "dtm": str(MS - 10_000), "stm": str(MS)}, 20),
        ({"dtm": str(MS), "stm": str(MS - 900)}, 0),  # python truncates stm to whole seconds
        ({}, 0),
    ],
)
def test_the_time_rule(times: dict[str, str], seconds_before: int) -> None:
    assert one(**times).time == NOON - seconds_before * SECOND


def test_bad_ones_are_judged_alone() -> None:
    found = judged(
        {"e": "pv", "duid": "d"},
        {"e": "zz", "duid": "d"},
        {"e": "ue", "duid": "d", "ue_px": "%%"},
        {"e": "pv"},
        {"e": "se", "duid": "d"},
    )

    assert reasons(found) == ["accepted", "bad_type", "bad_json", "no_person", "no_event"]


def test_a_pixel_is_one_event() -> None:
    opened = snowplow.open_pixel({"e": "pv", "aid": "web", "duid": "d", "url": "/a"})

    assert opened.app == "web"
    assert one_event(snowplow.read_request(opened, arrival("browser"))).event == "Page Viewed"


@pytest.mark.parametrize(
    ("app", "kept"), [("shop-web", "shop-web"), (f"sjs_{'a' * 40}", "web"), (f"sjb_{'a' * 40}", "web")]
)
def test_a_key_that_came_as_app_id_is_not_kept_with_the_event(app: str, kept: str) -> None:
    """Whoever may read events could send with it otherwise."""
    found = one(aid=app)

    assert json.loads(found.context or "")["app"] == kept
    assert app not in repr(found) or app == kept


def test_a_key_is_not_kept_with_what_was_rejected() -> None:
    (found,) = judged({"e": "zz", "aid": f"sjs_{'a1' * 20}"})

    assert isinstance(found, Rejected)
    assert found.raw == b'{"e": "zz", "aid": "sjs_..."}'
