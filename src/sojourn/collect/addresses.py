"""Network addresses are cut before anything is kept.

In: one address, or the name of a column or property. Out: the address without the last octet (IPv4) or the last 80 bits (IPv6).
Never looks an address up, and never imports anything heavy: the collector runs it for every event.
"""

from __future__ import annotations

import ipaddress
from functools import lru_cache

from sojourn.collect.imports.usual_names import reduced

_NAMES = frozenset(
    (
        "ip",
        "ipaddress",
        "ipaddr",
        "clientip",
        "userip",
        "remoteaddr",
        "remoteip",
        "remotehost",
        "visitip",
        "visitorip",
        "geoipip",
        "contextip",
    )
)


@lru_cache(maxsize=1 << 12)
def holds_addresses(column: str) -> bool:
    """Whether a column or property of this name holds network addresses."""
    return reduced(column) in _NAMES


@lru_cache(maxsize=1 << 16)
def hide_address(text: str) -> str:
    """`203.0.113.77` becomes `203.0.113.0`, `2001:db8:1:2::3` becomes `2001:db8:1::`; what is no address stays.

    Of several (what proxies append) the first counts; an IPv4 address within an IPv6 one is one of IPv4.
    """
    try:
        address = ipaddress.ip_address(text.split(",", 1)[0].strip())
    except ValueError:
        return text
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    address = mapped or address
    bits = 24 if address.version == 4 else 48  # noqa: PLR2004 - IP versions
    return str(ipaddress.ip_network((address, bits), strict=False).network_address)
