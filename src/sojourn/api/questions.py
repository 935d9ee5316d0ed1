"""Every question that can be asked of journeys, each made from its own function: one source for URLs, forms, schemas and tools.

In: a question's name, texts of a URL, journeys. Out: its result, and the persons one of its numbers counted. The function, its
signature, its docstring and the record it returns say everything; nothing about a question is written here again.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sojourn.api.docstrings import hints, sentence
from sojourn.api.options import Option, options_of, read_options
from sojourn.api.record_schema import record_schema
from sojourn.records.errors import BadField

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sojourn.analyse.journeys import Journeys
    from sojourn.analyse.results import Persons, Result
    from sojourn.api.options import Values

OF = "of_"
"""Goes before the names that say which number's persons are meant, so that they are no option's: `of_step=1`."""
DRILL = "drill"
"""Names the drill-down where a result has several that take the same."""
_GROUP = Option(
    f"{OF}group", "group", "text", repeated=False, choices=(), optional=True, required=False, default=None,
    about="Only this group of the breakdown.",
)  # fmt: skip
_KEPT = re.compile(r"version:([1-9]\d{0,8})")
"""A catalogue that was kept, by its number: an address cannot hold its text."""
TABLES = "tables"
"""Folder inside a data folder that holds tables of spend and of rates."""


@dataclass(frozen=True)
class Drilling:
    """A way from a number to its persons.

    Attributes:
        name: The result's method.
        about: Which persons.
        options: What says which number.
    """

    name: str
    about: str
    options: tuple[Option, ...]

    def fits(self, given: set[str]) -> bool:
        """Whether what is given is what it needs."""
        return given <= {o.name for o in self.options} and {o.name for o in self.options if o.required} <= given


@dataclass(frozen=True)
class Question:
    """A question.

    Attributes:
        name: In URLs and of the tool.
        module: In `analyse`, where its function is.
        function: Of that module.
        methods: Page in docs/methods/ that defines its numbers.
    """

    name: str
    module: str
    function: str
    methods: str

    @cached_property
    def call(self) -> Callable[..., Any]:
        """The function that answers it; loading it loads its kernels."""
        return getattr(importlib.import_module(f"sojourn.analyse.{self.module}"), self.function)

    @cached_property
    def result(self) -> type[Result]:
        """The record it returns."""
        return hints(self.call)["return"]

    @cached_property
    def about(self) -> str:
        """What it answers, in a sentence."""
        return sentence(self.call)

    @cached_property
    def options(self) -> tuple[Option, ...]:
        """What may be said about it."""
        return options_of(self.call)

    @cached_property
    def drillings(self) -> tuple[Drilling, ...]:
        """From which of its numbers one comes to the persons; empty when from none."""
        from sojourn.analyse.results import Persons  # noqa: PLC0415  (heavy)

        found = [
            (name, member)
            for name, member in vars(self.result).items()
            if inspect.isfunction(member) and not name.startswith("_") and hints(member).get("return") is Persons
        ]
        shared = (_GROUP,) if self._nests else ()
        return tuple(Drilling(name, sentence(member), options_of(member, prefix=OF) + shared) for name, member in found)

    @cached_property
    def _nests(self) -> bool:
        """Whether the groups of its answer are whole answers, with ways of their own."""
        found: object = hints(self.result).get("groups")
        return found == tuple[self.result, ...]  # type: ignore[name-defined]  # a type that is only known here

    def read(self, values: Values) -> dict[str, Any]:
        """Typed options from the texts of a URL; names that are no option's are left alone, empty texts say nothing.

        Raises:
            BadField: Names the field, what was expected and what came.
        """
        return read_options(self.options, values)

    def ask(self, journeys: Journeys, options: Mapping[str, Any]) -> Result:
        """The answer.

        Args:
            journeys: Of which it is asked.
            options: As `read` gives them.

        Raises:
            SojournError: The log has no such event, column or person, or options do not go together.
        """
        return self.call(journeys, **{name: self._found(journeys, name, options[name]) for name in options})

    def drill(self, result: Result, values: Values) -> Persons:
        """The persons a number of the result counted.

        Args:
            result: Of `ask`.
            values: Texts of a URL; those that begin with `of_` say which number, `drill` the method where several fit.

        Raises:
            BadField: They name no number.
        """
        drilling = self._drilling(values)
        options = read_options(drilling.options, values)
        if self._nests and _GROUP.argument in options:
            result = _within(result, options.pop(_GROUP.argument))
        return getattr(result, drilling.name)(**options)

    def schema(self) -> dict[str, Any]:
        """JSON Schema of its options: an object, one property an option."""
        return {
            "type": "object",
            "properties": {option.name: option.schema() | {"description": option.about} for option in self.options},
            "required": [option.name for option in self.options if option.required],
        }

    def result_schema(self, components: dict[str, dict[str, Any]]) -> dict[str, Any]:
        """A reference to the JSON Schema of its answer, which is added to `components` with all it needs."""
        return record_schema(self.result, components)

    def _drilling(self, values: Values) -> Drilling:
        named = next((text for text in values.get(DRILL, ()) if text), None)
        if named is not None:
            for drilling in self.drillings:
                if drilling.name == named:
                    return drilling
            known = ", ".join(drilling.name for drilling in self.drillings)
            raise BadField(DRILL, f"expected one of {known}, got {named!r}")
        given = {name for name, texts in values.items() if name.startswith(OF) and any(text.strip() for text in texts)}
        for drilling in self.drillings:
            if drilling.fits(given):
                return drilling
        takes = "; or ".join(" ".join(option.name for option in d.options) or "nothing" for d in self.drillings)
        raise BadField(
            DRILL, f"expected what says which number's persons: {takes}; got {', '.join(sorted(given)) or 'nothing'}"
        )

    def _found(self, journeys: Journeys, name: str, value: Any) -> Any:  # noqa: ANN401  (whatever the option takes)
        """A value whose text only named it: a catalogue, or a table of the data folder."""
        kind = next(option.kind for option in self.options if option.argument == name)
        if not isinstance(value, str) or kind not in ("catalogue", "table"):
            return value
        if kind == "catalogue":
            from sojourn.signals.catalogue_file import read_catalogue  # noqa: PLC0415  (only for signals)
            from sojourn.signals.default_catalogues import BRANCHES  # noqa: PLC0415  (only for signals)

            kept = _KEPT.fullmatch(value)
            if kept is not None:
                from sojourn.store.catalogue_versions import catalogue_version  # noqa: PLC0415  (only for kept ones)

                return read_catalogue(catalogue_version(journeys.index.folder, int(kept[1])).text)
            return value if value in BRANCHES else read_catalogue(value)
        file = journeys.index.folder.path / TABLES / value
        if not file.is_file():
            raise BadField(name, f"there is no table {value!r} in the data folder; put it with PUT /api/tables/{value}")
        return file


def _within(result: Any, name: str) -> Any:  # noqa: ANN401  (any result whose groups are results)
    """The answer of one group of an answer."""
    found = next((one for one in result.groups if one.group == name), None)
    if found is None:
        known = ", ".join(one.group for one in result.groups) or "none, for no breakdown was asked"
        raise BadField(_GROUP.name, f"expected a group of the breakdown, got {name!r}; there are {known}")
    return found


class _Questions(Mapping[str, Question]):
    """The questions by name, in the order they are told."""

    def __init__(self, *questions: Question) -> None:
        self._by_name = {question.name: question for question in questions}

    def __getitem__(self, name: str) -> Question:
        return self._by_name[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._by_name)


def _question(name: str, methods: str, *, module: str = "", function: str = "") -> Question:
    return Question(name, module or name, function or name, methods)


QUESTIONS: Mapping[str, Question] = _Questions(
    _question("overview", "overview"),
    _question("journey_map", "journey-map"),
    _question("sessions", "sessions"),
    _question("funnel", "funnel"),
    _question("compare", "compare"),
    _question("paths", "paths"),
    _question("transitions", "transitions"),
    _question("ngrams", "ngrams"),
    _question("loops", "loops"),
    _question("retention", "retention"),
    _question("attribution", "attribution"),
    _question("engagement", "engagement"),
    _question("orders", "orders"),
    _question("history", "person-history"),
    _question("changes", "changes"),
    _question("person", "person-history", function="person_history"),
    _question("links", "identity", function="person_links"),
    _question("signals", "signals"),
    _question("scores", "scores"),
    _question("segments", "segments"),
    _question("segment_overlap", "segments"),
    _question("backtest", "backtest"),
)
"""Every question, by its name in URLs."""
