from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sojourn.records.errors import BadOption
from sojourn.store.folder import create_folder
from sojourn.store.settings import Settings, read_settings, save_settings

if TYPE_CHECKING:
    from pathlib import Path


def test_what_nobody_decided_has_its_default(tmp_path: Path) -> None:
    assert read_settings(create_folder(tmp_path)) == Settings("UTC", "30m", None, None, None)


def test_settings_are_kept_and_only_what_differs_is_told(tmp_path: Path) -> None:
    folder = create_folder(tmp_path)
    berlin = Settings("Europe/Berlin", "1h", "EUR", "purchase", 90)

    assert save_settings(folder, Settings("Europe/Berlin")) == {"time_zone": "Europe/Berlin"}
    assert set(save_settings(folder, berlin)) == {"session_gap", "currency", "goal", "rejected_days"}
    assert read_settings(folder) == berlin
    assert save_settings(folder, Settings()) != {}
    assert read_settings(folder) == Settings()


@pytest.mark.parametrize(
    "wrong",
    [{"time_zone": "Mars/Olympus"}, {"session_gap": "soon"}, {"currency": "eur"}, {"goal": ""}, {"rejected_days": 0}],
)
def test_what_a_setting_does_not_accept_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(BadOption):
        Settings(**wrong)
