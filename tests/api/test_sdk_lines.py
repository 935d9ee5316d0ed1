from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sojourn.api.sdk_lines import lines_for

if TYPE_CHECKING:
    from pathlib import Path

    from sojourn.records.event import SourceKind


@pytest.mark.parametrize(
    ("kind", "collector"), [("browser", "https://events.shop.example"), ("server", "http://127.0.0.1:8001")]
)
def test_the_documentation_has_the_same_lines(kind: SourceKind, collector: str, root: Path) -> None:
    page = (root / "docs" / "clients.md").read_text()

    for one in lines_for("KEY", kind, collector):
        assert f"### {one.client}\n" in page
        assert one.install in page
        assert one.code in page


def test_key_and_address_stand_where_the_client_wants_them() -> None:
    found = {one.client: one.code for one in lines_for("sjs_1", "server", "https://events.shop.example/")}

    assert 'Client("sjs_1", host="https://events.shop.example")' in found["Sojourn, Python"]
    assert 'Emitter("events.shop.example", protocol="https", port=443' in found["Snowplow, Python"]
    assert not any(word in code for code in found.values() for word in ("KEY", "HOST", "PORT", "SCHEME"))
