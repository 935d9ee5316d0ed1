"""Breakdowns, against a loop over the rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sojourn.analyse.groups import group_events, read_breakdown
from sojourn.analyse.parts import cut_sessions
from tests.analyse.logs import log
from tests.thoroughness import examples

if TYPE_CHECKING:
    from tests.analyse.logs import Row

CHANNELS = [None, "ads", "mail", "web"]
ROWS = st.lists(
    st.tuples(st.sampled_from("uvw"), st.integers(0, 5000), st.sampled_from(CHANNELS)), min_size=1, max_size=30
)


@examples(40)
@given(ROWS, st.sampled_from(["event", "first", "last"]), st.sampled_from(["persons", "sessions"]))
def test_each_event_has_the_group_of_its_own_value_or_of_the_persons(
    drawn: list[tuple[str, int, str | None]], touch: str, unit: str
) -> None:
    """`first` and `last` are the person's first and last known value, whichever session the event is in."""
    rows: list[Row] = [
        (who, second, "view", {"channel": channel, "n": n}) for n, (who, second, channel) in enumerate(drawn)
    ]
    rows.append(("w", 6000, "view", {"channel": "web", "n": len(rows)}))
    journeys = log(rows)
    own = sorted(rows, key=lambda row: (row[0], row[1], row[3]["n"]))
    known = {who: [row[3]["channel"] for row in own if row[0] == who and row[3]["channel"]] for who in "uvw"}
    expected = {}
    for who, _, _, properties in own:
        values = known[who]
        of = {
            "event": properties["channel"],
            "first": values[0] if values else None,
            "last": values[-1] if values else None,
        }
        expected[properties["n"]] = of[touch] or "(none)"

    parts = journeys.parts()
    parts = [cut_sessions(part, 10**9, "reaches") for part in parts] if unit == "sessions" else parts
    for part, found in zip(
        parts, group_events(parts, read_breakdown("channel" if touch == "event" else f"{touch} channel")), strict=True
    ):
        places = np.arange(len(part.time))
        number = part.column("n").values.astype(int).tolist()  # type: ignore[union-attr]  # a column of numbers
        assert [found.names[g] for g in found.at(places)] == [expected[n] for n in number]
        assert found.group.tolist() == found.at(places).tolist()
        assert found.at(places[::-1]).tolist() == found.group.tolist()[::-1]
