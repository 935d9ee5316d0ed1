"""Changing one segment in the text of a catalogue, with everything else as it was written: comments, order, style.

In: the text of a catalogue that can be read, a segment. Out: the text with it. Never reads a file.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import yaml

from sojourn.records.errors import BadCatalogue
from sojourn.signals.catalogue_file import read_catalogue

if TYPE_CHECKING:
    from sojourn.signals.catalogue import Segment

_KEY = "segments"


def with_segment(text: str, segment: Segment, *, instead_of: str | None = None) -> str:
    """A catalogue with a segment added or changed.

    Args:
        text: Of a catalogue.
        segment: The segment.
        instead_of: Name of the segment it takes the place of; None for a new one, which is the last.

    Raises:
        BadCatalogue: The text is no catalogue, has no segment of that name, or is none with the segment; or the list of segments is written
            in a way that only a person can change.
    """
    read_catalogue(text)
    line = _line(segment)
    found = _segments(text)
    if instead_of is not None:
        start, end = _span(found, instead_of)
        return _checked(text[:start] + line + text[end:])
    if found is None:
        return _checked(f"{text.rstrip()}\n\n{_KEY}:\n  - {line}\n")
    if not found.value:
        start, end = found.start_mark.index, found.end_mark.index
        return _checked(f"{text[:start].rstrip()}\n  - {line}\n{text[end:].lstrip(' ')}")
    if found.flow_style:
        end = found.value[-1].end_mark.index
        return _checked(f"{text[:end]}, {line}{text[end:]}")
    indent = " " * found.start_mark.column
    end = _end_of_line(text, _content_end(found.value[-1]))
    return _checked(f"{text[:end].rstrip()}\n{indent}- {line}\n{text[end:].removeprefix(chr(10))}")


def without_segment(text: str, name: str) -> str:
    """A catalogue without a segment.

    Raises:
        BadCatalogue: As of `with_segment`.
    """
    read_catalogue(text)
    found = _segments(text)
    start, end = _span(found, name)
    assert found is not None  # `_span` found it there
    if len(found.value) == 1:
        return _checked(
            text[: found.start_mark.index].rstrip() + " []\n" + text[_end_of_line(text, end) :].lstrip("\n")
        )
    if found.flow_style:
        message = f"take {name!r} out in the catalogue editor: the list of segments is written on one line"
        raise BadCatalogue(message)
    begin = text.rindex("-", 0, start)
    begin = text.rfind("\n", 0, begin) + 1
    return _checked(text[:begin] + text[_end_of_line(text, end) :].removeprefix("\n"))


def _line(segment: Segment) -> str:
    """The segment as YAML on one line; JSON strings are YAML."""
    says, where = (json.dumps(one, ensure_ascii=False) for one in (segment.says, segment.where))
    return f"{{name: {segment.name}, says: {says}, where: {where}}}"


def _segments(text: str) -> yaml.SequenceNode | None:
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    pairs = root.value if isinstance(root, yaml.MappingNode) else []
    return next((value for key, value in pairs if key.value == _KEY and isinstance(value, yaml.SequenceNode)), None)


def _span(found: yaml.SequenceNode | None, name: str) -> tuple[int, int]:
    for item in found.value if found is not None else ():
        if any(key.value == "name" and value.value == name for key, value in item.value):
            return item.start_mark.index, _content_end(item)
    message = f"the catalogue has no segment {name!r}; it may have been changed meanwhile"
    raise BadCatalogue(message)


def _content_end(node: yaml.Node) -> int:
    """Where a node's last word ends: a block ends only where the next begins."""
    if isinstance(node, yaml.MappingNode) and not node.flow_style and node.value:
        return _content_end(node.value[-1][1])
    if isinstance(node, yaml.SequenceNode) and not node.flow_style and node.value:
        return _content_end(node.value[-1])
    return int(node.end_mark.index)


def _end_of_line(text: str, place: int) -> int:
    """Past what follows on the line, a comment among it."""
    end = text.find("\n", place)
    return len(text) if end < 0 else end


def _checked(text: str) -> str:
    read_catalogue(text)
    return text
