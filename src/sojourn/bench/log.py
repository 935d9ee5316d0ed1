"""A seeded log to measure on: journeys of a shop, in order of arrival.

In: a number of events and a seed. Out: a Parquet file. Simulated, and shaped like the logs the budgets speak of:
40 event names in a Markov chain, visits a person by Zipf's law, 90 days, eight properties.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

EVENTS = (
    "Page Viewed", "Products Searched", "Product List Viewed", "Product Viewed", "Product Added", "Cart Viewed",
    "Checkout Started", "Order Completed", *(f"event_{number:02d}" for number in range(8, 40)),
)  # fmt: skip
"""Event names; an event's code in the SQL engines is its place here."""
CHANNELS = ("direct", "organic", "paid_search", "email", "social", "affiliate", "display", "referral")
START_US = 1_704_067_200_000_000
_DAYS = 90
_EVENTS_A_PERSON = 21
_CHUNK = 2_000_000
_LONGEST_VISIT = 60
_MOST_VISITS = 400
_URLS, _PRODUCTS = 5_000, 20_000
_ORDER = EVENTS.index("Order Completed")


def write_log(path: Path, events: int, *, seed: int = 7) -> int:
    """Write a log.

    Args:
        path: Parquet file to write.
        events: About how many events.
        seed: The same seed gives the same log.

    Returns:
        Events written.
    """
    written = 0
    writer: pq.ParquetWriter | None = None
    chunks = max(1, round(events / _CHUNK))
    for chunk in range(chunks):
        random = np.random.default_rng([seed, chunk])
        table = _chunk(random, events // chunks, first_person=chunk * (events // chunks // _EVENTS_A_PERSON + 1))
        writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd", compression_level=1)
        writer.write_table(table, row_group_size=500_000)
        written += table.num_rows
    assert writer is not None
    writer.close()
    return written


def _chunk(random: np.random.Generator, events: int, *, first_person: int) -> pa.Table:
    """Some persons with all their events, in order of time."""
    persons = max(events // _EVENTS_A_PERSON, 1)
    visits = np.minimum(random.zipf(1.7, persons), _MOST_VISITS)
    visits = np.maximum((visits * (events / 5.2 / visits.sum())).round(), 1).astype(np.int64)
    owner = np.repeat(np.arange(persons), visits)
    visit, code, second = _walk(random, len(owner))
    begins = random.random(len(owner)) * _DAYS * 86_400
    time = START_US + ((begins[visit] + second) * 1_000_000).astype(np.int64)
    person = owner[visit]
    # Two events of a person never have the same time: engines order such ties differently.
    order = np.lexsort((time, person))
    time[order] = _strictly_rising(person[order], time[order])
    arrival = np.argsort(time, kind="stable")
    channel = random.integers(0, len(CHANNELS), len(owner))[visit]
    return _table(random, first_person + person[arrival], time[arrival], code[arrival], channel[arrival])


def _walk(random: np.random.Generator, visits: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Visit, event code and second within the visit of every event."""
    names = len(EVENTS)
    pull = 1 / np.arange(1, names + 1)
    chain = np.tile(pull, (names, 1)) * random.gamma(0.7, size=(names, names))
    for code in range(_ORDER):
        chain[code, code + 1] += 2.5 * pull.sum() / (code + 1)
    cumulated = np.cumsum(chain / chain.sum(axis=1, keepdims=True), axis=1)
    alive = np.arange(visits)
    state = random.integers(0, 4, visits)
    second = np.zeros(visits)
    found: list[tuple[NDArray[Any], NDArray[Any], NDArray[Any]]] = []
    for _ in range(_LONGEST_VISIT):
        found.append((alive, state, second))
        stays = random.random(len(alive)) < 0.81  # noqa: PLR2004  (about five events a visit)
        alive, state, second = alive[stays], state[stays], second[stays]
        draw = random.random(len(alive))
        state = np.minimum((cumulated[state] < draw[:, None]).sum(axis=1), names - 1)
        second = second + random.exponential(45, len(alive))
    columns = [np.concatenate(column) for column in zip(*found, strict=True)]
    return columns[0], columns[1], columns[2]


def _strictly_rising(person: NDArray[np.int64], time: NDArray[np.int64]) -> NDArray[np.int64]:
    """Times sorted by person, with equal ones moved apart by a microsecond each."""
    rising = time.copy()
    while (same := (person[1:] == person[:-1]) & (rising[1:] <= rising[:-1])).any():
        places = np.flatnonzero(same) + 1
        rising[places] = rising[places - 1] + 1
    return rising


def _table(
    random: np.random.Generator,
    person: NDArray[np.int64],
    time: NDArray[np.int64],
    code: NDArray[np.int64],
    channel: NDArray[np.int64],
) -> pa.Table:
    n = len(person)

    def text(codes: NDArray[np.int64], names: list[str], *, known: float = 1.0) -> pa.Array:
        mask = random.random(n) >= known if known < 1 else None
        return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32), mask=mask), pa.array(names))

    revenue = np.round(random.gamma(2, 30, n), 2)
    return pa.table(
        {
            "person": pa.array(person),
            "time": pa.array(time).cast(pa.timestamp("us", tz="UTC")),
            "event": text(code, list(EVENTS)),
            "url": text(random.integers(0, _URLS, n), [f"/page/{u}" for u in range(_URLS)]),
            "channel": text(channel, list(CHANNELS)),
            "device": text(random.integers(0, 3, n), ["desktop", "mobile", "tablet"]),
            "country": text(random.integers(0, 30, n), [f"C{c:02d}" for c in range(30)]),
            "campaign": text(random.integers(0, 20, n), [f"campaign_{c}" for c in range(20)], known=0.4),
            "product": text(random.integers(0, _PRODUCTS, n), [f"p{p}" for p in range(_PRODUCTS)], known=0.5),
            "revenue": pa.array(revenue, mask=code != _ORDER),
        }
    )
