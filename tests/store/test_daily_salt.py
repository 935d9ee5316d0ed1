"""The salt of daily pseudonyms is the same for a day in every process, then gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sojourn.store.daily_salt import DailySalt

if TYPE_CHECKING:
    from sojourn.store.folder import Folder

NOON = 1_700_049_600_000_000  # 2023-11-15T12:00:00Z
DAY = 86_400_000_000


def test_it_lasts_for_a_day_in_every_process(folder: Folder) -> None:
    first, second = DailySalt(folder), DailySalt(folder)

    assert first(NOON) == second(NOON + DAY // 3) == DailySalt(folder)(NOON)
    assert len(first(NOON)) == 32


def test_the_next_day_has_another_and_the_old_one_is_gone(folder: Folder) -> None:
    salt = DailySalt(folder)
    old = salt(NOON)

    assert salt(NOON + DAY) != old
    assert [path.name for path in folder.path.glob("*salt*")] == ["daily-salt-2023-11-16"]
    assert not [path for path in folder.path.rglob("*") if path.is_file() and old in path.read_bytes()]


def test_a_clock_set_back_does_not_bring_an_old_day_back(folder: Folder) -> None:
    salt = DailySalt(folder)
    today = salt(NOON)

    assert salt(NOON - DAY) == today


def test_only_its_owner_may_read_it(folder: Folder) -> None:
    DailySalt(folder)(NOON)

    assert (folder.path / "daily-salt-2023-11-15").stat().st_mode & 0o077 == 0
