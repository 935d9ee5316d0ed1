"""What the client sends, and what an answer means.

In: the arguments of `track` and its siblings. Out: messages as bytes, requests made of them, and what to do after an answer.
Never sends anything; `sojourn.client` does.
"""

from __future__ import annotations

import datetime as dt
import gzip
import random
import uuid
from abc import ABC, abstractmethod
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Literal, TypedDict
from urllib.parse import urlsplit

import msgspec

from sojourn.records.errors import BadOption

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Unpack

    Id = str | int | None
    Text = str | None
    Fields = Mapping[str, Any] | None

Kind = Literal["track", "identify", "page", "screen", "group", "alias"]

MOST_MESSAGE_BYTES = 512 << 10
"""The collector takes messages up to this size (docs/collector.md)."""
_MOST_BATCH_BYTES = 1 << 20
_MOST_RETRY_AFTER_S = 300.0
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.25, 30.0
_NO_ANSWER = 0
_AGAIN = frozenset({_NO_ANSWER, HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})


@dataclass(frozen=True, slots=True)
class Message:
    """One event on its way.

    Attributes:
        message_id: What makes it the same event however often it is sent.
        body: Its JSON.
    """

    message_id: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an answer means for the messages of a request.

    Attributes:
        done: How many messages need no further try; they were kept, or never will be.
        refused: Those that never will be, each with the reason.
        wait_s: After how many seconds to go on; 0: at once.
        failed: Whether the rest is to be sent again because the server could not take it.
        most: At most so many messages a request from now on; None: as many as before.
    """

    done: int
    refused: tuple[tuple[Message, str], ...] = ()
    wait_s: float = 0.0
    failed: bool = False
    most: int | None = None


def _plain(value: object) -> object:
    """What JSON does not know: numpy's scalars as their Python values, other objects not at all."""
    item = getattr(value, "item", None)
    if callable(item):
        return item()
    message = f"{type(value).__name__} has no JSON; give text, a number, a date, a list or a dictionary"
    raise TypeError(message)


_ENCODER = msgspec.json.Encoder(enc_hook=_plain, decimal_format="number")


class Options(TypedDict, total=False):
    """What every method understands besides its own arguments.

    Attributes:
        anonymous_id: The device.
        timestamp: When it happened; left out: now. Without a zone it is this machine's time.
        context: Of the sender: page, campaign, consent, further identifiers (`externalIds`).
        integrations: Carried along as Segment's clients do.
        message_id: The event's own id where there is one, so that sending it from elsewhere again adds nothing.
    """

    anonymous_id: str
    timestamp: dt.datetime
    context: Mapping[str, Any]
    integrations: Mapping[str, Any]
    message_id: str


_OPTIONS = {name: name for name in Options.__annotations__} | {"anonymous_id": "anonymousId", "message_id": "messageId"}


