"""What is kept of an event, by what its source asks for and what its person said: every cell of docs/privacy.md."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from tests.collect.arrivals import SALT, arrival, one_event

from sojourn.collect.protocols import segment
from sojourn.records.consent import PURPOSES, STATES, Consents, consents, handling

if TYPE_CHECKING:
    from pathlib import Path

    from sojourn.records.consent import Purpose, State
    from sojourn.records.event import Consent, Event, SourceKind

# source, purpose, state -> what the page says of it
CELLS: dict[tuple[Consent, Purpose, State], str] = {
    ("required", "analytics", "granted"): "stored with identifiers",
    ("required", "analytics", "denied"): "stored cookieless",
    ("required", "analytics", "unknown"): "stored cookieless",
    ("assumed", "analytics", "granted"): "stored with identifiers",
    ("assumed", "analytics", "denied"): "stored cookieless",
    ("assumed", "analytics", "unknown"): "stored with identifiers",
    ("required", "personalisation", "granted"): "scored",
    ("required", "personalisation", "denied"): "not scored",
    ("required", "personalisation", "unknown"): "not scored",
    ("assumed", "personalisation", "granted"): "scored",
    ("assumed", "personalisation", "denied"): "not scored",
    ("assumed", "personalisation", "unknown"): "scored",
    ("required", "marketing", "granted"): "messaged",
    ("required", "marketing", "denied"): "not messaged",
    ("required", "marketing", "unknown"): "not messaged",
    ("assumed", "marketing", "granted"): "messaged",
    ("assumed", "marketing", "denied"): "not messaged",
    ("assumed", "marketing", "unknown"): "messaged",
}


def sent(
    kind: SourceKind = "browser",
    consent: Consent = "assumed",
    *,
    said: dict[str, Any] | None = None,
    message: dict[str, Any] | None = None,
    **came: Any,
) -> Event:
    context = {} if said is None else {"consent": {"categoryPreferences": said}}
    whole = {
        "type": "track",
        "event": "Order Completed",
        "messageId": "m",
        "userId": "anna",
        "anonymousId": "d",
        "properties": {"order_id": "o1", "revenue": 9, "email": "a@b.c", "sku": "x"},
        "traits": {"email": "a@b.c"},
        **(message or {}),
    }
    whole["context"] = {**whole.get("context", {}), **context}
    came = {"address": "203.0.113.77", "user_agent": "Firefox"} | came
    body = json.dumps(whole).encode()
    return one_event(segment.read_request(segment.open_request(body), arrival(kind, consent, **came)))


@pytest.mark.parametrize("cell", CELLS, ids=" ".join)
def test_each_cell(cell: tuple[Consent, Purpose, State]) -> None:
    """With the other purposes granted, so that only this one decides."""
    mode, purpose, state = cell
    states: dict[Purpose, State] = {**dict.fromkeys(PURPOSES, "granted"), purpose: state}
    said = Consents(**states)
    allowed = handling(mode, said)
    words = {
        "analytics": "stored with identifiers" if allowed.identified else "stored cookieless",
        "personalisation": "scored" if allowed.scored else "not scored",
        "marketing": "messaged" if allowed.messaged else "not messaged",
    }

    assert words[purpose] == CELLS[cell]


@pytest.mark.parametrize("cell", [cell for cell in CELLS if cell[1] == "analytics"], ids=" ".join)
@pytest.mark.parametrize("kind", ["browser", "server"])
def test_what_is_kept_follows_the_table(kind: SourceKind, cell: tuple[Consent, Purpose, State]) -> None:
    mode, _, state = cell
    said = {"granted": {"Analytics": True}, "denied": {"Analytics": False}, "unknown": None}[state]

    event = sent(kind, mode, said=said)

    assert event.daily == (CELLS[cell] == "stored cookieless")
    assert (event.user_id is None) == event.daily
    assert (event.anonymous_id == "d") != event.daily


def test_the_page_has_every_cell(root: Path) -> None:
    page = (root / "docs" / "privacy.md").read_text()
    rows = re.findall(r"^\| `(required|assumed)` \| (\w+) \| (\w+) \| ([^|]+?) \|$", page, flags=re.MULTILINE)

    assert {(mode, purpose, state): words for mode, purpose, state, words in rows} == CELLS
    assert len(CELLS) == 2 * len(PURPOSES) * len(STATES)


def test_without_analytics_nobody_is_scored_or_written_to() -> None:
    allowed = handling("required", Consents(analytics="denied", personalisation="granted", marketing="granted"))

    assert (allowed.identified, allowed.scored, allowed.messaged) == (False, False, False)


def test_a_cookieless_event_says_nothing_of_who_it_was() -> None:
    event = sent(
        consent="required",
        message={
            "context": {
                "ip": "203.0.113.77",
                "device": {"id": "dev"},
                "externalIds": [{"type": "email", "id": "a@b.c"}],
                "page": {"path": "/x"},
                "sessionId": 5,
                "traits": {"name": "Anna"},
                "groupId": "g",
            }
        },
    )

    assert (event.user_id, event.external_ids, event.traits, event.group_id, event.proven) == (
        None,
        (),
        None,
        None,
        False,
    )
    assert json.loads(event.properties) == {"revenue": 9, "sku": "x"}
    assert json.loads(event.context or "") == {"page": {"path": "/x"}, "userAgent": "Firefox"}
    assert (event.revenue, event.order_id == "o1", len(event.order_id or "")) == (9, False, 32)
    everything = repr(event)
    for told in ("anna", "a@b.c", "203.0.113", "Anna", "'d'", "dev", "o1"):
        assert told not in everything, told


def test_a_daily_pseudonym_lasts_for_a_day_and_tells_browsers_apart() -> None:
    same = [sent(consent="required").anonymous_id for _ in range(2)]
    other_agent = sent(consent="required", user_agent="Safari").anonymous_id
    other_address = sent(consent="required", address="203.0.113.78").anonymous_id
    next_day = sent(consent="required", salt=b"t" * len(SALT)).anonymous_id

    assert same[0] == same[1]
    assert len({same[0], other_agent, other_address, next_day}) == 4


def test_of_a_server_the_pseudonym_is_the_person_s_not_the_server_s() -> None:
    anna, ben = (sent("server", said={"analytics": False}, message={"userId": user}) for user in ("anna", "ben"))

    assert anna.anonymous_id != ben.anonymous_id


def test_a_browser_without_any_id_is_counted_cookieless() -> None:
    """Our tracker sends none before consent."""
    event = sent(consent="required", message={"userId": None, "anonymousId": ""})

    assert event.daily


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"Analytics": True, "Advertising": False}, ("granted", "unknown", "denied")),
        ({"C0002": False, "C0003": True, "C0004": True}, ("denied", "granted", "granted")),
        ({"analytics": True, "personalisation": True, "marketing": True}, ("granted", "granted", "granted")),
        ({"Performance": True, "Analytics": False}, ("denied", "unknown", "unknown")),
        ({"Analytics": "yes", "Weather": True}, ("unknown", "unknown", "unknown")),
        ({}, ("unknown", "unknown", "unknown")),
    ],
)
def test_categories_of_consent_dialogs_are_purposes(said: dict[str, Any], expected: tuple[State, State, State]) -> None:
    found = consents({"consent": {"categoryPreferences": said}}, opted_out=False)

    assert (found.analytics, found.personalisation, found.marketing) == expected


def test_the_browser_s_signal_beats_a_category() -> None:
    found = consents({"consent": {"categoryPreferences": {"marketing": True, "analytics": True}}}, opted_out=True)

    assert (found.analytics, found.personalisation, found.marketing) == ("granted", "denied", "denied")


def test_the_signal_is_kept_with_the_event() -> None:
    assert json.loads(sent(opted_out=True).context or "")["consent"] == {"optedOut": True}
    assert "consent" not in json.loads(sent().context or "")
    # The request of a server says nothing about a person.
    assert sent("server", opted_out=True).context is None


def test_addresses_are_cut_wherever_they_stand() -> None:
    event = sent(
        message={
            "properties": {"ip": "198.51.100.23", "$ip": "2001:db8:1:2::3", "sku": "198.51.100.23"},
            "traits": {"ip_address": "198.51.100.23"},
            "context": {"ip": "203.0.113.77, 10.0.0.1", "device": {"ip": ["198.51.100.23"]}},
        }
    )

    assert json.loads(event.properties) == {"ip": "198.51.100.0", "$ip": "2001:db8:1::", "sku": "198.51.100.23"}
    assert json.loads(event.traits or "") == {"ip_address": "198.51.100.0"}
    assert json.loads(event.context or "")["ip"] == "203.0.113.0"
    assert json.loads(event.context or "")["device"] == {"ip": ["198.51.100.0"]}


def test_a_server_s_own_address_is_nobody_s() -> None:
    assert sent("server").context is None
    assert json.loads(sent("browser").context or "")["ip"] == "203.0.113.0"


def test_a_withdrawal_reaches_whom_it_names_and_says_nothing_else() -> None:
    """Otherwise who said yes before would stay known, scored and messaged."""
    told = {"event": "Consent Updated", "properties": {"email": "a@b.c", "analytics": False}}
    withdrawn = sent("browser", "required", said={"analytics": False}, message={**told, "userId": None})
    by_server = sent("server", "assumed", said={"analytics": False}, message=told)
    unknown = sent("browser", "required", said={"marketing": False}, message=told)

    assert (withdrawn.anonymous_id, withdrawn.user_id, withdrawn.daily) == ("d", None, False)
    assert (withdrawn.traits, json.loads(withdrawn.properties), withdrawn.external_ids) == (
        None,
        {"analytics": False},
        (),
    )
    assert (by_server.user_id, by_server.daily) == ("anna", False)
    assert (unknown.daily, unknown.anonymous_id != "d") == (True, True)
