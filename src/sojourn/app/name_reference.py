"""The page of the documentation that says what an event is called after it was imported, a table a protocol.

In: the built-in recipes and the names of protocols. Out: Markdown, the text of docs/event-names.md (`make docs` writes it).
Never reads a log.
"""

from __future__ import annotations

import tomllib
from importlib import resources

from sojourn.collect.canonical import FILE_REQUESTED, PAGE_VIEWED, REQUEST_FAILED, SEGMENT
from sojourn.collect.protocols import snowplow, webhook

OPENING = """\
# Names of events

Written by `make docs` from what the import and the collector do. PostHog's events are called the same by both. Events of CSV, Parquet and JSON lines files without a recipe keep the names they
were sent with; messages of a protocol get one canonical name, so that a question means the same over all sources. The name as it
was sent stays in `sent_event` and comes back on export. A name that stands in no table stays as it is. What the tracker on a site sends
is canonical already: [tracker.md](tracker.md) has its events.
"""

ACCESS_LOG = (
    ("a GET of a page that was answered", PAGE_VIEWED),
    ("any other request: images, styles, scripts, redirects, other methods", FILE_REQUESTED),
    ("a request that failed, status 400 or above", REQUEST_FAILED),
)


def reference() -> str:
    """One heading a protocol, one table row a name.

    Returns:
        Markdown, ending in one newline.
    """
    tables = [
        ("Segment messages", tuple((f"type `{sent}`", name) for sent, name in SEGMENT)),
        ("Access logs", ACCESS_LOG),
    ]
    tables += [
        ("Snowplow events by their code", tuple((f"`{sent}`", name) for sent, name in snowplow.CODES)),
        (
            "Snowplow self-describing events by the name of their schema",
            tuple((f"`{sent}`", name) for sent, name in snowplow.SCHEMAS),
        ),
        ("Snowplow e-commerce actions by their type", tuple((f"`{sent}`", name) for sent, name in snowplow.ACTIONS)),
        (
            "Webhooks without a mapping of their own",
            tuple((f"`{kind}`", name) for kind, name in webhook.EVENTS.items()),
        ),
    ]
    recipes = resources.files("sojourn.collect.imports").joinpath("recipes")
    for file in sorted(recipes.iterdir(), key=lambda entry: entry.name):
        names = tomllib.loads(file.read_text()).get("names", {}) if file.name.endswith(".toml") else {}
        if names:
            recipe = file.name.removesuffix(".toml")
            tables.append((f"Recipe {recipe}", tuple((f"`{sent}`", name) for sent, name in names.items())))
    return "\n".join([OPENING, *(_table(heading, rows) for heading, rows in tables)])


def _table(heading: str, rows: tuple[tuple[str, str], ...]) -> str:
    lines = [f"## {heading}", "", "| sent | becomes |", "|---|---|", *(f"| {sent} | {name} |" for sent, name in rows)]
    return "\n".join(lines) + "\n"