class Messages(ABC):
    """Segment's methods: each makes one message and hands it over, and never waits. Arguments by place are those of Segment's client.

    Each returns the message id, or None when the queue was full and the event was dropped; each raises `BadOption` when nobody is
    named, or something has no JSON or is too large. Values may be what JSON knows, dates, decimals, UUIDs, enums, numpy scalars.
    """

    @abstractmethod
    def _take(self, message: Message) -> bool:
        """Let a message wait to be sent; False when there is no room."""

    def _say(self, kind: Kind, user_id: Id, options: Options, **fields: object) -> str | None:
        message = make_message(kind, user_id, options, fields)
        return message.message_id if self._take(message) else None

    def track(self, user_id: Id, event: str, properties: Fields = None, **options: Unpack[Options]) -> str | None:
        """Somebody did something.

        Args:
            user_id: The known user; None when `anonymous_id` says who it was.
            event: What happened, as in "Order Completed".
            properties: Of the event.
            **options: `anonymous_id`, `timestamp`, `context`, `integrations`, `message_id`: see `Options`.
        """
        if not event:
            raise BadOption('track: name the event, as in track("anna", "Order Completed", {"revenue": 10})')
        return self._say("track", user_id, options, event=event, properties=properties or {})

    def identify(self, user_id: Id, traits: Fields = None, **options: Unpack[Options]) -> str | None:
        """Say who somebody is: traits of the user, and with `anonymous_id` that this device is theirs.

        Args:
            user_id: The user.
            traits: What is known of them, as in `{"email": ..., "plan": ...}`.
            **options: As of `track`.
        """
        return self._say("identify", user_id, options, traits=traits or {})

    def page(
        self,
        user_id: Id,
        category: Text = None,
        name: Text = None,
        properties: Fields = None,
        **options: Unpack[Options],
    ) -> str | None:
        """Somebody saw a page.

        Args:
            user_id: As of `track`.
            category: Of the page.
            name: Of the page.
            properties: `url`, `path`, `referrer`, `title` and further ones.
            **options: As of `track`.
        """
        return self._say("page", user_id, options, category=category, name=name, properties=properties or {})

    def screen(
        self,
        user_id: Id,
        category: Text = None,
        name: Text = None,
        properties: Fields = None,
        **options: Unpack[Options],
    ) -> str | None:
        """Somebody saw a screen of an app; arguments as of `page`."""
        return self._say("screen", user_id, options, category=category, name=name, properties=properties or {})

    def group(self, user_id: Id, group_id: Id, traits: Fields = None, **options: Unpack[Options]) -> str | None:
        """Somebody belongs to an account.

        Args:
            user_id: As of `track`.
            group_id: The account.
            traits: Of the account.
            **options: As of `track`.
        """
        if group_id in (None, ""):
            raise BadOption('group: name the account, as in group("anna", "acme")')
        return self._say("group", user_id, options, groupId=group_id, traits=traits or {})

    def alias(self, previous_id: Id, user_id: Id, **options: Unpack[Options]) -> str | None:
        """An identifier used before is the same person as a user.

        Args:
            previous_id: The identifier.
            user_id: The user.
            **options: As of `track`.
        """
        if previous_id in (None, "") or user_id in (None, ""):
            raise BadOption('alias: name both, the identifier before and the user, as in alias("visitor-7", "anna")')
        return self._say("alias", user_id, options, previousId=previous_id)


def make_message(kind: Kind, user_id: Id, options: Options, fields: Mapping[str, object]) -> Message:
    """A message as it is sent, its values as they are at this moment.

    Args:
        kind: Segment's word for its shape.
        user_id: The known user, or None.
        options: What else was given.
        fields: What is particular to its kind.

    Raises:
        BadOption: Nobody is named, or something has no JSON, is too large or no option.
    """
    unknown = options.keys() - _OPTIONS.keys()
    if unknown:
        message = f"{kind}: expected {', '.join(_OPTIONS)}, got {', '.join(sorted(unknown))}"
        raise BadOption(message)
    if user_id in (None, "") and options.get("anonymous_id") in (None, ""):
        message = f'{kind}: name who it was: a user id, as in {kind}("anna", ...), or anonymous_id="..."'
        raise BadOption(message)
    when: object = options.get("timestamp") or dt.datetime.now(dt.UTC)
    if not isinstance(when, dt.datetime):
        message = f"{kind}: expected timestamp to be a datetime, got {type(when).__name__}"
        raise BadOption(message)
    said = {
        "type": kind,
        "userId": user_id,
        **{_OPTIONS[name]: value for name, value in options.items()},
        **fields,
        "messageId": options.get("message_id") or uuid.uuid4().hex,
        "timestamp": when.astimezone(dt.UTC).isoformat(timespec="microseconds"),
        "context": {"library": {"name": "sojourn-python", "version": _version()}, **(options.get("context") or {})},
    }
    try:
        body = _ENCODER.encode({name: value for name, value in said.items() if value is not None})
    except (TypeError, ValueError, RecursionError) as error:
        message = f"{kind}: this cannot be sent as JSON: {error}"
        raise BadOption(message) from error
    if len(body) > MOST_MESSAGE_BYTES:
        message = f"{kind}: expected at most {MOST_MESSAGE_BYTES:,} bytes of JSON, got {len(body):,}; send less of it"
        raise BadOption(message)
    return Message(str(said["messageId"]), body)


