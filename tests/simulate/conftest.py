"""Simulated worlds for tests, read back from their files by a few plain lines of code."""

from __future__ import annotations

import functools
import gzip
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from sojourn.simulate import Simulated, only, simulate

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sojourn.simulate import World

Message = dict[str, Any]


@dataclass(frozen=True)
class Log:
    """A world as its files tell it."""

    simulated: Simulated
    lines: list[Message]
    truth: list[Message]
    summary: Message

    @functools.cached_property
    def events(self) -> list[Message]:
        """Messages without the second copy of those sent twice."""
        return list({line["messageId"]: line for line in reversed(self.lines)}.values())

    @functools.cached_property
    def people(self) -> list[Message]:
        """The truth of persons, without crawlers."""
        return [person for person in self.truth if person["kind"] == "person"]

    @functools.cached_property
    def journeys(self) -> dict[str, list[Message]]:
        """Events of each person of the truth, in order of time: account first, then device."""
        owner = {}
        for person in self.truth:
            for device in person.get("anonymous_ids", []):
                owner[device] = person["person"]
        for person in self.truth:
            if person.get("user_id"):
                owner[person["user_id"]] = person["person"]
        found = defaultdict(list)
        for event in sorted(self.events, key=lambda event: (event["timestamp"], event["messageId"])):
            found[owner[event.get("userId") or event["anonymousId"]]].append(event)
        return dict(found)


@pytest.fixture(scope="session")
def read_world() -> Callable[[Simulated], Log]:
    """Read a world back."""

    def read(simulated: Simulated) -> Log:
        read_line = msgspec.json.Decoder().decode
        lines = [read_line(line) for line in gzip.decompress(simulated.events.read_bytes()).splitlines()]
        truth = [msgspec.json.decode(line) for line in simulated.truth.read_bytes().splitlines()]
        return Log(simulated, lines, truth, msgspec.json.decode(simulated.summary.read_bytes()))

    return read


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory, read_world: Callable[[Simulated], Log]) -> Callable[..., Log]:
    """`world("shop", persons=..., seed=..., causes=("long_form",))`, made once; None leaves all causes on."""

    @functools.cache
    def make(name: World, *, persons: int, seed: int = 1, causes: tuple[str, ...] | None = None) -> Log:
        out: Path = tmp_path_factory.mktemp(name)
        switches = None if causes is None else only(name, *causes)
        return read_world(simulate(name, out, persons=persons, seed=seed, causes=switches))

    return make
