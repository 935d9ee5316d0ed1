from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from sojourn.records.errors import BadOption, UnknownUser
from sojourn.store.folder import create_folder
from sojourn.store.users import (
    LINK_S,
    add_user,
    disable_user,
    find_link,
    list_users,
    make_link,
    set_role,
    use_link,
)

if TYPE_CHECKING:
    from pathlib import Path

    from sojourn.store.folder import Folder

NOW = 1_700_000_000
GOOD = "correct horse battery"


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return create_folder(tmp_path)


def test_the_first_link_makes_the_first_admin_and_works_once(folder: Folder) -> None:
    token = make_link(folder, None, now_s=NOW)
    about = find_link(folder, token, now_s=NOW)
    assert about is not None
    assert about.name is None

    user = use_link(folder, token, now_s=NOW, name="Anna", password=GOOD)

    assert user is not None
    assert (user.name, user.role) == ("anna", "admin")
    assert use_link(folder, token, now_s=NOW, name="Mallory", password=GOOD) is None
    assert [one.name for one in list_users(folder)] == ["anna"]


def test_a_link_runs_out_after_an_hour(folder: Folder) -> None:
    token = make_link(folder, None, now_s=NOW)

    assert find_link(folder, token, now_s=NOW + LINK_S - 1) is not None
    assert find_link(folder, token, now_s=NOW + LINK_S) is None
    assert use_link(folder, token, now_s=NOW + LINK_S, name="anna", password=GOOD) is None


def test_of_two_who_use_a_link_at_once_one_has_it(folder: Folder) -> None:
    add_user(folder, "anna", role="admin", password=GOOD)
    token = make_link(folder, "anna", now_s=NOW)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: use_link(folder, token, now_s=NOW), range(4)))

    assert sum(one is not None for one in found) == 1


def test_a_newer_link_ends_the_one_before(folder: Folder) -> None:
    old = make_link(folder, None, now_s=NOW)
    new = make_link(folder, None, now_s=NOW)

    assert find_link(folder, old, now_s=NOW) is None
    assert find_link(folder, new, now_s=NOW) is not None


@pytest.mark.parametrize(("name", "password"), [("", GOOD), ("anna", "short"), ("anna", None), ("a\nb", GOOD)])
def test_a_link_that_was_used_wrongly_works_again(folder: Folder, name: str, password: str | None) -> None:
    token = make_link(folder, None, now_s=NOW)
    with pytest.raises(BadOption):
        use_link(folder, token, now_s=NOW, name=name, password=password)

    assert use_link(folder, token, now_s=NOW, name="anna", password=GOOD) is not None


def test_there_is_no_link_for_a_first_admin_where_there_are_users(folder: Folder) -> None:
    token = make_link(folder, None, now_s=NOW)
    add_user(folder, "anna", role="admin")

    assert use_link(folder, token, now_s=NOW, name="mallory", password=GOOD) is None
    with pytest.raises(BadOption, match="users already"):
        make_link(folder, None, now_s=NOW)


def test_a_disabled_user_has_no_link(folder: Folder) -> None:
    add_user(folder, "root", role="admin")
    add_user(folder, "anna", role="viewer")
    token = make_link(folder, "anna", now_s=NOW)
    disable_user(folder, "anna")

    assert find_link(folder, token, now_s=NOW) is None
    with pytest.raises(BadOption, match="disabled"):
        make_link(folder, "anna", now_s=NOW)


def test_the_last_admin_stays(folder: Folder) -> None:
    add_user(folder, "anna", role="admin")
    add_user(folder, "ben", role="viewer")

    with pytest.raises(BadOption, match="last admin"):
        set_role(folder, "anna", "viewer")
    with pytest.raises(BadOption, match="last admin"):
        disable_user(folder, "anna")
    assert [(one.name, one.role, one.disabled_at) for one in list_users(folder)] == [
        ("anna", "admin", None),
        ("ben", "viewer", None),
    ]


def test_names_are_one_whatever_their_case_and_accents(folder: Folder) -> None:
    add_user(folder, "Zoë", role="viewer")

    with pytest.raises(BadOption, match="already"):
        add_user(folder, "zoe\u0308", role="viewer")
    with pytest.raises(UnknownUser):
        set_role(folder, "zoe", "admin")


@pytest.mark.parametrize("role", ["", "root", "Admin"])
def test_a_role_is_one_of_four(folder: Folder, role: str) -> None:
    with pytest.raises(BadOption, match="viewer, analyst, marketer, admin"):
        add_user(folder, "anna", role=role)
