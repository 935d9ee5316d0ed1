"""What pages are drawn with in the browser: style, script, mark, and plotly from its own package; all from here, none from elsewhere.

In: a name. Out: the file, kept by browsers for a year, at an address that changes with its content.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response

if TYPE_CHECKING:
    from starlette.requests import Request

_FOLDER = Path(__file__).parent / "static"
_KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_KEEP = {
    "cache-control": "public, max-age=31536000, immutable",
    "vary": "accept-encoding",
    "x-content-type-options": "nosniff",
}
_PLOTLY = "plotly.js"
_MAP_STYLES = re.compile(r'getElementById\("([0-9a-f]{64})"\)')
"""The style sheet of map tiles, which plotly writes into each page unless it finds it there, and which our policy refuses. We draw no
map: an empty element of that name stands for it."""
_LEVEL = 6


def address_of(name: str) -> str:
    """Where a file is."""
    version = metadata.version("plotly") if name == _PLOTLY else _digest(name)
    return f"/static/{name}?v={version}"


async def static_file(request: Request) -> Response:
    """A file; packed for whoever takes that."""
    name = request.path_params["name"]
    if name != _PLOTLY and name not in _names():
        raise HTTPException(404)
    kind = _KINDS[Path(name).suffix]
    headers = dict(_KEEP)
    if not address_of(name).endswith(f"?{request.url.query}"):
        headers["cache-control"] = "no-cache"
    if "gzip" in request.headers.get("accept-encoding", ""):
        # Half a second of packing, once.
        body = await run_in_threadpool(_packed, name)
        headers["content-encoding"] = "gzip"
    else:
        body = await run_in_threadpool(_text, name)
    return Response(body, headers=headers, media_type=kind)


@cache
def _names() -> frozenset[str]:
    return frozenset(path.name for path in _FOLDER.iterdir() if path.suffix in _KINDS)


@cache
def _text(name: str) -> bytes:
    if name != _PLOTLY:
        return (_FOLDER / name).read_bytes()
    from plotly.offline import get_plotlyjs  # noqa: PLC0415  (5 MB of text)

    text = str(get_plotlyjs())
    marks = "".join(f'<i id="{name}" hidden></i>' for name in sorted(set(_MAP_STYLES.findall(text))))
    return f"document.head.insertAdjacentHTML('beforeend', '{marks}');\n{text}".encode()


@cache
def _packed(name: str) -> bytes:
    return gzip.compress(_text(name), _LEVEL, mtime=0)


@cache
def _digest(name: str) -> str:
    return hashlib.sha256(_text(name)).hexdigest()[:12]
