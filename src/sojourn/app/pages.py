"""Pages of the documentation that are written from the program: `python -m sojourn.app.pages FOLDER`.

In: the folder of the documentation. Out: its pages of the API, commands, results and names of events, written anew. Never touches another page.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from sojourn.app import api_reference, cli_reference, name_reference, result_reference
from sojourn.app.cli import app
from sojourn.signals.catalogue import schema


def pages() -> dict[str, str]:
    """Text of each written page, by its name in the folder of the documentation."""
    return {
        "api.md": api_reference.reference(),
        "cli.md": cli_reference.reference(app),
        "event-names.md": name_reference.reference(),
        "results.md": result_reference.reference(),
        "signals.schema.json": json.dumps(schema(), indent=1) + "\n",
    }


if __name__ == "__main__":
    for name, text in pages().items():
        (Path(sys.argv[1]) / name).write_text(text)
