"""The pages of the console, one file a view. In: a request. Out: a page with answers of `api`.

Never computes a number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sojourn.console.views import (
    attribution,
    behind,
    data,
    data_imports,
    data_rejected,
    data_sources,
    engagement,
    entry,
    funnels,
    home,
    journey_map,
    journeys,
    live,
    person,
    persons,
    privacy,
    retention,
    segments,
    settings,
    signals,
    start,
)

if TYPE_CHECKING:
    from sojourn.console.page import View

VIEWS: tuple[View, ...] = (
    *entry.VIEWS,
    *home.VIEWS,
    *live.VIEWS,
    *journey_map.VIEWS,
    *journeys.VIEWS,
    *funnels.VIEWS,
    *retention.VIEWS,
    *attribution.VIEWS,
    *engagement.VIEWS,
    *behind.VIEWS,
    *persons.VIEWS,
    *person.VIEWS,
    *segments.VIEWS,
    *signals.VIEWS,
    *data.VIEWS,
    *data_sources.VIEWS,
    *data_rejected.VIEWS,
    *data_imports.VIEWS,
    *start.VIEWS,
    *privacy.VIEWS,
    *settings.VIEWS,
)
"""Every page, in the order of the navigation."""
