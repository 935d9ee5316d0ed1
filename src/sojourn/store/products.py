"""The product catalogue of a data folder: one Parquet file beside the events, which other engines read too.

In: products by id. Out: the same, the newest of each. A file is replaced as a whole: readers see the old catalogue or the new one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sojourn.store.durable import clear_errors, replace_file

if TYPE_CHECKING:
    from sojourn.store.folder import Folder

_FILE = "products.parquet"
EMPTY = pa.table(
    {
        **{name: pa.array([], pa.string()) for name in ("product_id", "name", "category", "brand", "currency", "url")},
        "price": pa.array([], pa.float64()),
        "more": pa.array([], pa.string()),
    }
)


def read_catalogue(folder: Folder) -> pa.Table:
    """The products; a table without rows when none were imported."""
    try:
        return pq.read_table(folder.path / _FILE)
    except FileNotFoundError:
        return EMPTY


def put_products(folder: Folder, products: pa.Table, *, replace: bool = False) -> int:
    """Add products, each in place of the one of the same id.

    Args:
        folder: The data folder; its writer only.
        products: Columns as `EMPTY`, no id twice.
        replace: Whether products that are not among these go.

    Returns:
        How many there are now.

    Raises:
        StorageFull: The disk is full; the catalogue is as it was.
    """
    known = EMPTY if replace else read_catalogue(folder)
    kept = known.filter(pc.invert(pc.is_in(known["product_id"], value_set=products["product_id"].combine_chunks())))
    whole = pa.concat_tables([kept, products.select(EMPTY.column_names)]).sort_by("product_id")
    out = pa.BufferOutputStream()
    pq.write_table(whole, out, compression="zstd")
    with clear_errors(folder.path, "the catalogue is as it was"):
        replace_file(folder.path / _FILE, out.getvalue().to_pybytes())
    return int(whole.num_rows)
