"""The API keeps what its OpenAPI document says: random requests to every path, good ones and bad ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
import schemathesis
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.thoroughness import THOROUGH

from sojourn.api.control import control_app
from sojourn.app.backing import backing_of
from sojourn.app.live import worker_of
from sojourn.records.event import Event
from sojourn.records.rejected import Reason, Rejected
from sojourn.store.folder import create_folder
from sojourn.store.log import Log
from sojourn.store.quarantine import keep_rejected
from sojourn.store.sources import Keyring, create_key

if TYPE_CHECKING:
    from schemathesis import Case

MINUTE = 60_000_000
START = 1_760_000_000_000_000
SEEN = 10 if THOROUGH else 1
SAID = (
    "Product Viewed", "Product Viewed|Order Completed", "not Product Added", "event = 'Product Added' and price > 3", "price", "path", "product_id",
    "event", "day", "week", "first path", "last price", "revenue", "user_id", "person 3", "UTC", "Europe/Berlin", "2025-10-09", "2025-10-09T08:00:00Z",
    "28d", "30m", "7d", "1ms", "100000d", "shop", "streaming", "EUR", "product=/p/%", "none", "all", "(exit)", "0", "-1", "2147483647", "no_event",
)  # fmt: skip
"""Texts that lead past the first look: of the log's events and columns, lengths of time, moments, names."""
CHECKS = [
    not_a_server_error,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    # Not `positive_data_acceptance`: no schema says which events, columns and persons a log holds.
]

MODES: list[tuple[GenerationMode, list[Any], bool]] = [
    (GenerationMode.POSITIVE, CHECKS, True),
    (GenerationMode.NEGATIVE, [*CHECKS, negative_data_rejection], False),
]
"""What is made up, what it is judged by, whether its texts are ones that the log knows."""
if THOROUGH:
    MODES.append((GenerationMode.POSITIVE, CHECKS, False))


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, dict[str, str]]:
    """A shop's log that a worker has followed, with something in quarantine; the document, and an admin's token."""
    folder = create_folder(tmp_path_factory.mktemp("api") / "data")
    steps = ("Product Viewed", "Product Added", "Checkout Started", "Order Completed")
    Log(folder).append(
        [
            Event(
                "web", f"{person}-{n}", "track", step, START + (40 * person + n) * MINUTE, START + (40 * person + n) * MINUTE,
                user_id=f"person {person}", properties='{"product_id":"p1","path":"/p/1","price":9.5}', revenue=9.5 if n == 3 else None,
            )
            for person in range(6)
            for n, step in enumerate(steps[: person % 4 + 1])
        ]
    )  # fmt: skip
    keep_rejected(folder, "web", [Rejected("web", 1, Reason.NO_EVENT, "no event", b'{"type":"track","userId":"x"}')])
    with worker_of(folder) as worker:
        worker.catch_up()
    key, _ = create_key(folder, "admin", role="admin")
    app = control_app(backing_of(folder), Keyring(folder))
    return schemathesis.openapi.from_asgi("/api/openapi.json", app), {"Authorization": f"Bearer {key}"}


@pytest.mark.long
def test_every_path_keeps_its_word(schema: tuple[Any, dict[str, str]]) -> None:
    """No fault of the program, no status and no answer that the document does not name."""
    document, token = schema
    broken: list[str] = []
    for found in document.get_all_operations():
        operation = found.ok()
        for mode, checks, known in MODES:
            try:
                _try(operation.as_strategy(generation_mode=mode), checks, token, known=known)
            except BaseExceptionGroup as error:
                broken.append(f"{operation.label}: {error}")
    assert not broken, "\n\n".join(broken)


def _try(cases: Any, checks: list[Any], token: dict[str, str], *, known: bool) -> None:
    """Some requests; with `known` their texts are ones that the log knows."""

    @hypothesis.settings(
        max_examples=SEEN,
        database=None,
        deadline=None,
        derandomize=not THOROUGH,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(case=cases, data=st.data())
    def tried(case: Case[Any], data: st.DataObject) -> None:
        if known:
            for name, value in (case.query or {}).items():
                if isinstance(value, str | list) and name not in ("format", "bots"):
                    said = st.sampled_from(SAID)
                    case.query[name] = data.draw(
                        st.lists(said, min_size=1, max_size=3) if isinstance(value, list) else said
                    )
        response = case.call(headers=token)
        case.validate_response(response, checks=checks)

    tried()
