"""The catalogue of signals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from sojourn.api.endpoint import endpoint
from sojourn.api.signals_file import (
    Checked,
    SignalsFile,
    check_signals,
    save_signals,
    signal_versions,
    signals_file,
)

if TYPE_CHECKING:
    from sojourn.api.call import Call
    from sojourn.store.catalogue_versions import CatalogueVersion


class CatalogueText(msgspec.Struct, forbid_unknown_fields=True):
    """A catalogue (docs/signals.md).

    Attributes:
        text: YAML.
    """

    text: str


@dataclass(frozen=True, slots=True)
class SignalsVersions:
    """Catalogues that were in force.

    Attributes:
        versions: Newest first.
    """

    versions: tuple[CatalogueVersion, ...]


def read(call: Call) -> SignalsFile:
    """The catalogue in force."""
    return signals_file(call.backing.history)


def versions(call: Call) -> SignalsVersions:
    """The catalogues that were put in force, newest first: who did it, when and why."""
    return SignalsVersions(signal_versions(call.folder))


def check(call: Call, *, body: CatalogueText) -> Checked:  # noqa: ARG001  (every function takes the call)
    """What is wrong in the text of a catalogue, each with its line; nothing is saved."""
    return check_signals(body.text)


def save(call: Call, *, body: CatalogueText) -> SignalsFile:
    """Put a catalogue in force; the worker follows within seconds, and the one before is kept."""
    return save_signals(call.folder, body.text, who=call.who)


ENDPOINTS = (
    endpoint("GET", "/api/catalogue", read, role="viewer", group="catalogue"),
    endpoint("PUT", "/api/catalogue", save, role="marketer", group="catalogue"),
    endpoint("POST", "/api/catalogue/check", check, role="viewer", group="catalogue"),
    endpoint("GET", "/api/catalogue/versions", versions, role="viewer", group="catalogue"),
)
