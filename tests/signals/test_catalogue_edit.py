from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sojourn.records.errors import BadCatalogue
from sojourn.signals.catalogue import Segment
from sojourn.signals.catalogue_edit import with_segment, without_segment
from sojourn.signals.catalogue_file import read_catalogue
from sojourn.signals.default_catalogues import BRANCHES, path_of

SIGNALS = "signals:\n  - {name: views, kind: behavioral, says: Looks, pattern: count, of: view}\n"
HOT = Segment(name="hot", says="Is it: hot?", where="signal.views > 3 and traits.city = 'Köln'")
TEXTS = {
    "no segments": SIGNALS,
    "an empty list": f"{SIGNALS}segments: []\n",
    "an empty list in the middle": f"segments: []\n{SIGNALS}",
    "on one line": f"{SIGNALS}segments: [{{name: a, says: A, where: signal.views > 0}}]\n",
    "a line each": f"{SIGNALS}segments:\n  - {{name: a, says: A, where: signal.views > 0}} # why\n  - {{name: b, says: B, where: signal.views > 1}}\n",
    "a block each": f"segments:\n- name: a\n  says: A\n  where: signal.views > 0\n\n# the signals\n{SIGNALS}",
    "no last line break": f"{SIGNALS}segments:\n  - name: a\n    says: A\n    where: signal.views > 0",
}  # fmt: skip


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_segment_is_added_last_and_nothing_else_changes(text: str) -> None:
    before = read_catalogue(text)

    changed = with_segment(text, HOT)

    assert read_catalogue(changed) == msgspec.structs.replace(before, segments=(*before.segments, HOT))
    for line in text.splitlines():
        if "#" in line:
            assert line in changed


@pytest.mark.parametrize("text", [text for text in TEXTS.values() if "name: a" in text])
def test_a_segment_is_changed_in_its_place_and_taken_out(text: str) -> None:
    before = read_catalogue(text)

    changed = with_segment(text, HOT, instead_of="a")

    assert read_catalogue(changed).segments == (HOT, *before.segments[1:])
    assert read_catalogue(without_segment(changed, "hot")).segments == before.segments[1:]


@pytest.mark.parametrize("branch", BRANCHES)
def test_the_catalogues_that_come_with_the_program_keep_their_comments(branch: str) -> None:
    text = path_of(branch).read_text()  # type: ignore[arg-type]  # each of BRANCHES is one
    hot = msgspec.structs.replace(HOT, name="tried", where="stage = 'x'")

    changed = without_segment(with_segment(text, hot), "tried")

    assert read_catalogue(changed) == read_catalogue(text)
    assert [line for line in changed.splitlines() if "#" in line] == [line for line in text.splitlines() if "#" in line]


def test_what_cannot_be_done_is_told() -> None:
    with pytest.raises(BadCatalogue, match="no segment 'b'"):
        with_segment(TEXTS["on one line"], HOT, instead_of="b")
    with pytest.raises(BadCatalogue, match=r"segments\[1\]"):
        with_segment(TEXTS["on one line"], msgspec.structs.replace(HOT, name="a"))
    with pytest.raises(BadCatalogue):
        with_segment("signals: [", HOT)


@given(st.text(min_size=1, max_size=60).filter(str.strip))
@settings(max_examples=60, deadline=None)
def test_whatever_a_segment_says_stays_what_it_says(says: str) -> None:
    try:
        changed = with_segment(TEXTS["a block each"], msgspec.structs.replace(HOT, says=says))
    except BadCatalogue:
        # Characters that YAML forbids are told, not changed.
        assert not says.isprintable()
        return

    assert read_catalogue(changed).segments[-1].says == says
