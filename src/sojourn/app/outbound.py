"""What happens here told to another system, a CRM for instance: one signed request each, until it is taken.

In: deliveries in order, an address, a secret. Out: how far they were taken. Each is delivered at least once and carries an id by which the
receiver knows a second copy. Never follows a redirect, never asks a private address unless that is allowed. The form of requests and
signatures is that of Standard Webhooks: docs/outbound.md
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import msgspec

from sojourn.records.errors import SojournError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sojourn.store.state import Move

FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 300.0
_TIMEOUT_S = 10.0
_MOST_ASKED_S = 3_600.0
_REFUSED = frozenset((400, 413, 422))
_GONE = 410
_PREFIX = "whsec_"


class PrivateAddress(SojournError):
    """The address is in a private network, where a webhook could reach what is not meant to be reached."""


class NotDelivered(SojournError):
    """The receiver did not take a delivery; it is sent again the next time."""


class Delivery(msgspec.Struct, frozen=True):
    """One thing to tell.

    Attributes:
        place: In the list it comes from; the cursor moves to it when it was taken.
        id: The same for each copy, different from all others.
        body: JSON.
    """

    place: int
    id: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Delivered:
    """What became of a run.

    Attributes:
        taken: Deliveries that the receiver took.
        refused: Ids of deliveries that it said are wrong (400, 413, 422) and that are not sent again.
        retries: Requests that had to be sent again.
    """

    taken: int
    refused: tuple[str, ...]
    retries: int

    def to_dict(self) -> dict[str, object]:
        """The same as a dictionary."""
        return {"taken": self.taken, "refused": list(self.refused), "retries": self.retries}


def move_delivery(place: int, move: Move) -> Delivery:
    """Somebody entered or left a segment."""
    said = {
        "type": "segment.entered" if move.entered else "segment.left",
        "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(move.at / 1e6)),
        "data": {"person": move.label, "person_number": str(move.person), "segment": move.segment},
    }
    # The place alone begins anew with a state that is built again; together with what moved it does not.
    name = hashlib.blake2b(f"{place} {move.person} {move.segment} {move.at}".encode(), digest_size=12).hexdigest()
    return Delivery(place, f"move_{name}", msgspec.json.encode(said))


def webhook_secret(folder_secret: bytes, url: str) -> str:
    """The secret of one receiver, as its own library takes it: `whsec_` and base64."""
    key = hashlib.blake2b(b"webhook " + url.encode(), key=folder_secret, digest_size=32).digest()
    return _PREFIX + base64.b64encode(key).decode()


def signature(secret: str, message_id: str, at_s: int, body: bytes) -> str:
    """HMAC-SHA256 over `id.timestamp.body`, as the header `webhook-signature` has it.

    >>> signature("whsec_c2VjcmV0", "m1", 1700000000, b"{}")
    'v1,6a2BS7tv4ywWskEzv65tBIvuQ6lMqhUAxIXRZuEx1t4='
    """
    key = base64.b64decode(secret.removeprefix(_PREFIX))
    signed = f"{message_id}.{at_s}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def wait_s(attempt: int, chance: float, asked: str | None = None) -> float:
    """How long to wait before an attempt is repeated.

    Args:
        attempt: 1 after the first failure.
        chance: In [0, 1): spreads receivers' load, from half of the wait to all of it.
        asked: The header Retry-After, in seconds.
    """
    told = float(asked) if asked is not None and asked.strip().isdigit() else 0.0
    backoff = min(FIRST_WAIT_S * 2 ** min(attempt - 1, 20), LONGEST_WAIT_S) * (1 + chance) / 2
    return max(backoff, min(told, _MOST_ASKED_S))


def public_address(host: str, port: int, *, allow_private: bool = False) -> str:
    """The address of a host, looked up once and for all: what is checked is what is asked.

    Raises:
        PrivateAddress: One of its addresses is none of the public internet.
        NotDelivered: It has no address.
    """
    try:
        found = [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError) as error:
        message = f"{host} has no address"
        raise NotDelivered(message) from error
    if not allow_private:
        private = next((one for one in found if not _is_public(one)), None)
        if private is not None:
            message = (
                f"{host} is at {private}, which is not on the public internet; --allow-private sends there all the same"
            )
            raise PrivateAddress(message)
    return found[0]


def _is_public(address: str) -> bool:
    found = ipaddress.ip_address(address.partition("%")[0])
    inner = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return (inner or found).is_global and not (inner or found).is_multicast


class Outbound:
    """Sends deliveries to one receiver."""

    def __init__(
        self,
        url: str,
        secret: str,
        *,
        allow_private: bool = False,
        attempts: int = 8,
        sleep: Callable[[float], object] = time.sleep,
        chance: Callable[[], float] = lambda: 0.5,
    ) -> None:
        """Begin.

        Args:
            url: http or https; without TLS only where private addresses are allowed.
            secret: As `webhook_secret` gives it.
            allow_private: Whether the receiver may be in a private network.
            attempts: How often a delivery is tried in one run.
            sleep: Waits.
            chance: In [0, 1).

        Raises:
            NotDelivered: The URL is none that can be asked.
        """
        parts = urlsplit(url)
        allowed = ("http", "https") if allow_private else ("https",)
        if parts.scheme not in allowed or not parts.hostname or parts.username or parts.password:
            message = (
                f"expected an address that begins with {' or '.join(allowed)}:// and holds no password, got {url!r}"
            )
            raise NotDelivered(message)
        self._url, self._parts, self._host = url, parts, parts.hostname
        self._port = parts.port or (443 if parts.scheme == "https" else 80)
        self._secret, self._allow_private, self._attempts = secret, allow_private, attempts
        self._sleep, self._chance = sleep, chance

    def send(self, deliveries: Iterable[Delivery], taken: Callable[[int], object]) -> Delivered:
        """Tell each in order; the next one waits until the one before was taken.

        Args:
            deliveries: In order.
            taken: Called with the place of each one that is done with; what it remembers is not sent again.

        Raises:
            NotDelivered: One was not taken in all its attempts; it and those behind it wait for the next run.
            PrivateAddress: The receiver is in a private network.
        """
        count, retries, refused = 0, 0, list[str]()
        with httpx.Client(timeout=_TIMEOUT_S, follow_redirects=False, trust_env=False) as client:
            for delivery in deliveries:
                accepted, again = self._delivered(client, delivery)
                retries += again
                if accepted:
                    count += 1
                else:
                    refused.append(delivery.id)
                taken(delivery.place)
        return Delivered(count, tuple(refused), retries)

    def _delivered(self, client: httpx.Client, delivery: Delivery) -> tuple[bool, int]:
        """Whether the receiver took it, or called it wrong; and how many requests were sent again."""
        why = ""
        for attempt in range(1, self._attempts + 1):
            asked = None
            try:
                answer = self._ask(client, delivery)
            except httpx.HTTPError as error:
                why = type(error).__name__
            else:
                if answer.is_success:
                    return True, attempt - 1
                if answer.status_code in _REFUSED:
                    return False, attempt - 1
                why, asked = f"HTTP {answer.status_code}", answer.headers.get("retry-after")
                if answer.status_code == _GONE:
                    break
            if attempt < self._attempts:
                self._sleep(wait_s(attempt, self._chance(), asked))
        message = f"{self._host} did not take {delivery.id} ({why}); it is sent again the next time"
        raise NotDelivered(message)

    def _ask(self, client: httpx.Client, delivery: Delivery) -> httpx.Response:
        address = public_address(self._host, self._port, allow_private=self._allow_private)
        now = int(time.time())
        # To the address that was checked: a second look-up might say another one.
        url = httpx.URL(self._url).copy_with(host=address)
        headers = {
            "host": self._parts.netloc,
            "content-type": "application/json",
            "user-agent": "Sojourn",
            "webhook-id": delivery.id,
            "webhook-timestamp": str(now),
            "webhook-signature": signature(self._secret, delivery.id, now, delivery.body),
        }
        return client.post(url, content=delivery.body, headers=headers, extensions={"sni_hostname": self._host})
