"""`sojourn paths`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

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
from sojourn.records.errors import BadOption

if TYPE_CHECKING:
    from sojourn.analyse.loops import Loops
    from sojourn.analyse.ngrams import NGrams
    from sojourn.analyse.paths import Paths
    from sojourn.analyse.results import Persons
    from sojourn.analyse.transitions import Transitions
    from sojourn.analyse.walks import WalkOptions

_ARROW = " > "
_THERE_AND_BACK = 3


def paths(  # noqa: PLR0913  (one argument an option)
    data: Data = DEFAULT_DATA,
    start: Annotated[
        str | None, typer.Option(help="Paths from the first such event: event, `A|B` or predicate.")
    ] = None,
    end: Annotated[str | None, typer.Option(help="Paths to the first such event (after the start).")] = None,
    around: Annotated[str | None, typer.Option(help="Paths before and after the first such event.")] = None,
    transitions: Annotated[bool, typer.Option("--transitions", help="Count which step follows which instead.")] = False,
    ngrams: Annotated[
        int | None, typer.Option("--ngrams", help="Set runs of 2 to 5 steps against chance instead.")
    ] = None,
    loops: Annotated[
        bool, typer.Option("--loops", help="Count repeats, returns and steps there and back (A B A) instead.")
    ] = False,
    unit: Annotated[Literal["sessions", "persons"], typer.Option(help="What a path lies within.")] = "sessions",
    column: Annotated[str, typer.Option(help="Column whose values are the steps, e.g. path.")] = "event",
    group_depth: Annotated[
        int | None, typer.Option(help="Keep this many leading segments of paths such as /shop/shoes/12.")
    ] = None,
    group: Annotated[
        list[str] | None, typer.Option(help='Put values in a group, e.g. "product=/p/%"; repeatable.')
    ] = None,
    group_values: Annotated[int, typer.Option(help="With groups: values kept; the rest become (other).")] = 100,
    collapse: Annotated[bool, typer.Option("--collapse", help="Make one step of equal steps in a row.")] = False,
    depth: Annotated[int, typer.Option(help="Steps away from the start, end or event to look at.")] = 4,
    null: Annotated[
        Literal["independence", "first-order"], typer.Option(help="What chance means for n-grams.")
    ] = "independence",
    rank: Annotated[Literal["count", "lift"], typer.Option(help="Which n-grams come first.")] = "count",
    most: Annotated[int | None, typer.Option(help="List at most so many; else 1,000, and all transitions.")] = None,
    gap: Annotated[str, typer.Option(help="Silence that ends a session.")] = "30m",
    gap_rule: Annotated[
        Literal["reaches", "exceeds"], typer.Option(help="Whether a silence equal to the gap ends it.")
    ] = "reaches",
    by: By = None,
    persons: Annotated[
        str | None,
        typer.Option(
            "--persons", help='List the persons of this branch, transition, n-gram or loop, "A > B", instead.'
        ),
    ] = None,
    direction: Annotated[
        Literal["after", "before"] | None,
        typer.Option(help="With --around and --persons: which side the branch is on."),
    ] = None,
    where: Where = None,
    since: From = None,
    until: Until = None,
    time_zone: Zone = "UTC",
    bots: Bots = False,
    json: Json = False,
) -> None:
    """See which way people go: a tree of paths, transitions, n-grams or loops."""
    scope = Scope(data, tuple(where or ()), since, until, time_zone, bots)
    options: WalkOptions = {
        "start": start, "end": end, "around": around, "unit": unit, "gap": gap, "gap_rule": gap_rule, "column": column,
        "group_depth": group_depth, "groups": _groups(group), "group_values": group_values, "collapse": collapse, "by": by,
    }  # fmt: skip
    if transitions + loops + (ngrams is not None) > 1:
        message = "choose one of --transitions, --ngrams and --loops"
        raise BadOption(message)
    with progress_bar(quiet=json) as progress:
        journeys = scope.journeys(progress=progress)
        result: Paths | Transitions | NGrams | Loops
        if transitions:
            result = journeys.transitions(most=most, **options)
        elif ngrams is not None:
            result = journeys.ngrams(length=ngrams, null=null, rank=rank, most=most or 1000, **options)
        elif loops:
            result = journeys.loops(most=most or 1000, **options)
        else:
            result = journeys.paths(depth=depth, most=most or 1000, **options)
        listed = (
            None if persons is None else _persons(result, [step.strip() for step in persons.split(_ARROW)], direction)
        )
    if listed is None:
        show(result, as_json=json)
    else:
        show_persons(listed, as_json=json)


def _groups(texts: list[str] | None) -> dict[str, str]:
    groups = {}
    for text in texts or ():
        name, sign, pattern = text.partition("=")
        if not sign or not name.strip():
            message = f"expected a group as name=pattern, such as product=/p/%, got {text!r}"
            raise BadOption(message)
        groups[name.strip()] = pattern.strip()
    return groups


def _persons(
    result: Paths | Transitions | NGrams | Loops, steps: list[str], direction: Literal["after", "before"] | None
) -> Persons:
    """The persons behind what a list of steps names in a result."""
    from sojourn.analyse.loops import Loops  # noqa: PLC0415  (heavy)
    from sojourn.analyse.paths import Paths  # noqa: PLC0415  (heavy)
    from sojourn.analyse.transitions import Transitions  # noqa: PLC0415  (heavy)

    if isinstance(result, Paths):
        return result.persons_of(steps, direction=direction)
    if isinstance(result, Transitions):
        if len(steps) != 2:  # noqa: PLR2004  (from, to)
            message = f"a transition has two steps, A > B; got {len(steps)}"
            raise BadOption(message)
        return result.persons_of(steps[0], steps[1])
    if not isinstance(result, Loops):
        return result.persons_of(steps)
    if len(steps) == 1:
        return result.persons_of("return", steps[0])
    if len(steps) == _THERE_AND_BACK and steps[0] == steps[2] != steps[1]:
        return result.persons_of("back_and_forth", steps[0], steps[1])
    if len(steps) == 2 and steps[0] == steps[1]:  # noqa: PLR2004  (a step and the same again)
        return result.persons_of("repeat", steps[0])
    message = f"a loop is A (returns), A > A (repeats) or A > B > A (there and back); got {_ARROW.join(steps)}"
    raise BadOption(message)
