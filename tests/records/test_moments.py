from __future__ import annotations

import datetime as dt

import pytest

from sojourn.records.errors import BadOption
from sojourn.records.moments import moment_us


def test_a_moment_without_a_zone_is_of_the_zone_that_is_asked_for() -> None:
    """Midnight in Berlin in winter is 23 o'clock of the day before in Greenwich."""
    midnight = dt.datetime(2024, 1, 1, tzinfo=dt.UTC).timestamp() * 1_000_000

    assert moment_us("2024-01-01") == midnight
    assert moment_us("2024-01-01", time_zone="Europe/Berlin") == midnight - 3_600_000_000
    assert moment_us("2024-01-01T01:00:00+01:00", time_zone="Asia/Tokyo") == midnight


@pytest.mark.parametrize("moment", ["0001-01-01", "9999-12-31T23:00:00Z"])
def test_a_moment_at_the_edge_of_the_calendar_is_refused(moment: str) -> None:
    """East or west of Greenwich it would be outside."""
    with pytest.raises(BadOption, match="between the years 2 and 9998"):
        moment_us(moment)
