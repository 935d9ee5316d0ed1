"""A running worker follows the catalogue that somebody saves beside it."""

from __future__ import annotations

import shutil
import threading
from typing import TYPE_CHECKING

import pytest

from sojourn.app import live
from sojourn.app.live import CatalogueWatch, fold_rules, worker_of
from sojourn.records.event import Event
from sojourn.signals.catalogue import Catalogue
from sojourn.signals.default_catalogues import path_of
from sojourn.store.folder import create_folder
from sojourn.store.log import Log
from sojourn.store.state import State

if TYPE_CHECKING:
    from pathlib import Path

    from sojourn.store.folder import Folder


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    monkeypatch.setattr(live, "_WATCH_S", 0.0)
    made = create_folder(tmp_path / "data")
    shutil.copy(path_of("shop"), made.path / Catalogue.FILE)
    return made


def test_a_catalogue_that_was_only_touched_is_the_same(folder: Folder) -> None:
    watch = CatalogueWatch(folder, fold_rules(folder).program.catalogue)

    assert not watch.changed()
    (folder.path / Catalogue.FILE).touch()
    assert not watch.changed()


def test_another_catalogue_is_noticed_and_a_broken_one_is_not_followed(folder: Folder) -> None:
    watch = CatalogueWatch(folder, fold_rules(folder).program.catalogue)

    (folder.path / Catalogue.FILE).write_text("signals: [")
    assert not watch.changed()
    (folder.path / Catalogue.FILE).unlink()
    assert not watch.changed()
    shutil.copy(path_of("software"), folder.path / Catalogue.FILE)
    assert watch.changed()


def test_a_worker_ends_at_another_catalogue_and_the_next_one_folds_everything_by_it(folder: Folder) -> None:
    Log(folder).append([Event("shop", "m1", "track", "Product Viewed", 1, 1, user_id="anna")])

    with worker_of(folder) as worker:
        worker.catch_up()
        shutil.copy(path_of("software"), folder.path / Catalogue.FILE)
        worker.run(threading.Event(), outdated=CatalogueWatch(folder, worker.catalogue).changed)
    with State(folder) as state:
        assert state.cursor() == 0
    with worker_of(folder) as worker:
        assert worker.catalogue == fold_rules(folder).program.catalogue
        assert worker.catch_up() == 1


_SEGMENTS = """
signals:
  - {{name: views, kind: behavioral, says: looks, pattern: count, of: view}}
segments:
  - {{name: {name}, says: looked, where: signal.views >= {least}}}
"""


def test_other_segments_over_the_same_signals_are_asked_of_everybody_and_nothing_is_folded_again(
    folder: Folder,
) -> None:
    """Anna looks twice, ben once: both look, anna alone is keen."""
    own = folder.path / Catalogue.FILE
    own.write_text(_SEGMENTS.format(name="lookers", least=1))
    Log(folder).append(
        [Event("shop", f"m{n}", "track", "view", 1, 1, user_id=who) for n, who in enumerate(("anna", "anna", "ben"))]
    )
    with worker_of(folder) as worker, State(folder) as state:
        worker.catch_up()
        assert state.segment_sizes() == {"lookers": 2}
        watch = CatalogueWatch(folder, worker.catalogue)
        own.write_text(_SEGMENTS.format(name="keen", least=2))
        assert watch.changed()

    with worker_of(folder) as worker, State(folder) as state:
        assert (state.cursor(), worker.catch_up() > 0) == (2, True)
        assert state.segment_sizes() == {"keen": 1}
        moves = [(move.label, move.segment, move.entered) for _, move in state.moves(2)]
        assert sorted(moves) == [("anna", "keen", True), ("anna", "lookers", False), ("ben", "lookers", False)]
        assert worker.catch_up() == 0
    with worker_of(folder) as worker:
        assert worker.catch_up() == 0
