from __future__ import annotations

import hashlib

import msgspec
import numpy as np
import pyarrow as pa

from sojourn.identify.blake2b import digests
from sojourn.records.event import Event, event_key, source_prefix


def test_an_event_comes_back_from_its_bytes() -> None:
    event = Event("shop", "m1", "track", "Order Completed", 5, 6, external_ids=(("email", "a@b.c"),), revenue=9.5)

    assert msgspec.msgpack.decode(msgspec.msgpack.encode(event), type=Event) == event


def test_a_record_of_an_older_version_has_the_defaults_of_the_fields_it_lacks() -> None:
    older = msgspec.msgpack.encode(["shop", "m1", "track", "Order Completed", 5, 6])

    assert msgspec.msgpack.decode(older, type=Event).properties == "{}"


def test_the_key_of_an_event_is_the_hash_of_its_source_and_message_id() -> None:
    assert event_key("shop", "m1") == hashlib.blake2b(b"shop\0m1", digest_size=16).digest()


def test_a_collected_event_has_the_key_of_an_imported_one() -> None:
    for source in ("shop", "s" * 64, "s" * 63, "é" * 40):
        imported = digests(pa.array(["m1"]), prefix=source_prefix(source), size=16)

        assert event_key(source, "m1") == np.ascontiguousarray(imported).tobytes()
