"""Columns that nobody sent and every event may have: what its context, address and referrer tell, under the name of a column.

In: the name of a column, context and properties of an event as they were sent. Out: a text, or None when nothing can be told. The one
function that history and the live path both ask. Reads only the few values it needs, and remembers what equal ones told.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from sojourn.records.enrichment.enriched import enriched

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

RULES = 1
"""Number of the rules; to be raised when equal events begin to tell something else, so that no index keeps what older rules told."""
_KEPT = 1 << 15


class Inputs(NamedTuple):
    """Which values tell a column.

    Attributes:
        context: Paths into the context.
        properties: Names of properties.
    """

    context: tuple[tuple[str, ...], ...]
    properties: tuple[str, ...]


_CAMPAIGN = ("source", "medium", "name", "campaign", "term", "content")
_ARRIVAL = Inputs(
    (
        *(("page", name) for name in ("url", "referrer", "search")),
        *(("campaign", name) for name in _CAMPAIGN),
    ),
    (
        *("url", "$current_url", "page_location", "search", "query", "referrer", "$referrer", "page_referrer"),
        *(f"utm_{name}" for name in ("source", "medium", "campaign", "term", "content")),
    ),
)
_CLIENT = Inputs(
    (
        *(("userAgent",), ("user_agent",), ("userAgentData", "mobile"), ("userAgentData", "platform")),
        *(("device", name) for name in ("type", "manufacturer", "model")),
        *(("os", name) for name in ("name", "version")),
    ),
    ("user_agent", "$user_agent", "$device_type", "$browser", "$os", "$os_version"),
)
_FROM_ARRIVAL = {
    "channel": "channel", "traffic_source": "source", "medium": "medium", "campaign": "campaign", "campaign_term": "term",
    "campaign_content": "content", "click_id": "click_id", "referrer_host": "referrer_host", "referrer_kind": "referrer_kind",
}  # fmt: skip
_FROM_CLIENT = ("device", "device_brand", "device_model", "browser", "browser_version", "os", "os_version")
_RESULTS = _FROM_ARRIVAL | {name: name for name in _FROM_CLIENT}
DERIVED: Mapping[str, Inputs] = dict.fromkeys(_FROM_ARRIVAL, _ARRIVAL) | dict.fromkeys(_FROM_CLIENT, _CLIENT)
"""Derived columns, and what tells each; docs/channels.md."""


def derive(name: str, context: Mapping[str, Any], properties: Mapping[str, Any]) -> str | None:
    """The value of a derived column of an event that was sent without one.

    Args:
        name: One of `DERIVED`.
        context: Of the event, as sent.
        properties: Of the event, as sent.

    Returns:
        What `enriched` tells; None when it tells nothing.
    """
    inputs = DERIVED[name]
    said = [_at(context, path) for path in inputs.context]
    return derive_from(name, said, [properties.get(key) for key in inputs.properties])


def derive_from(name: str, context: Sequence[Any], properties: Sequence[Any]) -> str | None:
    """The same from the values alone, each at the place its `Inputs` have for it; None for one that was not sent."""
    inputs = DERIVED[name]
    # Texts and a yes are all that tells anything, and all that is alike when it is equal.
    told = _told(
        inputs, tuple(value if isinstance(value, str) or value is True else None for value in (*context, *properties))
    )
    return told.get(_RESULTS[name])


@lru_cache(_KEPT)
def _told(inputs: Inputs, values: tuple[str | bool | None, ...]) -> Mapping[str, str]:
    many = len(inputs.context)
    context: dict[str, Any] = {}
    for path, value in zip(inputs.context, values[:many], strict=True):
        if value is not None:
            place = context.setdefault(path[0], {}) if len(path) > 1 else context
            place[path[-1]] = value
    said = zip(inputs.properties, values[many:], strict=True)
    return enriched(context, {name: value for name, value in said if value is not None})


def _at(value: Any, path: tuple[str, ...]) -> Any:  # noqa: ANN401  (JSON is anything)
    for name in path:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value
