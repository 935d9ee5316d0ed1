from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import argon2
import pytest

from sojourn.records.errors import BadLogin, TooManyLogins
from sojourn.store import passwords
from sojourn.store.folder import create_folder
from sojourn.store.logins import (
    ABSOLUTE_S,
    BY_ADDRESS,
    BY_NAME,
    IDLE_S,
    WINDOW_S,
    begin_session,
    end_session,
    find_session,
    log_in,
)
from sojourn.store.users import add_user, disable_user, enable_user, set_password, set_role

if TYPE_CHECKING:
    from pathlib import Path

    from sojourn.store.folder import Folder

NOW = 1_700_000_000
GOOD, WRONG = "correct horse battery", "wrong horse battery"


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords that cost next to nothing to hash."""
    monkeypatch.setattr(passwords, "_HASHER", argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    passwords._nobody.cache_clear()


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = create_folder(tmp_path)
    add_user(made, "Anna", role="analyst", password=GOOD)
    return made


def try_login(folder: Folder, name: str = "anna", password: str = GOOD, *, address: str = "::1", at: int = 0) -> str:
    return log_in(folder, name, password, address=address, now_s=NOW + at)


def test_a_name_may_be_typed_in_any_case(folder: Folder) -> None:
    assert try_login(folder, " ANNA ") == "anna"


@pytest.mark.parametrize(
    ("name", "password"),
    [("anna", WRONG), ("ben", GOOD), ("", GOOD), ("anna", ""), ("anna", "x" * 9_999)],
)
def test_what_does_not_fit_is_refused_in_the_same_words(folder: Folder, name: str, password: str) -> None:
    with pytest.raises(BadLogin, match=r"^Name and password do not fit\.$"):
        try_login(folder, name, password)


def test_a_name_that_nobody_has_costs_as_much_as_one_that_somebody_has(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each login verifies exactly one hash of the same parameters, whoever is named: unknown, disabled, without a password."""
    seen: list[argon2.Parameters] = []

    class Counting(argon2.PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # type: ignore[override] # noqa: A002 - as it is there
            seen.append(argon2.extract_parameters(str(hash)))
            return super().verify(hash, password)

    monkeypatch.setattr(passwords, "_HASHER", Counting(time_cost=1, memory_cost=8, parallelism=1))
    add_user(folder, "ben", role="admin", password=GOOD)
    add_user(folder, "cleo", role="viewer", password=GOOD)
    add_user(folder, "dora", role="viewer")
    disable_user(folder, "cleo")
    for name in ("anna", "cleo", "dora", "nobody"):
        with pytest.raises(BadLogin):
            try_login(folder, name, WRONG)

    assert len(seen) == 4
    assert len(set(map(repr, seen))) == 1


def test_a_disabled_user_cannot_log_in_and_an_enabled_one_can(folder: Folder) -> None:
    add_user(folder, "root", role="admin")
    disable_user(folder, "anna")
    with pytest.raises(BadLogin):
        try_login(folder)

    enable_user(folder, "anna")
    assert try_login(folder) == "anna"


def test_too_many_tries_of_a_name_are_refused_until_the_first_is_a_quarter_of_an_hour_old(folder: Folder) -> None:
    for second in range(BY_NAME):
        with pytest.raises(BadLogin):
            try_login(folder, password=WRONG, address=f"10.0.0.{second}", at=second)

    with pytest.raises(TooManyLogins, match="wait 15 min"):
        try_login(folder, at=BY_NAME)
    assert try_login(folder, at=WINDOW_S + 1) == "anna"


def test_too_many_tries_from_an_address_are_refused_whatever_the_names(folder: Folder) -> None:
    for number in range(BY_ADDRESS):
        with pytest.raises(BadLogin):
            try_login(folder, f"guess{number}", address="10.0.0.1")

    with pytest.raises(TooManyLogins):
        try_login(folder, address="10.0.0.1")
    assert try_login(folder, address="10.0.0.2") == "anna"


def test_tries_are_counted_on_after_a_restart_and_name_nobody(folder: Folder) -> None:
    """They are in the file, as keyed hashes: people type passwords where their name belongs."""
    with pytest.raises(BadLogin):
        try_login(folder, "my-secret-password", address="203.0.113.9")

    with sqlite3.connect(folder.control) as control:
        assert control.execute("select count(*) from login_attempts").fetchone() == (2,)
    raw = folder.control.read_bytes()
    assert b"my-secret-password" not in raw
    assert b"203.0.113.9" not in raw


def test_a_login_that_succeeds_clears_the_tries_of_its_name(folder: Folder) -> None:
    for _ in range(3):
        for _ in range(BY_NAME - 1):
            with pytest.raises(BadLogin):
                try_login(folder, password=WRONG, address="10.0.0.1" if _ % 2 else "10.0.0.2")
        try_login(folder)


def test_a_session_ends_when_it_is_not_used_for_a_day(folder: Folder) -> None:
    token = begin_session(folder, "anna", now_s=NOW)

    assert find_session(folder, token, now_s=NOW + IDLE_S) is not None
    assert find_session(folder, token, now_s=NOW + 2 * IDLE_S) is not None
    assert find_session(folder, token, now_s=NOW + 3 * IDLE_S + 1) is None


def test_a_session_ends_two_weeks_after_the_login_however_much_it_is_used(folder: Folder) -> None:
    token = begin_session(folder, "anna", now_s=NOW)
    for second in range(0, ABSOLUTE_S + 1, IDLE_S // 2):
        assert find_session(folder, token, now_s=NOW + second) is not None

    assert find_session(folder, token, now_s=NOW + ABSOLUTE_S + 1) is None


def test_a_session_knows_the_role_its_user_has_now(folder: Folder) -> None:
    add_user(folder, "root", role="admin")
    token = begin_session(folder, "anna", now_s=NOW)
    set_role(folder, "anna", "viewer")

    found = find_session(folder, token, now_s=NOW)

    assert found is not None
    assert (found.name, found.role) == ("anna", "viewer")


def test_logging_out_disabling_and_a_new_password_end_sessions(folder: Folder) -> None:
    add_user(folder, "root", role="admin")
    one, two, three = (begin_session(folder, "anna", now_s=NOW) for _ in range(3))
    end_session(folder, one)
    assert find_session(folder, one, now_s=NOW) is None

    set_password(folder, "anna", "another password", keep=two)
    assert find_session(folder, two, now_s=NOW) is not None
    assert find_session(folder, three, now_s=NOW) is None

    disable_user(folder, "anna")
    assert find_session(folder, two, now_s=NOW) is None


def test_a_login_gets_a_token_of_its_own_and_ends_the_one_before(folder: Folder) -> None:
    """Whoever planted a token in a browser knows nothing of the one after the login."""
    before = begin_session(folder, "anna", now_s=NOW)
    after = begin_session(folder, "anna", now_s=NOW, instead_of=before)

    assert before != after
    assert find_session(folder, before, now_s=NOW) is None
    assert find_session(folder, "planted", now_s=NOW) is None


def test_no_token_and_no_password_is_kept(folder: Folder) -> None:
    token = begin_session(folder, "anna", now_s=NOW)

    raw = folder.control.read_bytes()
    assert token.encode() not in raw
    assert GOOD.encode() not in raw
    assert b"$argon2id$" in raw
