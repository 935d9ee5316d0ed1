"""One further identifier, as it is kept.

In: its kind and a text. Out: the text, or None when it names nobody.
"""

from __future__ import annotations

from sojourn.records.junk_ids import is_junk


def normal_external(kind: str, value: str | None) -> str | None:
    """An identifier without surrounding spaces, e-mail addresses in small letters; None when it names nobody.

    >>> normal_external("email", " Anna@Shop.Example "), normal_external("loyalty_card", "n/a")
    ('anna@shop.example', None)
    """
    if value is None or is_junk(value):
        return None
    return value.strip().lower() if kind.removeprefix("click:") == "email" else value.strip()
