"""Texts that clients send as an identifier though they name nobody.

In: an identifier as it was sent. Out: whether it names somebody. A junk id counts as absent and never links: else all who
share it would be one person. docs/methods/identity.md
"""

from __future__ import annotations

JUNK_WORDS = frozenset(
    (
        "null", "(null)", "\\n", "none", "nil", "nan", "na", "n/a", "undefined", "void", "empty", "unset", "default",
        "true", "false", "[object object]", "[object undefined]", "[object null]", "{}", "[]", "(not set)", "not set",
        "not_set", "(none)", "unknown", "anonymous", "anon", "guest", "not_authenticated", "unauthenticated", "-1",
        "id", "uid", "uuid", "guid", "user", "userid", "user_id", "anonymousid", "anonymous_id", "distinctid",
        "distinct_id", "email", "<nil>", "{{user_id}}", "{{userid}}", "%user_id%", "$user_id",
    )
)  # fmt: skip
"""Without regard to case and surrounding spaces."""
JUNK_MARKS = "0-_ "
"""What consists of these alone names nobody either: `0`, `-`, an all-zero UUID, the empty text."""


def is_junk(identifier: str | None) -> bool:
    """Whether an identifier names nobody.

    >>> [is_junk(text) for text in ("anna", "NULL", "0", "00000000-0000-0000-0000-000000000000", "10", None)]
    [False, True, True, True, False, True]
    """
    return identifier is None or identifier.strip().lower() in JUNK_WORDS or not identifier.strip(JUNK_MARKS)


def junk_texts() -> list[str]:
    """Junk ids as they are usually written, for looking for them in whole columns; `0` and other marks are not among them."""
    texts = {
        "[object Object]",
        "[object Undefined]",
        "[object Null]",
        "NaN",
        "\\N",
        "userId",
        "anonymousId",
        "distinctId",
    }
    for word in JUNK_WORDS:
        texts |= {word, word.upper(), word.capitalize()}
    return sorted(texts)