def _version() -> str:
    from sojourn import __version__  # noqa: PLC0415  (sojourn imports this module on demand)

    return __version__


def address_of(host: str) -> str:
    """Where batches go.

    Args:
        host: The collector's address; `http://` or `https://`, a path before `/v1` is kept.

    Raises:
        BadOption: It is no such address.
    """
    parts = urlsplit(host)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        message = f'expected host to be the collector\'s address, as in "http://127.0.0.1:8001", got {host!r}'
        raise BadOption(message)
    return host.rstrip("/") + "/v1/batch"


def first_batch(waiting: Sequence[Message], most: int) -> list[Message]:
    """The first messages that fit into one request; at least one where there is any."""
    found: list[Message] = []
    size = 0
    for message in waiting:
        size += len(message.body)
        if found and (size > _MOST_BATCH_BYTES or len(found) == most):
            break
        found.append(message)
    return found


def request_of(batch: Sequence[Message], key: str, *, compress: bool) -> tuple[bytes, dict[str, str]]:
    """Body and headers of a request. It says when it is sent, so that a wrong clock or a late try moves no event."""
    now = dt.datetime.now(dt.UTC).isoformat(timespec="microseconds").encode()
    body = b'{"batch":[' + b",".join(message.body for message in batch) + b'],"sentAt":"' + now + b'"}'
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    if compress:
        body = gzip.compress(body, 6, mtime=0)
        headers["content-encoding"] = "gzip"
    return body, headers


def judge(batch: Sequence[Message], status: int, body: bytes, retry_after: str | None, *, failures: int) -> Verdict:
    """What an answer means.

    Args:
        batch: What was sent.
        status: HTTP status; 0 when there was no answer.
        body: Its bytes.
        retry_after: The header Retry-After.
        failures: How many tries failed before, in a row.
    """
    if status in _AGAIN or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Verdict(0, wait_s=pause_s(failures, retry_after), failed=True)
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE and len(batch) > 1:
        return Verdict(0, most=len(batch) // 2)
    try:
        told = msgspec.json.decode(body)
    except msgspec.DecodeError:
        told = None
    told = told if isinstance(told, dict) else {}
    if status == HTTPStatus.OK:
        return Verdict(len(batch), _refused(batch, told))
    listed = _refused(batch, told)
    if len(listed) == len(batch):
        return Verdict(len(batch), listed)
    reason = f"HTTP {status}: {told.get('message') or 'no reason given'}"
    return Verdict(len(batch), tuple((message, reason) for message in batch))


def _refused(batch: Sequence[Message], told: Mapping[str, Any]) -> tuple[tuple[Message, str], ...]:
    rejected = told.get("rejected")
    return tuple(
        (batch[one["index"]], f"{one.get('code')}: {one.get('message')}")
        for one in (rejected if isinstance(rejected, list) else ())
        if isinstance(one, dict) and isinstance(one.get("index"), int) and 0 <= one["index"] < len(batch)
    )


def pause_s(failures: int, retry_after: str | None, *, chance: Callable[[], float] = random.random) -> float:
    """Seconds until the next try: what the server says, else twice as long each time, the half of it by chance.

    Args:
        failures: How many tries failed before.
        retry_after: Seconds, as the header says; a date there counts as nothing said.
        chance: A number from 0 to 1, so that many clients do not come back at once.
    """
    if retry_after is not None and retry_after.strip().isdigit():
        return min(float(retry_after), _MOST_RETRY_AFTER_S)
    longest = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2 ** min(failures, 16))
    return longest * (0.5 + 0.5 * chance())
