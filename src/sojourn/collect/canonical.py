"""Canonical names of events: one name for one thing, whatever protocol told of it. docs/event-names.md has the tables.

In: nothing. Out: names. Never renames what no table names.
"""

from __future__ import annotations

PAGE_VIEWED = "Page Viewed"
SCREEN_VIEWED = "Screen Viewed"
FILE_REQUESTED = "File Requested"
REQUEST_FAILED = "Request Failed"

SEGMENT = (
    ("page", PAGE_VIEWED),
    ("screen", SCREEN_VIEWED),
    ("identify", "Identified"),
    ("group", "Group Joined"),
    ("alias", "Alias Created"),
)
"""Canonical event of a Segment type; `track` messages keep the name they were sent with."""
