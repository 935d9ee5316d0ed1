"""Journey map: stages from left to right, touchpoints from top to bottom, and who stands where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sojourn.console.answers import answered, values_of
from sojourn.console.known import known
from sojourn.console.page import View, render

if TYPE_CHECKING:
    from starlette.responses import Response

    from sojourn.console.answers import Answered
    from sojourn.console.asked import Asked

_SHADES = 9


async def journey_map(asked: Asked) -> Response:
    """The map."""
    names = await known(asked)
    found = await answered(asked, "journey_map", values_of(asked, "journey_map"), title="Journey map")
    return render(
        asked, "journey_map.html", title="Journey map", found=found, known=names, rows=_rows(found), shade=_shade,
        moved=found.result is not None and any(stage.went_on for stage in found.result.stages),
    )  # fmt: skip


def _rows(found: Answered) -> list[tuple[str, list[Any]]]:
    """By touchpoint its cells from the first stage to the last; None where nobody is."""
    if found.result is None:
        return []
    cells = {(cell.stage, cell.touchpoint): cell for cell in found.result.cells}
    stages = [stage.name for stage in found.result.stages]
    return [(name, [cells.get((stage, name)) for stage in stages]) for name in found.result.touchpoints]


def _shade(share: float) -> int:
    """How dark a share in [0, 1] is shown, from 0 to 9."""
    return min(_SHADES, int(share * (_SHADES + 1))) if share == share else 0  # noqa: PLR0124  (NaN is what differs from itself)


VIEWS = (View("/journey-map", "Journey map", journey_map, group="Journeys"),)
