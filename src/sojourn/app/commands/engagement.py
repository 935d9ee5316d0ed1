"""`sojourn engagement`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from sojourn.app.asking import (
    DEFAULT_DATA,
    Bots,
    By,
    Data,
    From,
    Json,
    Scope,
    Until,
    Where,
    Zone,
    progress_bar,
    show,
    show_persons,
)


def engagement(  # noqa: PLR0913  (one argument an option)
    data: Data = DEFAULT_DATA,
    page: Annotated[str | None, typer.Option(help="Column whose values are the pages; else path or the like.")] = None,
    views: Annotated[str | None, typer.Option(help="Events that are page views; else Page Viewed, else all.")] = None,
    time_property: Annotated[
        str | None,
        typer.Option(help="Column of the seconds spent on a page, e.g. engaged_time; else time to the next view."),
    ] = None,
    scroll: Annotated[
        str | None, typer.Option(help="Column of the scroll depth; else scroll_depth or the like.")
    ] = None,
    video: Annotated[
        str | None, typer.Option(help="Column of the video's id; else content_asset_id or the like.")
    ] = None,
    video_seconds: Annotated[
        str | None,
        typer.Option(help="Column of the seconds watched; else told from positions and times of video events."),
    ] = None,
    comments: Annotated[
        str | None, typer.Option(help="Events that are comments; else those with comment in their name.")
    ] = None,
    gap: Annotated[str, typer.Option(help="Silence that ends a session; no view lasts longer.")] = "30m",
    gap_rule: Annotated[
        Literal["reaches", "exceeds"], typer.Option(help="Whether a silence equal to the gap ends it.")
    ] = "reaches",
    by: By = None,
    persons: Annotated[
        str | None, typer.Option("--persons", help="List persons instead: of a page, watched, completed or commented.")
    ] = None,
    where: Where = None,
    start: From = None,
    until: Until = None,
    time_zone: Zone = "UTC",
    bots: Bots = False,
    json: Json = False,
) -> None:
    """Measure how long people stay, how far they scroll, what they watch and say, and how often they come."""
    from sojourn.analyse.engagement import engagement as ask  # noqa: PLC0415  (heavy)

    scope = Scope(data, tuple(where or ()), start, until, time_zone, bots)
    with progress_bar(quiet=json) as progress:
        result = ask(
            scope.journeys(progress=progress), page=page, views=views, time_property=time_property, scroll=scroll,
            video=video, video_seconds=video_seconds, comments=comments, gap=gap, gap_rule=gap_rule, by=by,
        )  # fmt: skip
        listed = None
        if persons in ("watched", "completed", "commented"):
            listed = result.persons_of(persons)  # type: ignore[arg-type]  # one of the three, just tested
        elif persons is not None:
            listed = result.persons_on(persons)
    if listed is None:
        show(result, as_json=json)
    else:
        show_persons(listed, as_json=json)
