"""Incoming webhooks of shops, surveys, ticket and phone systems, by the built-in mappings and by one's own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.collect.arrivals import NOON, arrival, events, one_event, reasons

from sojourn.collect.protocols.webhook import BUILT_IN, WebhookMapping, mapping_of, read_webhook
from sojourn.records.errors import BadMapping

if TYPE_CHECKING:
    from sojourn.collect.imports.mapping import Mapping
    from sojourn.records.event import Event
    from sojourn.records.rejected import Rejected


def judged(body: Any, mapping: WebhookMapping | Mapping | str) -> list[Event | Rejected]:
    chosen = BUILT_IN[mapping] if isinstance(mapping, str) else mapping
    return read_webhook(json.dumps(body).encode(), chosen, arrival())


def test_an_order_and_its_refund() -> None:
    order = {"id": 1001, "total_price": "19.90", "currency": "EUR", "customer": {"id": 7, "email": "Anna@Shop.Example"}}
    bought, refunded = (
        one_event(judged({**order, **state}, "order")) for state in ({}, {"financial_status": "refunded"})
    )

    assert (bought.event, bought.order_id, bought.revenue, bought.currency) == ("Order Completed", "1001", 19.9, "EUR")
    assert (bought.user_id, bought.external_ids, bought.proven) == ("7", (("email", "anna@shop.example"),), True)
    assert (refunded.event, refunded.revenue) == ("Order Refunded", -19.9)
    assert bought.message_id != refunded.message_id


def test_a_survey_a_ticket_and_a_call() -> None:
    survey = one_event(judged({"response_id": "r", "email": "a@b.c", "score": 9, "text": "Fine"}, "survey"))
    ticket = one_event(
        judged({"ticket_id": 5, "requester": {"id": 7}, "status": "solved", "subject": "Late"}, "ticket")
    )
    call = one_event(
        judged({"call_id": "c", "from": "+49 30 1", "ended_at": "2023-11-14T22:13:10Z", "duration_s": 60}, "call")
    )

    assert (survey.event, survey.external_ids, json.loads(survey.properties)["score"]) == (
        "Survey Answered",
        (("email", "a@b.c"),),
        9,
    )
    assert (ticket.event, ticket.sent_event, ticket.user_id) == ("Ticket Resolved", "solved", "7")
    assert (call.event, call.external_ids, call.time) == (
        "Phone Call Ended",
        (("phone", "+49 30 1"),),
        NOON - 10_000_000,
    )


def test_a_body_without_an_id_is_known_again_by_its_content() -> None:
    """A sender that got no answer sends the same again; equal lines of two receipts, or of one, are two all the same."""
    first, again, other = (
        one_event(judged({"email": "a@b.c", "score": score}, "survey")).message_id for score in (9, 9, 8)
    )
    lines = mapping_of({"kind": "order", "list": "lines", "user": "member"}, where="till.toml")
    line = {"member": 7, "sku": "A"}
    seen = [
        one.message_id
        for receipt in (1, 2)
        for one in events(judged({"receipt": receipt, "lines": [line, line]}, lines))
    ]

    assert (first == again, first == other, len(set(seen))) == (True, False, 4)


def test_a_mapping_of_one_s_own_with_a_list() -> None:
    mapping = mapping_of(
        {
            "kind": "survey",
            "event": "NPS Answered",
            "list": "payload.answers",
            "user": "who.ref",
            "message_id": "ref",
            "time": "at",
            "properties": {"score": "value", "comment": "note|text"},
            "traits": {"language": "who.lang"},
        },
        where="nps.toml",
    )
    body = {
        "payload": {
            "answers": [
                {"ref": 1, "who": {"ref": "anna", "lang": "de"}, "value": 10, "text": "Good", "junk": 1},
                7,
                {"ref": 3},
            ]
        }
    }

    found = judged(body, mapping)

    assert reasons(found) == ["accepted", "bad_json", "no_person"]
    (first,) = events(found[:1])
    assert (first.event, first.user_id, first.message_id) == ("NPS Answered", "anna", "NPS Answered:1")
    assert json.loads(first.properties) == {"score": 10, "comment": "Good"}
    assert json.loads(first.traits or "") == {"language": "de"}


@pytest.mark.parametrize(
    "table", [{}, {"kind": "weather"}, {"kind": "order", "colour": "x"}, {"kind": "order", "user": 7}]
)
def test_what_is_no_mapping_is_told_with_its_place(table: dict[str, Any]) -> None:
    with pytest.raises(BadMapping, match=r"x\.toml"):
        mapping_of(table, where="x.toml")
