"""Who followed which link of a message, kept for as long as a token shows anything.

In: a data folder; a token's name, its message, a device. Out: what is known before a click: `identify.click_token.Seen`.
Several processes may write. It holds no recipient, and of a device its number only.
"""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING

from sojourn.identify.actor_number import actor_number
from sojourn.identify.click_token import LIFE_US, Seen, Token
from sojourn.identify.link import ANONYMOUS
from sojourn.store.durable import clear_errors
from sojourn.store.sqlite import database, overwrite_residue, queries

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sojourn.store.folder import Folder

_DAY_US = 86_400_000_000
_FILE = "clicks.sqlite"
_OF_A_USER = "select 1 from links where (one = ? and kind & 32) or (other = ? and kind & 16) limit 1"
"""Whether the other end of one of an actor's links is a user."""


def forget_clicks(folder: Folder, actors: Iterable[int]) -> None:
    """Forget which tokens erased devices came with, bytes included."""
    path = folder.path / _FILE
    if path.exists():
        with database(path, "clicks") as connection:
            queries("clicks").forget_device(connection, [{"actor": actor} for actor in actors])
        overwrite_residue(path)


class Clicks:
    """Visits to signed links of a data folder."""

    def __init__(self, folder: Folder) -> None:
        """Begin; the file is made with the first visit."""
        self._folder = folder
        self._path = folder.path / _FILE
        self._forgot = 0

    def visit(self, token: Token, time: int) -> list[int]:
        """Keep that a link was followed.

        Args:
            token: Of the link.
            time: When, microseconds UTC.

        Returns:
            Times of earlier visits to links of the same message.

        Raises:
            StorageFull: The disk is full.
        """
        with self._opened() as connection:
            known = queries("clicks")
            times = [at for _, at in known.clicks_of(connection, message=token.message)]
            known.add_click(connection, message=token.message, token=token.id, time=time)
            if time - self._forgot > _DAY_US:
                self._forgot = time
                known.forget_clicks(connection, before=time - LIFE_US - _DAY_US)
                known.forget_devices(connection, before=time - LIFE_US - _DAY_US)
        return times

    def seen(self, token: Token, device: str, time: int) -> tuple[Seen, int]:
        """What is known of a token when a device comes to the site with it.

        Args:
            token: Of the link.
            device: Anonymous id of the browser.
            time: When it came, microseconds UTC.

        Returns:
            What is known; and when the link was followed, as far as that was seen, else `time`.
        """
        number = self._number(device)
        with self._opened() as connection:
            visits = list(queries("clicks").clicks_of(connection, message=token.message))
            first = queries("clicks").device_of(connection, token=token.id)
        mine = max((at for one, at in visits if one == token.id), default=None)
        others = [at for one, at in visits if (one, at) != (token.id, mine)]
        # Only whether it is the same device matters, so its number need not be undone.
        named = None if first is None else device if first == number else f"{first}"
        return Seen(named, self._has_user(number), others), time if mine is None else mine

    def take(self, token: Token, device: str, time: int) -> None:
        """The device is the first that came with the token, unless another was."""
        with self._opened() as connection:
            queries("clicks").take_device(connection, token=token.id, device=self._number(device), time=time)

    @contextlib.contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        with clear_errors(self._folder.path, "a click was not kept"), database(self._path, "clicks") as connection:
            yield connection

    def _number(self, device: str) -> int:
        return actor_number(self._folder.secret, ANONYMOUS, device)

    def _has_user(self, number: int) -> bool:
        """Whether a user was ever seen on the device, as far as the worker has come."""
        state = self._folder.path / "state.sqlite"
        if not state.exists():
            return False
        with contextlib.closing(sqlite3.connect(f"{state.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            try:
                return connection.execute(_OF_A_USER, (number, number)).fetchone() is not None
            except sqlite3.OperationalError:
                # The worker is making the file this moment: then nobody was seen.
                return False
