"""What every result can do: be a dictionary, a table, a picture, and list the persons behind a number.

In: frozen records of a question. Out: the same numbers in the forms people use. Never computes a number.
"""

from __future__ import annotations

import abc
import dataclasses
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import plotly.graph_objects as go
    import pyarrow as pa
    from rich.console import RenderableType

    from sojourn.analyse.journeys import Journeys


UNNAMED = "(unnamed)"
"""Says the currency of amounts in a log that names none, where an empty text says nothing."""


@dataclasses.dataclass(frozen=True, slots=True)
class Persons:
    """The persons behind a number.

    Attributes:
        ids: Each one's user id, else anonymous id, as it was sent; in order of their number in the index.
    """

    ids: tuple[str, ...]

    def __len__(self) -> int:
        """How many persons."""
        return len(self.ids)

    def __iter__(self) -> Iterator[str]:
        """Their ids."""
        return iter(self.ids)

    @property
    def table(self) -> pa.Table:
        """One column, `person`."""
        import pyarrow as pa  # noqa: PLC0415  (heavy, and only here)

        return pa.table({"person": pa.array(self.ids, pa.string())})

    def to_dict(self) -> dict[str, Any]:
        """`{"count", "persons"}`."""
        return {"count": len(self.ids), "persons": list(self.ids)}


class Result(abc.ABC):
    """Base of every question's result: a frozen dataclass whose public fields are its numbers.

    A subclass gives `rows` (what `table` holds); how it looks is in `analyse/show/` in the module of the same name.
    Fields beginning with an underscore stay out of every form.
    """

    __slots__ = ()

    def to_dict(self) -> dict[str, Any]:
        """The numbers as plain dictionaries and lists, ready for JSON; the same names as the fields."""
        return {name: plain(value) for name, value in public_fields(self)}

    @abc.abstractmethod
    def rows(self) -> Sequence[Any]:
        """The records `table` is made of."""

    @property
    def table(self) -> pa.Table:
        """The result as an Arrow table, one row a record of `rows`."""
        import pyarrow as pa  # noqa: PLC0415  (heavy, and only here)

        return pa.Table.from_pylist([plain(row) for row in self.rows()])

    def plot(self) -> go.Figure:
        """The result as a plotly figure."""
        from sojourn.analyse import show  # noqa: PLC0415  (plotly is heavy)

        return show.figure(self)

    def __rich__(self) -> RenderableType:
        """The result for a terminal."""
        from sojourn.analyse import show  # noqa: PLC0415  (rich is heavy)

        return show.render(self)

    def __str__(self) -> str:
        """The result as text, as in a terminal without colours."""
        from sojourn.analyse import show  # noqa: PLC0415  (rich is heavy)

        return show.text(self)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:  # noqa: ANN401, ARG002  (as notebooks call it)
        """The result for a notebook that shows HTML, and for one that does not."""
        return {"text/html": self._repr_html_(), "text/plain": str(self)}

    def _repr_html_(self) -> str:
        """The result in a notebook: tables and figure, without asking any server."""
        from sojourn.analyse import show  # noqa: PLC0415  (rich is heavy)

        return show.html(self)


def public_fields(record: Any) -> list[tuple[str, Any]]:  # noqa: ANN401  (any dataclass)
    """Name and value of each field that does not begin with an underscore; `from_` is called `from`, a word of Python."""
    return [
        (f.name.rstrip("_"), getattr(record, f.name)) for f in dataclasses.fields(record) if not f.name.startswith("_")
    ]


def plain(value: Any) -> Any:  # noqa: ANN401  (whatever a field holds)
    """A field's value as JSON types: NaN becomes None, records become dictionaries."""
    if dataclasses.is_dataclass(value):
        return {name: plain(inner) for name, inner in public_fields(value)}
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if isinstance(value, float):
        # A number of numpy is a float too, and nothing JSON knows.
        return None if value != value else float(value)  # noqa: PLR0124  (NaN is what differs from itself)
    return value.item() if hasattr(value, "item") else value


@dataclasses.dataclass(frozen=True, slots=True)
class Drill:
    """How a result finds the persons it counted: the journeys it was asked of and the question."""

    journeys: Journeys
    question: Any
