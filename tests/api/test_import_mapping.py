from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import pytest

from sojourn.api.import_mapping import Preview, kept_fields, mapping_of, preview, source_of
from sojourn.records.errors import BadOption, SojournError

if TYPE_CHECKING:
    from pathlib import Path

LOG = """who,when,what,sum,note
anna,2024-05-01 10:00,view,,<script>
anna,2024-05-01 10:05,buy,9.90,
,2024-05-01 10:06,buy,1,
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file-log.csv"
    path.write_text(LOG)
    return path


def look(file: Path, **said: str) -> Preview:
    return preview(file, mapping_of({name: [text] for name, text in said.items()}), secret=b"s" * 32, name="log.csv")


def test_guessed_columns_and_rows_as_they_would_be_stored(file: Path) -> None:
    found = look(file, person="who", event="what", revenue="sum")

    assert found.error == ""
    assert {one.name: one.becomes for one in found.columns} == {
        "who": "person",
        "when": "time",
        "what": "event",
        "sum": "revenue",
        "note": "property",
    }
    assert found.chosen == {"person": "who", "time": "when", "event": "what", "revenue": "sum"}
    assert found.rows[1] == {
        "time": "2024-05-01 10:05:00",
        "type": "track",
        "event": "buy",
        "user_id": "anna",
        "revenue": "9.9",
    }
    assert (found.read, found.accepted, found.size) == (3, 2, len(LOG))
    assert found.events == (("buy", 1), ("view", 1))
    assert [(line, reason) for line, reason, _ in found.rejected] == [(4, "no_person")]


def test_columns_are_shown_also_where_nothing_can_be_read(file: Path) -> None:
    found = look(file, person="nobody")

    assert 'person is said to be the column "nobody"' in found.error
    assert [one.name for one in found.columns] == ["who", "when", "what", "sum", "note"]
    assert found.columns[1].examples == ("2024-05-01 10:00", "2024-05-01 10:05", "2024-05-01 10:06")
    assert found.rows == ()


def test_the_first_member_of_an_archive_is_looked_at(file: Path) -> None:
    packed = file.with_name("logs.zip")
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(file, "may/log.csv")

    assert look(packed, person="who", event="what").accepted == 2


def test_files_that_are_none(tmp_path: Path) -> None:
    for content in (b"", b"\x89PNG\r\n\x1a\n" + b"\0" * 100, b"a,b\n"):
        path = tmp_path / "log.csv"
        path.write_bytes(content)
        assert look(path).error
    assert "cannot be read" in look(tmp_path / "gone.csv").error


def test_what_a_form_says(file: Path) -> None:
    form = {
        "csrf": ["x"],
        "do": ["start"],
        "person": [" who "],
        "ignore": ["note", "sum"],
        "time": [""],
        "ids": ["email=Mail, card = Card"],
    }
    kept = kept_fields(form)

    assert kept == {"person": ["who"], "ignore": ["note", "sum"], "ids": ["email=Mail, card = Card"]}
    mapping = mapping_of(kept)
    assert (mapping.person, mapping.time, mapping.ignore) == ("who", None, ("note", "sum"))
    assert mapping.external_ids == (("email", "Mail"), ("card", "Card"))
    assert mapping_of({"header": ["no"]}).header is False
    assert mapping_of({"recipe": ["ga4"]}).partial
    assert source_of({}) == "import"
    found = preview(
        file, mapping_of({"person": ["who"], "event": ["what"], "ignore": ["note"]}), secret=b"", name="log.csv"
    )
    assert {one.name: one.becomes for one in found.columns}["note"] == "left out"


@pytest.mark.parametrize(
    "said",
    [
        {"recipe": "/etc/passwd"},
        {"format": "exe"},
        {"decimal": ";"},
        {"time_zone": "Mars"},
        {"ids": "Mail"},
        {"header": "perhaps"},
    ],
)
def test_what_a_form_cannot_say(said: dict[str, str]) -> None:
    with pytest.raises(SojournError):
        mapping_of({name: [text] for name, text in said.items()})


def test_a_source_is_printable() -> None:
    with pytest.raises(BadOption):
        source_of({"source": ["a\nb"]})
