"""The rows in quarantine, for `sojourn events --rejected`.

In: a data folder. Out: `Quarantine`. Never puts anything in or takes anything out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sojourn.records.visible import visible
from sojourn.store.quarantine import count_rejected, rejected_rows

if TYPE_CHECKING:
    from rich.console import RenderableType

    from sojourn.store.folder import Folder

_SHOWN = 120


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """One row in quarantine.

    Attributes:
        source: Source it was imported under.
        file: File it came from.
        line: Its line there, from 1.
        reason: Typed reason, docs/glossary.md.
        detail: What came and what was expected.
        raw: The row as it came; bytes that are no text are shown as the replacement character.
        rejected_at: When, ISO 8601 UTC.
    """

    source: str
    file: str
    line: int
    reason: str
    detail: str
    raw: str
    rejected_at: str


@dataclass(frozen=True, slots=True)
class Quarantine:
    """What is in quarantine.

    Attributes:
        rejected: Rows in quarantine.
        reasons: Rows by reason, most frequent first.
        rows: The newest of them.
    """

    rejected: int
    reasons: dict[str, int]
    rows: tuple[RejectedRow, ...]

    def to_dict(self) -> dict[str, Any]:
        """The same as plain dictionaries and lists."""
        from sojourn.analyse.results import plain  # noqa: PLC0415  (only for JSON)

        return {"rejected": self.rejected, "reasons": self.reasons, "rows": [plain(row) for row in self.rows]}

    def __rich__(self) -> RenderableType:
        """A table, and the reasons with their numbers."""
        from sojourn.analyse.show.style import table  # noqa: PLC0415  (only for the terminal)

        reasons = ", ".join(f"{reason} {n:,}" for reason, n in self.reasons.items())
        caption = f"{self.rejected:,} rows in quarantine: {reasons}" if self.rejected else "No row was rejected."
        made = table(
            "Rejected rows",
            [("where", "left"), ("reason", "left"), ("what was wrong", "left"), ("row", "left")],
            caption=caption,
        )
        for row in self.rows:
            text = row.raw if len(row.raw) <= _SHOWN else row.raw[:_SHOWN] + "…"
            made.add_row(*map(visible, (f"{row.file}:{row.line}", row.reason, row.detail, text)))
        return made


def quarantine(folder: Folder, *, most: int) -> Quarantine:
    """The newest rows in quarantine, and how many there are of each reason."""
    reasons = count_rejected(folder)
    rows = rejected_rows(folder, most=most)
    shown = tuple(_shown(*row) for row in rows)
    return Quarantine(sum(reasons.values()), reasons, shown)


def _shown(  # noqa: PLR0913  (the columns of a row)
    source: str, file: str, line: int, reason: str, detail: str, raw: bytes, rejected_at: str
) -> RejectedRow:
    return RejectedRow(source, file, line, reason, detail, raw.decode(errors="replace"), rejected_at)
