"""`sojourn products`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from sojourn.app.asking import DEFAULT_DATA, Data, Json, say
from sojourn.app.mapping_options import named_pairs


def products(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="CSV, Parquet or JSONL, one row a product.")],
    data: Data = DEFAULT_DATA,
    *,
    rename: Annotated[
        list[str] | None, typer.Option("--rename", help="Call a column otherwise, as NEW=COLUMN: product_id=Nr.")
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Products that are not in the files go.")] = False,
    json: Json = False,
) -> None:
    """Import a product catalogue: names, categories and prices of the ids in events, for `sojourn sql`."""
    from sojourn.collect.imports.products import read_products  # noqa: PLC0415  (heavy)
    from sojourn.store.folder import create_folder  # noqa: PLC0415  (heavy)
    from sojourn.store.products import put_products  # noqa: PLC0415  (heavy)

    pairs = named_pairs("--rename", rename) or ()
    read = [read_products(file, rename=pairs) for file in files]
    folder = create_folder(data)
    with folder.writing():
        for place, table in enumerate(read):
            there = put_products(folder, table, replace=replace and not place)
    count = sum(table.num_rows for table in read)
    if json:
        say(msgspec.json.encode({"read": count, "products": there}).decode())
    else:
        say(f"read {count:,} products; {there:,} are in the catalogue")
