"""The quick walk of plain funnels against the one that knows every rule."""

from __future__ import annotations

import numpy as np
import pytest

from sojourn.analyse.funnel_kernel import walk_in_order, walk_plainly
from tests.analyse.stretched import stretched_rows


@pytest.mark.parametrize("within", [3, 40, 10**12])
def test_a_plain_walk_finds_what_the_careful_one_finds(within: int) -> None:
    """Three steps among six kinds of events; kind 4 is step 0 too."""
    rows = stretched_rows(within, kinds=6)
    step = np.array([2, -1, 0, 1, 0, -1])
    first = np.concatenate(([0], np.cumsum(step >= 0)))
    no_gaps = np.empty(0, np.int64)

    quick = walk_plainly(*rows, step, 3, within)
    careful = walk_in_order(*rows, first, step[step >= 0], 3, within, False, False, no_gaps)

    assert len(quick[0]) > 100
    for one, other in zip(quick, careful, strict=True):
        assert one.tolist() == other.tolist()
