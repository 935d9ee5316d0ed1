"""The pages of the console, one file a view. In: a request. Out: a page with answers of `api`.

Never computes a number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sojourn.console.views import (
    behind,
    data,
    data_imports,
    data_rejected,
    data_sources,
    entry,
    funnels,
    home,
    live,
    person,
    persons,
    settings,
    start,
)

if TYPE_CHECKING:
    from sojourn.console.page import View

VIEWS: tuple[View, ...] = (
    *entry.VIEWS,
    *home.VIEWS,
    *live.VIEWS,
    *funnels.VIEWS,
    *behind.VIEWS,
    *persons.VIEWS,
    *person.VIEWS,
    *data.VIEWS,
    *data_sources.VIEWS,
    *data_rejected.VIEWS,
    *data_imports.VIEWS,
    *start.VIEWS,
    *settings.VIEWS,
)
"""Every page, in the order of the navigation."""
