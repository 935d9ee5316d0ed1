"""Every field a result has is explained: what it counts, in which unit."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
import re

import sojourn.analyse


def results() -> dict[str, set[str]]:
    """Names of the fields of each public record of `analyse`."""
    found = {}
    for module in pkgutil.walk_packages(sojourn.analyse.__path__, "sojourn.analyse."):
        for name, value in vars(importlib.import_module(module.name)).items():
            if (
                name.startswith("_")
                or not isinstance(value, type)
                or not value.__module__.startswith("sojourn.analyse")
            ):
                continue
            if dataclasses.is_dataclass(value) and (name.endswith("Result") or name in _public()):
                found[name] = {field.name for field in dataclasses.fields(value) if not field.name.startswith("_")}
    return found


def _public() -> set[str]:
    return set(getattr(sojourn.analyse, "__all__", ()))


def test_every_result_field_is_explained(pages: dict[str, str]) -> None:
    """A field is explained where its name stands in code type, on a page of methods or of results."""
    text = "\n".join(page for name, page in pages.items() if re.match(r"docs/(methods/|results\.md)", name))
    explained = set(re.findall(r"`([a-z_0-9]+)(?:\[\])?`", text))

    missing = {name: sorted(fields - explained) for name, fields in results().items() if fields - explained}

    assert not missing
