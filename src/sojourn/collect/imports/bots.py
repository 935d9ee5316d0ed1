"""Which user agents of a column are bots.

In: user agents. Out: True where one is a known bot or a self-declared crawler, as `records.bots` judges it.
"""

from __future__ import annotations

import pyarrow as pa

from sojourn.records.bots import is_bot


def mark_bots(user_agents: pa.Array) -> pa.Array:
    """`is_bot` of each value (null: False), judged once a distinct one."""
    coded = user_agents.cast(pa.string()).dictionary_encode()
    verdicts = pa.array([is_bot(text) for text in coded.dictionary.to_pylist()] + [False], type=pa.bool_())
    return verdicts.take(coded.indices.fill_null(len(coded.dictionary)))
