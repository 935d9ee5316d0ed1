"""Results in a notebook: their tables, and their figure drawn in the page.

In: a result. Out: HTML that asks no server for anything. Plotly's script is put into the first output of a kernel, packed, and
again whenever that cell is run again; later outputs find it in the page. Where it is not, the tables stand alone and a line says
how to see the figure. Texts of a log are escaped, and cannot be read as tags in the figure either.
"""

from __future__ import annotations

import base64
import html as html_text
import json
import re
import uuid
import zlib
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import plotly.graph_objects as go

_TAG = re.compile(r"<(?!(?:br|extra|/extra)>)")
"""Begins anything that is not one of the few tags figures are made with."""
_EMBEDDED: dict[str, str | None] = {}
"""Under `cell` the cell of this kernel whose output holds plotly's script."""


def output(tables: str, figure: go.Figure) -> str:
    """A result as HTML.

    Args:
        tables: Its tables as plain text.
        figure: Its figure.
    """
    name = f"sojourn-{uuid.uuid4().hex[:12]}"
    script = _script() if _carries_script() else ""
    return _PAGE.format(
        tables=html_text.escape(tables), name=name, figure=figure_json(figure), script=script,
    )  # fmt: skip


def figure_json(figure: go.Figure) -> str:
    """A figure as JSON that cannot end the script it stands in, and whose texts cannot be read as links or other tags."""
    import plotly.io  # noqa: PLC0415  (heavy)

    drawn = json.loads(plotly.io.to_json(figure, validate=False))
    drawn["layout"].pop("template", None)
    return (
        json.dumps(_harmless(drawn), ensure_ascii=True, separators=(",", ":"))
        .replace("<", "\\u003c")
        .replace(">", "\\u003e")
    )


def _harmless(value: Any) -> Any:  # noqa: ANN401  (whatever JSON holds)
    """The same with every text unable to hold a tag."""
    if isinstance(value, dict):
        return {key: _harmless(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_harmless(inner) for inner in value]
    return _TAG.sub("&lt;", value) if isinstance(value, str) else value


def _carries_script() -> bool:
    """Whether this output must hold plotly's script: the first one of a kernel, and the same cell run again."""
    cell = _cell()
    if "cell" not in _EMBEDDED:
        _EMBEDDED["cell"] = cell
        return True
    return cell is not None and cell == _EMBEDDED["cell"]


def _cell() -> str | None:
    """The cell that runs, as the notebook names it; None where it does not."""
    try:
        from IPython.core.getipython import get_ipython  # noqa: PLC0415  (only notebooks have it)
    except ImportError:
        return None
    shell = get_ipython()
    parent: dict[str, Any] = getattr(shell, "get_parent", dict)() if shell is not None else {}
    cell = (parent or {}).get("metadata", {}).get("cellId")
    return str(cell) if cell else None


@cache
def _script() -> str:
    """Plotly's script, packed, with the few lines that unpack it in the page."""
    import plotly.offline  # noqa: PLC0415  (heavy)

    packed = base64.b64encode(zlib.compress(plotly.offline.get_plotlyjs().encode(), 9)).decode()
    return f'<script type="text/plain" id="sojourn-plotly">{packed}</script>'


_PAGE = """\
<div class="sojourn"><pre style="line-height:1.25;font-family:ui-monospace,Menlo,Consolas,monospace">{tables}</pre>
<div id="{name}" style="max-width:900px"></div>
{script}
<script type="application/json" id="{name}-figure">{figure}</script>
<script>
(() => {{
  const place = document.getElementById("{name}");
  const figure = JSON.parse(document.getElementById("{name}-figure").textContent);
  const unpack = async () => {{
    const packed = document.getElementById("sojourn-plotly");
    if (window.Plotly || !packed) return;
    const bytes = Uint8Array.from(atob(packed.textContent), sign => sign.charCodeAt(0));
    const text = await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"))).text();
    // As functions of its own scope: a notebook with require.js would take the script for one of its modules.
    new Function("define", "module", "exports", text).call(window);
  }};
  window.sojournPlotly = window.sojournPlotly || unpack();
  let tries = 40;
  const draw = () => {{
    if (window.Plotly) Plotly.newPlot(place, figure.data, figure.layout, {{responsive: true, displayModeBar: false}});
    else if (tries--) setTimeout(draw, 250);
    else place.textContent = "The figure needs the output of the first result of this notebook; run that cell again, or call .plot().";
  }};
  draw();
}})();
</script></div>
"""
