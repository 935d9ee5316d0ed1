"""A row or event that could not be accepted, with its typed reason.

In: nothing. Out: `Reason`, `Rejected`. Never decides anything; `collect` does.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

RAW_LIMIT = 65_536
"""At most this many bytes of a rejected row are kept."""


class Reason(enum.StrEnum):
    """Why a row was rejected. Each has a row in docs/glossary.md."""

    FIELD_COUNT = "field_count"
    BAD_JSON = "bad_json"
    BAD_LINE = "bad_line"
    BAD_ENCODING = "bad_encoding"
    BAD_TIME = "bad_time"
    NO_PERSON = "no_person"
    NO_EVENT = "no_event"
    FIELD_TOO_LARGE = "field_too_large"
    UNREADABLE = "unreadable"
    ERASED_PERSON = "erased_person"
    MESSAGE_TOO_LARGE = "message_too_large"
    TOO_DEEP = "too_deep"
    TOO_MANY_KEYS = "too_many_keys"
    BAD_TYPE = "bad_type"
    NOT_ALLOWED = "not_allowed"
    POISON = "poison"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Rejected:
    """One rejected row.

    Attributes:
        file: Name of the file it came from, as given by the user.
        line: Physical line (text) or row (Parquet) it starts at, from 1.
        reason: The typed reason.
        detail: What came, what was expected, in one sentence.
        raw: The row as it came, at most `RAW_LIMIT` bytes.
    """

    file: str
    line: int
    reason: Reason
    detail: str
    raw: bytes
