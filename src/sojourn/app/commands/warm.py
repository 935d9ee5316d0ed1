"""`sojourn warm`."""

from __future__ import annotations

import typer


def warm() -> None:
    """Compile the kernels now instead of before the first question; done by `make` after installing."""
    from sojourn.app import warming  # noqa: PLC0415  (heavy)

    if warming.is_warm():
        typer.echo("already compiled for this machine", err=True)
        return
    compile_kernels()


def compile_kernels() -> None:
    """Compile with one line of progress on stderr."""
    from rich.console import Console  # noqa: PLC0415  (heavy)

    from sojourn.app import warming  # noqa: PLC0415  (heavy)

    console = Console(stderr=True)
    console.print("compiling the kernels for this machine, once; about two minutes", highlight=False)
    with console.status("compiling") as status:
        seconds = warming.warm(status.update)
    console.print(f"compiled in {seconds:.0f} s", highlight=False)
