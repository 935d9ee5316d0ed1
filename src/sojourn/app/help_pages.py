"""How `--help` is laid out: commands by what they are for, options by what they say, an example of each.

In: the commands of the program. Out: what click prints. Never decides what an option does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer.core

if TYPE_CHECKING:
    # Typer brings its own copy of click, and names it nowhere else.
    from typer._click import Context, HelpFormatter

SECTIONS: dict[str, tuple[str, ...]] = {
    "Begin": ("demo", "report", "import", "simulate"),
    "Questions": (
        "events", "sessions", "map", "funnel", "compare", "paths", "retention", "attribution", "engagement", "orders", "changes",
        "person",
        "sql",
    ),
    "Signals": ("signals", "scores", "segments", "backtest"),
    "Live": ("up", "keys", "users", "collector", "link", "keeper", "worker", "console", "mcp"),
    "Data": ("products", "links", "export", "erase", "requests", "retain", "backup", "restore", "compact"),
    "Machine": ("doctor", "warm", "bench"),
}  # fmt: skip
"""The commands by what they are for, in the order a newcomer needs them."""

EXAMPLES: dict[str, str] = {
    "attribution": "sojourn attribution --goal purchase --touch channel --lookback 30d",
    "backup": "sojourn backup shop-2025-03-15.tar.zst",
    "backtest": "sojourn backtest shop --goal purchase --within 7d",
    "changes": "sojourn changes --by channel",
    "compact": "sojourn compact",
    "compare": "sojourn compare --step cart --step purchase",
    "doctor": "sojourn doctor",
    "engagement": "sojourn engagement --by channel",
    "erase": "sojourn erase anna",
    "events": "sojourn events --rejected",
    "export": "sojourn export events --format segment",
    "funnel": "sojourn funnel --step view --step cart --step purchase --within 7d --by channel",
    "import": "sojourn import events.csv --person user --time time --event event",
    "keeper": "sojourn keeper --once",
    "link": "sojourn link https://shop.example/sale --email anna@shop.example --message newsletter-7",
    "links": "sojourn links anna",
    "map": "sojourn map --touchpoint channel",
    "mcp": "sojourn mcp --data shop-data",
    "orders": "sojourn orders --order order_id --value price --by channel",
    "paths": "sojourn paths --transitions --column path",
    "person": "sojourn person anna",
    "report": "sojourn report events.csv --html report.html",
    "retain": "sojourn retain --days 400",
    "retention": "sojourn retention --period week --first view",
    "restore": "sojourn restore shop-2025-03-15.tar.zst --data restored",
    "scores": "sojourn scores --top 3",
    "segments": "sojourn segments --catalogue shop",
    "sessions": "sojourn sessions --gap 30m --trend day --time-zone Europe/Berlin",
    "signals": "sojourn signals --catalogue shop --at 2025-03-15",
    "simulate": "sojourn simulate shop --out shop --days 10 --persons 300",
    "sql": 'sojourn sql "select event, count(*) from events group by event"',
    "up": "sojourn up --data shop-data",
    "worker": "sojourn worker --once",
}
"""A line to begin with."""

_WHICH = {"--where", "--from", "--until", "--time-zone", "--bots"}
_HOW = {"--json", "--html", "--persons", "--outcome"}


class Commands(typer.core.TyperGroup):
    """The program's own help: its commands in sections, each told in a whole sentence."""

    def format_commands(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Write the commands."""
        for title, names in SECTIONS.items():
            with formatter.section(title):
                found = [(name, self.get_command(ctx, name)) for name in names]
                formatter.write_dl(
                    [(name, one.get_short_help_str(limit=300)) for name, one in found if one is not None]
                )


class Command(typer.core.TyperCommand):
    """A command's help: its own options, then which events count, then how the answer comes; and an example."""

    def format_options(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Write the options."""
        sections: dict[str, list[tuple[str, str]]] = {
            "Arguments": [], "Options": [], "Which events": [], "How to answer": [],
        }  # fmt: skip
        filtered = any(parameter.name == "where" for parameter in self.params)
        for parameter in self.get_params(ctx):
            told = parameter.get_help_record(ctx)
            if told is not None:
                sections[_section(parameter.param_type_name, {*parameter.opts}, filtered=filtered)].append(told)
        for title, rows in sections.items():
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)
        if self.name in EXAMPLES:
            with formatter.section("Example"):
                formatter.write_text(EXAMPLES[self.name])


def _section(kind: str, names: set[str], *, filtered: bool) -> str:
    if kind == "argument":
        return "Arguments"
    if filtered and names & _WHICH:
        return "Which events"
    return "How to answer" if names & _HOW else "Options"
