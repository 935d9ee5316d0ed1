"""`sojourn links` on the command line: evidence shown, taken back, given back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from sojourn.app.cli import app
from sojourn.app.importing import import_files
from sojourn.collect.imports.mapping import Mapping
from sojourn.records.errors import BadOption, UnknownLink, UnknownPerson

if TYPE_CHECKING:
    from pathlib import Path

LOG = """user,device,time,event
,phone,2024-01-01T10:00:00,view
anna,phone,2024-01-01T10:05:00,login
anna,laptop,2024-01-02T10:05:00,view
ben,phone,2024-01-03T10:05:00,login
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "log.csv").write_text(LOG)
    mapping = Mapping(person="user", actor="device", time="time", event="event")
    import_files([tmp_path / "log.csv"], tmp_path / "data", mapping)
    return tmp_path / "data"


def run(data: Path, *words: str) -> str:
    found = CliRunner().invoke(app, ["links", *words, "--data", str(data)])
    if found.exception is not None:
        raise found.exception
    return found.stdout


def events(data: Path, person: str) -> int:
    found = CliRunner().invoke(app, ["person", person, "--data", str(data), "--json"])
    return int(json.loads(found.stdout)["events"])


def test_each_link_says_what_shows_it_and_what_became_of_it(data: Path) -> None:
    answer = json.loads(run(data, "laptop", "--json"))

    assert (answer["person"], answer["identifiers"], answer["proven_identifiers"]) == ("anna", 3, 1)
    told = [(link["one"], link["other"], link["event"], link["proven"], link["outcome"]) for link in answer["links"]]
    assert told == [
        ("anna", "phone", "login", False, "joins"),
        ("anna", "laptop", "view", False, "joins"),
        ("ben", "phone", "login", False, "refused: two known users are not merged by it"),
    ]
    assert answer["links"][0]["first"] == "2024-01-01T10:05:00+00:00"


def test_revoking_and_restoring_moves_the_history(data: Path) -> None:
    """The phone's first view is anna's; without her link it is ben's, who used the phone, too."""
    name = json.loads(run(data, "anna", "--json"))["links"][0]["link"]
    assert (events(data, "anna"), events(data, "ben")) == (3, 1)

    assert run(data, "revoke", name) == f"revoked: {name}\n"
    assert (events(data, "anna"), events(data, "ben"), events(data, "phone")) == (2, 2, 2)
    assert "revoked by hand" in run(data, "phone")

    run(data, "restore", name.upper())
    assert (events(data, "anna"), events(data, "ben")) == (3, 1)


def test_an_ignored_id_joins_nobody(data: Path) -> None:
    run(data, "ignore", "anna")

    assert events(data, "phone") == 2
    assert "one identifier, no links" in run(data, "anna")
    assert json.loads(run(data, "heed", "anna", "--json")) == {"done": "heed", "names": ["anna"]}
    assert events(data, "anna") == 3


def test_what_cannot_be_is_said(data: Path) -> None:
    with pytest.raises(UnknownLink, match="sojourn links PERSON"):
        run(data, "revoke", "0123456789abcdef")
    with pytest.raises(UnknownLink):
        run(data, "revoke", "no link")
    with pytest.raises(UnknownPerson, match="'nobody'"):
        run(data, "nobody")
    with pytest.raises(BadOption, match="one person"):
        run(data, "anna", "ben")
