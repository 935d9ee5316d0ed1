"""Names of events: as they were sent, and the canonical one.

In: columns of names. Out: columns of canonical names. Never renames what no protocol or recipe names. docs/glossary.md has the table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from sojourn.collect.canonical import SEGMENT

if TYPE_CHECKING:
    from collections.abc import Sequence


def renamed(names: pa.Array, pairs: Sequence[tuple[str, str]]) -> pa.Array:
    """The second of the pair whose first is the name; null where there is none."""
    found = pc.index_in(names, value_set=pa.array([name for name, _ in pairs], type=pa.string()))
    return pa.array([name for _, name in pairs], type=pa.string()).take(found)


def segment_events(events: pa.Array, page_names: pa.Array, kinds: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Canonical names of Segment messages, and the names as sent: of a page or screen its own name.

    A `track` message without an event, and a message of a type that is none of Segment's, has a null name.
    """
    nothing = pa.scalar(None, pa.string())
    tracked = pc.fill_null(pc.equal(kinds, "track"), False)  # noqa: FBT003 - Arrow's signature
    canonical = pc.if_else(tracked, events, renamed(kinds, SEGMENT))
    return canonical, pc.if_else(tracked, nothing, page_names)
