from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from sojourn.app import warming

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_a_second_process_waits_for_the_one_that_compiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "cache"))
    said: list[str] = []
    done = threading.Event()

    def second() -> None:
        with warming._alone(said.append):
            done.set()

    with warming._alone(said.append):
        waiting = threading.Thread(target=second)
        waiting.start()
        while not said:
            assert not done.wait(0.01)
        assert not done.is_set()
    waiting.join(10)

    assert (said, done.is_set()) == (["another process compiles; waiting for it"], True)


def test_who_waited_compiles_nothing_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    warming._marker().touch()
    said: list[str] = []
    warming.warm(said.append)

    assert said == []
