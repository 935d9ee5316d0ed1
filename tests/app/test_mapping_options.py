"""One table of options, every field of a mapping that a command line can say."""

from __future__ import annotations

import dataclasses
import inspect

from sojourn.app.commands.import_ import import_
from sojourn.app.commands.report import report
from sojourn.collect.imports.mapping import Mapping

ONLY_IN_FILES = {
    "actor_prefix", "context", "explode", "group", "id_per_event", "key_values", "kind", "kinds", "names", "names_only", "negate",
    "page_name", "partial", "person_is_actor", "prefixed", "previous", "protocol", "sent", "spread", "traits",
}  # fmt: skip


def test_every_field_has_an_option_or_is_for_mapping_files_only() -> None:
    fields = {field.name for field in dataclasses.fields(Mapping)}

    for command in (import_, report):
        assert fields - set(inspect.signature(command).parameters) == ONLY_IN_FILES


def test_import_and_report_say_the_same_of_columns() -> None:
    ours, theirs = (inspect.signature(command).parameters for command in (import_, report))
    shared = set(ours) & set(theirs) - {"files", "data", "time_zone", "json"}

    words = [{name: side[name].annotation.__metadata__[0].help for name in shared} for side in (ours, theirs)]
    assert words[0] == words[1]
    assert len(shared) > 20
