"""One request for a page, read once.

In: a request. Out: who asks, of which part of the log. Never answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from starlette.concurrency import run_in_threadpool

from sojourn.console.under_way import page_of, waited

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from sojourn.analyse.journeys import Journeys
    from sojourn.api.accounts import Accounts
    from sojourn.api.history import History
    from sojourn.api.imports import RunsImports
    from sojourn.api.person_changes import PersonCare
    from sojourn.api.scope import Scope
    from sojourn.api.settings import Settings


class Told(Protocol):
    """Anything that can be told as JSON."""

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionaries and lists."""


class LiveProfiles(Protocol):
    """Who knows the live profile of a person; `app.live.LiveQuestions` does."""

    def person(self, identifier: str, /) -> Told:
        """The live profile of the person an identifier belongs to."""


@dataclass(frozen=True, slots=True)
class Backing:
    """What the pages are made from.

    Attributes:
        history: The journeys of the data folder, and the folder, to be handed to functions of `api`.
        live: Its live profiles.
        care: Who exports and erases persons; None for a console that only shows.
        imports: Who begins the processes of imports; None for a console that only shows.
    """

    history: History
    live: LiveProfiles
    care: PersonCare | None = None
    imports: RunsImports | None = None


@dataclass(frozen=True, slots=True)
class User:
    """Who is at the browser.

    Attributes:
        name: As the person logs in; empty for who is not logged in.
        role: viewer, analyst, marketer or admin; empty for who is not logged in.
    """

    name: str
    role: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A request for a page.

    Attributes:
        request: As it came.
        user: Who asks.
        scope: Which part of the log.
        backing: What answers.
        accounts: Users and sessions.
        csrf: What the forms of this browser carry; `csrf()` of parts.html puts it there, `console.app` checks it.
        token: Of the browser's session; empty for who is not logged in.
    """

    request: Request
    user: User
    scope: Scope
    backing: Backing
    accounts: Accounts
    csrf: str
    token: str = ""

    @property
    def settings(self) -> Settings:
        """What was decided for all who use the folder."""
        return self.backing.history.settings.now()

    def field(self, name: str, default: str = "") -> str:
        """A query parameter without blanks around it; `default` where it is missing or empty."""
        return self.request.query_params.get(name, "").strip() or default

    def fields(self, name: str) -> list[str]:
        """A repeated query parameter, without empty ones."""
        return [text.strip() for text in self.request.query_params.getlist(name) if text.strip()]

    async def journeys(self) -> Journeys:
        """The journeys of the scope."""
        return await run_in_threadpool(self.backing.history.journeys, self.scope)

    async def ask(self, question: Callable[[Journeys], Any], *, title: str = "One moment") -> Any:  # noqa: ANN401  (whatever the question returns)
        """Ask a question of the scope's journeys in a thread, so that other pages go on.

        Args:
            question: A function of journeys, e.g. `lambda journeys: journeys.sessions(by="channel")`; a page asks each by one function.
            title: Of the page, told while the question is worked on.

        Raises:
            Working: It takes longer; a view that is `patient` says so.
        """
        history, scope = self.backing.history, self.scope
        key = page_of(self.request), scope, question.__qualname__
        return await waited(self.request, key, lambda: question(history.journeys(scope)), title)
