"""Random catalogues with every pattern, and random histories to read them from."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import msgspec
from hypothesis import strategies as st

from sojourn.records.event import Event
from sojourn.signals import catalogue as c

if TYPE_CHECKING:
    from tests.signals.signal_oracle import Happening

START_US = 1_704_067_200_000_000
SECOND = 1_000_000

NAMES = st.sampled_from(["a", "b", "c"])
WHERES = st.sampled_from(
    ["price > 1", "channel = 'ads'", "channel is null", "price <= 2 or channel <> 'mail'", "event like 'a%'"]
)
MATCHES = st.one_of(
    NAMES,
    st.lists(NAMES, min_size=1, max_size=2, unique=True).map(tuple),
    st.builds(c.Match, event=NAMES, where=WHERES),
    st.builds(c.Match, where=WHERES),
)
SPANS = st.sampled_from(["100s", "200s", "250s", "600s", "1h"])
SAME = st.sampled_from([None, "channel", "price"])
COMMON: dict[str, Any] = {
    "name": st.just("s"),
    "kind": st.just("behavioral"),
    "says": st.just("s"),
    "half_life": st.sampled_from([None, "50s", "300s", "2h"]),
    "cap": st.sampled_from([None, 1.0, 1.5, 3.0]),
    "until": st.one_of(st.none(), st.none(), st.none(), MATCHES),
}
TRAITS = st.sampled_from(
    ["plan = 'pro'", "plan = 'pro' and age >= 30", "not (plan = 'free') or age is null", "plan is null"]
)


def _one(pattern: Any, **fields: Any) -> st.SearchStrategy[Any]:
    return st.builds(pattern, **{**COMMON, **fields})


SIGNALS: st.SearchStrategy[c.Signal] = st.one_of(
    _one(c.Count, of=MATCHES),
    _one(c.Sum, of=MATCHES, property=st.just("price")),
    _one(c.Distinct, of=MATCHES, property=st.sampled_from(["channel", "price"])),
    _one(c.First, of=MATCHES),
    _one(c.Recency, of=MATCHES, half_life=st.sampled_from(["50s", "300s"]), cap=st.none()),
    _one(c.Burst, of=MATCHES, times=st.integers(2, 3), within=SPANS, same=SAME),
    _one(c.Dwell, of=MATCHES, next=st.one_of(st.none(), MATCHES), longer_than=st.sampled_from(["50s", "100s"]), at_most=SPANS),
    _one(c.Without, of=MATCHES, without=MATCHES, within=SPANS, same=SAME),
    _one(c.RepeatWithout, of=MATCHES, without=st.one_of(st.none(), MATCHES), times=st.integers(2, 3), within=st.one_of(st.none(), SPANS), same=SAME),
    _one(c.Sequence, steps=st.lists(MATCHES, min_size=2, max_size=4).map(tuple), within=SPANS, same=SAME),
    _one(c.Return, of=st.one_of(st.none(), MATCHES), after=SPANS),
    _one(c.Trait, where=TRAITS, half_life=st.none(), cap=st.none()),
    _one(c.Context, where=WHERES, of=st.one_of(st.none(), MATCHES)),
)  # fmt: skip


@st.composite
def catalogues(draw: st.DrawFn, *, most: int = 5) -> c.Catalogue:
    """A catalogue of a few signals."""
    signals = draw(st.lists(SIGNALS, min_size=1, max_size=most))
    named = tuple(msgspec.structs.replace(signal, name=f"s{n}") for n, signal in enumerate(signals))
    return c.Catalogue(signals=named)


_ROW = st.tuples(
    st.integers(0, 20).map(lambda n: START_US + n * 50 * SECOND),
    NAMES,
    st.fixed_dictionaries(
        {}, optional={"channel": st.sampled_from(["ads", "mail"]), "price": st.sampled_from([0.0, 1.0, 2.0, 2.5])}
    ),
    st.one_of(
        st.just({}),
        st.fixed_dictionaries(
            {}, optional={"plan": st.sampled_from(["free", "pro"]), "age": st.sampled_from([20, 30])}
        ),
    ),
)


def _dense(size: int, seed: int) -> list[Happening]:
    """Many happenings: what small examples seldom have, sequences and bursts among them."""
    dice = random.Random(seed)

    def some(values: dict[str, list[Any]]) -> dict[str, Any]:
        return {name: dice.choice(of) for name, of in values.items() if dice.random() < 0.6}

    return [
        (
            START_US + dice.randrange(40) * 25 * SECOND,
            dice.choice("abc"),
            some({"channel": ["ads", "mail"], "price": [0.0, 1.0, 2.0, 2.5]}),
            some({"plan": ["free", "pro"], "age": [20, 30]}) if dice.random() < 0.3 else {},
        )
        for _ in range(size)
    ]


def happenings() -> st.SearchStrategy[list[Happening]]:
    """What happened to one person, in the order of the log: many equal times, some out of order."""
    return st.one_of(
        st.lists(_ROW, min_size=1, max_size=8),
        st.builds(_dense, st.integers(4, 40), st.integers(0, 2**32)),
        st.builds(_dense, st.integers(4, 40), st.integers(0, 2**32)),
    )


def event(happening: Happening, *, number: int, user: str | None = "u", anonymous: str | None = None) -> Event:
    """The accepted event of a happening."""
    time, name, properties, traits = happening
    return Event(
        source="test", message_id=f"m{number}", type="track", event=name, time=time, received_at=time, user_id=user,
        anonymous_id=anonymous, properties=json.dumps(properties), traits=json.dumps(traits) if traits else None,
    )  # fmt: skip
