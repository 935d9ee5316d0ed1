"""How many random examples a property is tried on: an eighth in `make test`, all of them in `make test-all`.

`SOJOURN_THOROUGH=1` asks for all.
"""

from __future__ import annotations

import os

import hypothesis

THOROUGH = os.environ.get("SOJOURN_THOROUGH") == "1"
_SHARE, _LEAST = 8, 5


def examples(number: int) -> hypothesis.settings:
    """Settings for a property that deserves so many examples."""
    return hypothesis.settings(max_examples=number if THOROUGH else max(number // _SHARE, _LEAST))
