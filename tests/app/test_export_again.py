"""What an export writes comes back as the same events, each once."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import pytest

from sojourn.app.exporting import export_events
from sojourn.app.importing import import_files
from sojourn.app.reading import open_journeys
from sojourn.collect.imports.mapping import Mapping

if TYPE_CHECKING:
    from pathlib import Path

    from sojourn.app.exporting import ExportFormat

LOGS = {
    "plain.csv": "user,time,event,price\nanna,2024-01-02 10:00,view,\nanna,2024-01-02 10:00,view,\nben,2024-01-03,buy,x4\n",
    "order.csv": "user,page\nanna,home\nanna,news\nanna,home\nben,news\n",
    "segment.jsonl": '{"type":"page","userId":"anna","messageId":"m1","name":"Home","timestamp":"2024-01-02T10:00:00Z"}\n'
    '{"type":"track","anonymousId":"a1","event":"Paid","timestamp":"2024-01-02T10:00:00Z","properties":{"revenue":3}}\n',
}


def messages(data: Path) -> list[object]:
    return [json.loads(line) for line in exported(data, "segment").splitlines()]


def exported(data: Path, form: ExportFormat) -> bytes:
    out = io.BytesIO()
    export_events(open_journeys(data), out, form, progress=lambda *_: None)
    return out.getvalue()


@pytest.mark.parametrize("name", LOGS)
@pytest.mark.parametrize("form", ["segment", "parquet", "csv"])
def test_an_export_imported_again_adds_nothing_and_elsewhere_everything(
    name: str, form: ExportFormat, tmp_path: Path
) -> None:
    data, file, written = tmp_path / "data", tmp_path / name, tmp_path / form
    file.write_text(LOGS[name])
    import_files([file], data, Mapping())
    written.write_bytes(exported(data, form))

    again = import_files([written], data, Mapping())
    import_files([written], tmp_path / "other", Mapping())

    assert (again.imported, again.duplicates, again.rejected) == (0, LOGS[name].count("\n") - (name[-3:] == "csv"), 0)
    assert messages(tmp_path / "other") == messages(data)
