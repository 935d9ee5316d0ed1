from __future__ import annotations

from typing import TYPE_CHECKING

from sojourn.app.live import worker_of
from sojourn.store.log import Log
from sojourn.store.state import State
from sojourn.store.worker_lag import records_after, worker_lag
from tests.store.log_events import events
from tests.store.rows import Row, batch, store

if TYPE_CHECKING:
    from sojourn.store.folder import Folder


def test_places_of_an_import_wait_until_it_took_effect_and_no_longer(folder: Folder) -> None:
    """Three events are collected, two imported, one collected."""
    log = Log(folder)
    log.append(events(0, 3))
    with State(folder) as state:
        assert worker_lag(log, state) == 3

    with worker_of(folder) as worker:
        worker.catch_up()
        assert worker.lag() == 0
        store(folder, batch([Row(user="anna"), Row(user="ben", second=60)]))
        assert (log.last_seq(), worker.lag()) == (4, 2)
        log.append(events(3, 4))
        assert (worker.lag(), records_after(log, 2), records_after(log, -1)) == (3, 1, 4)
        worker.catch_up()
        assert worker.lag() == 0
