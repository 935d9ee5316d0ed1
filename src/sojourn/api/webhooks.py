"""The mapping files of incoming webhooks, by their names in the address.

In: a folder of mapping files. Out: the mapping of a name. A file that changed is read again; a name is never a path.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from typing import TYPE_CHECKING

from sojourn.collect.imports.mapping import Mapping, load_mapping, recipe_names
from sojourn.collect.protocols.mapped import check_live
from sojourn.collect.protocols.webhook import BUILT_IN, WebhookMapping, mapping_of
from sojourn.records.errors import BadMapping

if TYPE_CHECKING:
    from pathlib import Path

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


@cache
def _recipe(name: str) -> Mapping | None:
    """The recipe of this name, where single objects can be read by it."""
    if name not in recipe_names():
        return None
    try:
        return check_live(load_mapping(name), name)
    except BadMapping:
        # It is for the files of a tool that sends no webhooks.
        return None


class Webhooks:
    """Mappings by name: the files `NAME.toml` of a folder, then those that come with Sojourn, recipes of imports among them."""

    def __init__(self, folder: Path) -> None:
        """Begin with none read."""
        self._folder = folder
        self._read: dict[str, tuple[int, WebhookMapping | Mapping]] = {}

    def find(self, name: str) -> WebhookMapping | Mapping | None:
        """The mapping of this name; None when there is none.

        Raises:
            BadMapping: The file is no mapping.
        """
        if not _NAME.fullmatch(name):
            return None
        path = self._folder / f"{name}.toml"
        try:
            changed = path.stat().st_mtime_ns
        except OSError:
            return BUILT_IN.get(name) or _recipe(name)
        known = self._read.get(name)
        if known is None or known[0] != changed:
            try:
                table = tomllib.loads(path.read_text())
            except (OSError, ValueError) as error:
                message = f"{path.name} cannot be read as TOML: {error}"
                raise BadMapping(message) from error
            known = self._read[name] = changed, mapping_of(table, where=path.name)
        return known[1]
