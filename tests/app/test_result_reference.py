"""The page of results is written from the records."""

from __future__ import annotations

from sojourn.app.result_reference import attributes


def test_attributes_are_read_with_their_continuation_lines() -> None:
    docstring = """A step.

Attributes:
    count: Persons who
        came this far.
    share (float): Of all.

Raises:
    count: not a field
"""
    assert attributes(docstring) == {"count": "Persons who came this far.", "share": "Of all."}


def test_a_docstring_without_attributes_explains_nothing() -> None:
    assert attributes("A step: nothing else.") == {}
