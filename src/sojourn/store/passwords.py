"""Passwords as they are kept: argon2id, each with its own salt.

In: a password. Out: its hash, or whether it fits one. Never keeps a password.
"""

from __future__ import annotations

import threading
from functools import cache

import argon2

from sojourn.records.errors import BadOption

SHORTEST, LONGEST = 10, 200
"""Characters of a password; more would only cost time to hash."""
_HASHER = argon2.PasswordHasher()
_AT_ONCE = threading.BoundedSemaphore(2)
"""Each takes 64 MB and a tenth of a second: many logins at once wait for each other instead of filling the memory."""


def hash_password(password: str) -> str:
    """The hash, with its salt and parameters.

    Raises:
        BadOption: It is too short or too long.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        message = f"expected a password of {SHORTEST} to {LONGEST} characters, got {len(password)}"
        raise BadOption(message)
    with _AT_ONCE:
        return _HASHER.hash(password)


def fits(hashed: str | None, password: str) -> bool:
    """Whether a password is the one of a hash; as slow without a hash, so that its time tells nobody who exists."""
    nobody = _nobody()
    with _AT_ONCE:
        try:
            _HASHER.verify(hashed or nobody, password[:LONGEST])
        except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
            return False
    return hashed is not None and len(password) <= LONGEST


def is_weaker(hashed: str) -> bool:
    """Whether a hash was made with parameters of before, and should be made anew."""
    return _HASHER.check_needs_rehash(hashed)


@cache
def _nobody() -> str:
    """A hash that no password of ours has: of no characters."""
    return _HASHER.hash("")
