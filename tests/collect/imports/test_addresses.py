from __future__ import annotations

import pyarrow as pa
import pytest

from sojourn.collect.addresses import hide_address, holds_addresses
from sojourn.collect.imports.addresses import hide_addresses


@pytest.mark.parametrize(
    ("address", "hidden"),
    [
        ("203.0.113.77", "203.0.113.0"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::"),
        ("::ffff:203.0.113.77", "203.0.113.0"),
        ("203.0.113.77, 10.0.0.1", "203.0.113.0"),
        ("client-7.isp.example", "client-7.isp.example"),
    ],
)
def test_the_end_of_an_address_is_cut(address: str, hidden: str) -> None:
    assert hide_address(address) == hidden


def test_columns_of_addresses_are_known_by_name() -> None:
    assert all(map(holds_addresses, ("ip", "$ip", "IP_Address", "clientIp", "remote_addr", "visitIp")))
    assert not any(map(holds_addresses, ("zip", "ship", "address", "description")))


def test_nulls_and_numbers_stay() -> None:
    assert hide_addresses(pa.array(["203.0.113.77", None])).to_pylist() == ["203.0.113.0", None]
    assert hide_addresses(pa.array([7])).to_pylist() == [7]
