"""A product catalogue, from a file to a name in an answer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from sojourn.app.cli import app
from sojourn.app.importing import import_files
from sojourn.collect.imports.mapping import Mapping
from sojourn.collect.imports.products import read_products
from sojourn.records.errors import BadMapping
from sojourn.store.folder import open_folder
from sojourn.store.products import read_catalogue

if TYPE_CHECKING:
    from pathlib import Path

CATALOGUE = "Artikelnummer;Bezeichnung;Preis;Warengruppe;Farbe\n007;Kessel;39,90;Küche;rot\n8;Lampe;99,00;Licht;\n"


def run(*said: str) -> str:
    done = CliRunner().invoke(app, list(said))
    assert done.exit_code == 0, done.output
    return done.stdout


def test_products_have_usual_names_and_prices(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text(CATALOGUE)
    kettle, lamp = read_products(tmp_path / "c.csv").to_pylist()

    assert (kettle["product_id"], kettle["name"], kettle["price"]) == ("007", "Kessel", 39.9)
    assert (kettle["category"], json.loads(kettle["more"])) == ("Küche", {"Farbe": "rot"})
    assert (lamp["product_id"], lamp["price"], lamp["more"]) == ("8", 99.0, None)


def test_json_lines_are_read_alike(tmp_path: Path) -> None:
    rows = [
        {"sku": 7, "title": "Kettle", "price": "39.90"},
        {"sku": 7, "title": "Big kettle", "price": "49.90"},
        {"title": "x"},
    ]
    (tmp_path / "c.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (kettle,) = read_products(tmp_path / "c.jsonl").to_pylist()

    assert (kettle["product_id"], kettle["name"], kettle["price"]) == ("7", "Big kettle", 49.9)


def test_a_file_without_an_id_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text("Nr,Name\n1,Kettle\n2,Lamp\n")
    with pytest.raises(BadMapping, match="--rename product_id=COLUMN"):
        read_products(tmp_path / "c.csv")

    assert read_products(tmp_path / "c.csv", rename=(("product_id", "Nr"),))["product_id"].to_pylist() == ["1", "2"]


def test_names_of_products_in_sql(tmp_path: Path) -> None:
    data = tmp_path / "data"
    (tmp_path / "log.csv").write_text("user,time,event,product_id\na,2024-01-01,view,007\nb,2024-01-02,view,007\n")
    import_files([tmp_path / "log.csv"], data, Mapping())
    (tmp_path / "c.csv").write_text(CATALOGUE)
    assert "2 are in the catalogue" in run("products", str(tmp_path / "c.csv"), "--data", str(data))

    answer = run(
        "sql",
        "select p.name, count(*) n from events join products p using (product_id) group by 1",
        "--data",
        str(data),
    )

    assert "Kessel" in answer
    assert "2" in answer


def test_a_later_catalogue_replaces_what_it_names(tmp_path: Path) -> None:
    data = tmp_path / "data"
    (tmp_path / "one.csv").write_text("sku,name\n1,Kettle\n2,Lamp\n")
    (tmp_path / "two.csv").write_text("sku,name\n2,Big lamp\n3,Mug\n")
    run("products", str(tmp_path / "one.csv"), "--data", str(data))
    told = json.loads(run("products", str(tmp_path / "two.csv"), "--data", str(data), "--json"))

    assert told == {"read": 2, "products": 3}
    assert read_catalogue(open_folder(data))["name"].to_pylist() == ["Kettle", "Big lamp", "Mug"]
    assert "2 are in" in run("products", str(tmp_path / "two.csv"), "--replace", "--data", str(data))
