"""Who asks, and what answers: what every function behind the API is called with.

In: a data folder wired by `app`, and who was let in. Out: one record that goes from function to function. Never decides who may.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from sojourn.api.scope import Scope
from sojourn.store.audit import record

if TYPE_CHECKING:
    from sojourn.analyse.journeys import Journeys
    from sojourn.api.history import History
    from sojourn.api.person_changes import PersonCare
    from sojourn.store.folder import Folder


class Told(Protocol):
    """Anything that can be told as JSON."""

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionaries and lists."""


class Live(Protocol):
    """The live side of a folder; `app.live.LiveQuestions` is one."""

    def person(self, identifier: str, /) -> Told:
        """The live profile of the person an identifier belongs to."""


@dataclass(frozen=True, slots=True)
class Backing:
    """What answers.

    Attributes:
        history: The journeys of the data folder, and the folder.
        live: Its live profiles.
        care: Exports and erases persons.
        profile: The record that a live profile is.
    """

    history: History
    live: Live
    care: PersonCare
    profile: type[Any]

    @property
    def folder(self) -> Folder:
        """The data folder."""
        return self.history.folder


@dataclass(frozen=True, slots=True)
class Call:
    """One request by somebody who was let in.

    Attributes:
        backing: What answers.
        who: Name of the token's source, or of the user; for the audit log.
        scope: Which part of the log is meant.
    """

    backing: Backing
    who: str
    scope: Scope = field(default_factory=Scope)

    @property
    def folder(self) -> Folder:
        """The data folder."""
        return self.backing.folder

    def journeys(self) -> Journeys:
        """The journeys of the scope."""
        return self.backing.history.journeys(self.scope)

    def done(self, what: str, **detail: object) -> None:
        """Leave a line of a change in the audit log.

        Args:
            what: What was done, in a few words.
            **detail: To what.
        """
        record(self.folder, who=self.who, what=what, detail=detail)
