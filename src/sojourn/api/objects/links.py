"""Links between identifiers: taken back, restored; identifiers that name nobody. `GET /api/links` is a question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from sojourn.api.endpoint import endpoint
from sojourn.api.person_changes import decide_links
from sojourn.records.errors import BadField

if TYPE_CHECKING:
    from sojourn.api.call import Call


class LinkNames(msgspec.Struct, forbid_unknown_fields=True):
    """Some links.

    Attributes:
        links: Their names, as `GET /api/links` tells them.
    """

    links: list[str]


class Identifier(msgspec.Struct, forbid_unknown_fields=True):
    """An identifier.

    Attributes:
        id: As it is sent.
    """

    id: str


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided.

    Attributes:
        done: `revoked`, `restored`, `ignored` or `heeded`.
        names: Of what.
    """

    done: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ignored:
    """Identifiers that name nobody here, beside those that never do.

    Attributes:
        ids: As they are sent.
    """

    ids: tuple[str, ...]


def revoke(call: Call, *, body: LinkNames) -> Decided:
    """Take links back: what they join is parted in every question from now on."""
    return _decide(call, body, revoked=True)


def restore(call: Call, *, body: LinkNames) -> Decided:
    """Restore links that were taken back."""
    return _decide(call, body, revoked=False)


def _decide(call: Call, body: LinkNames, *, revoked: bool) -> Decided:
    if not body.links:
        raise BadField("body", "expected the name of at least one link - at `$.links`")
    decide_links(call.folder, body.links, revoked=revoked, who=call.who)
    return Decided("revoked" if revoked else "restored", tuple(body.links))


def ignored(call: Call) -> Ignored:
    """Identifiers that name nobody here, such as a test account."""
    from sojourn.store.link_control import ignored_ids  # noqa: PLC0415  (heavy)

    return Ignored(tuple(ignored_ids(call.folder)))


def ignore(call: Call, *, body: Identifier) -> Decided:
    """Have an identifier name nobody from now on; what it joined is parted."""
    return _heed(call, body.id, ignored=True)


def heed(call: Call, *, body: Identifier) -> Decided:
    """Have an identifier name somebody again."""
    return _heed(call, body.id, ignored=False)


def _heed(call: Call, name: str, *, ignored: bool) -> Decided:
    from sojourn.store.link_control import ignore_id  # noqa: PLC0415  (heavy)

    if not 0 < len(name.strip()) <= _LONGEST:
        raise BadField("body", f"expected 1 to {_LONGEST:,} characters - at `$.id`")
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise BadField("body", "expected text without halves of surrogate pairs - at `$.id`") from error
    ignore_id(call.folder, name, ignored=ignored)
    call.done("had an identifier name nobody" if ignored else "had an identifier name somebody again")
    return Decided("ignored" if ignored else "heeded", (name,))


_LONGEST = 1_000
ENDPOINTS = (
    endpoint("POST", "/api/links/revoke", revoke, role="marketer", group="links"),
    endpoint("POST", "/api/links/restore", restore, role="marketer", group="links"),
    endpoint("GET", "/api/ignored", ignored, role="viewer", group="links"),
    endpoint("POST", "/api/ignored", ignore, role="marketer", group="links"),
    endpoint("POST", "/api/ignored/heed", heed, role="marketer", group="links"),
)
