"""The attribution models by name, and what each is reckoned from.

In: nothing. Out: names. What each model does: docs/methods/attribution.md.
"""

from __future__ import annotations

from sojourn.analyse import attribution_kernel as kernel

MODELS = (
    "first", "last", "last_non_direct", "linear", "time_decay", "position_u", "position_w", "markov", "shapley", "logistic",
)  # fmt: skip
"""In the order they are shown."""
OF_SINGLE_PATHS = {
    "first": kernel.FIRST,
    "last": kernel.LAST,
    "last_non_direct": kernel.LAST_NON_DIRECT,
    "linear": kernel.LINEAR,
    "position_u": kernel.POSITION_U,
    "position_w": kernel.POSITION_W,
    "shapley": kernel.SHAPLEY,
}
"""Models that look at one converting path at a time and at no times, and their place among the kernel's credits."""
OF_ALL_PATHS = frozenset({"markov", "logistic"})
"""Models that look at paths without a conversion too."""
