"""The pages of the console, one file a view. In: a request. Out: a page with answers of `api`.

Never computes a number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sojourn.console.views import entry, home, live

if TYPE_CHECKING:
    from sojourn.console.page import View

VIEWS: tuple[View, ...] = (*entry.VIEWS, *home.VIEWS, *live.VIEWS)
"""Every page, in the order of the navigation."""
