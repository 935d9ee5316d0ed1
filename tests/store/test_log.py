"""The durable log: every accepted event once, in the order of its arrival, whoever appends and whatever fails."""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.records.errors import FolderBusy
from sojourn.records.event import event_key
from sojourn.store import log_files, log_start
from sojourn.store.folder import Folder, create_folder
from sojourn.store.log import Log, open_log
from tests.store.log_events import event, events
from tests.store.rows import Row, batch, passing_folder, store

if TYPE_CHECKING:
    from pathlib import Path

NOON = 1_704_110_400
"""2024-01-01 12:00 UTC."""
DAY_S = 86_400


class Clock:
    """Noon of the first day of 2024, and what a test adds."""

    def __init__(self) -> None:
        self.seconds = float(NOON)

    def __call__(self) -> float:
        return self.seconds


def ids(log: Log, after: int = -1) -> list[tuple[int, str]]:
    return [(seq, found.message_id) for seq, found in log.read(after)]


def test_events_come_back_in_the_order_they_came(folder: Folder) -> None:
    log, sent = Log(folder), events(0, 30)

    assert log.append(sent[:20]).seqs == list(range(20))
    assert log.append(sent[20:]).seqs == list(range(20, 30))

    assert log.read(-1) == list(enumerate(sent))
    assert log.read(17, 5) == list(enumerate(sent))[18:23]
    assert (log.first_seq(), log.last_seq()) == (0, 29)
    assert log.read(29) == []


def test_a_new_log_holds_nothing(folder: Folder) -> None:
    assert open_log(folder) is None
    log = Log(folder)

    assert (log.read(-1), log.last_seq(), log.first_seq()) == ([], -1, 0)
    assert log.append([]).seqs == []
    assert open_log(folder) is not None


def test_a_second_event_of_an_id_is_a_duplicate_and_the_first_one_stays(folder: Folder) -> None:
    log = Log(folder)
    log.append([event("a", second=1), event("b")])

    appended = log.append([event("c"), event("a", second=2), event("c"), event("a", source="app")])

    assert appended.seqs == [2, 0, 2, 3]
    assert appended.fresh == [True, False, False, True]
    assert next(found.time for _, found in log.read(-1)) == event("a", second=1).time
    assert ids(log) == [(0, "a"), (1, "b"), (2, "c"), (3, "a")]


@given(st.lists(st.lists(st.integers(0, 12), max_size=6), max_size=8), st.lists(st.integers(0, 2), max_size=8))
def test_any_batches_over_any_days_keep_the_first_of_each_id(batches: list[list[int]], steps: list[int]) -> None:
    """Beside a plain dictionary: what each append says, and what is read at the end; ids are moved and days dropped meanwhile."""
    clock = Clock()
    with passing_folder() as place:
        log, expected = Log(place, now=clock), dict[int, int]()
        for n, numbers in enumerate(batches):
            appended = log.append([event(f"m{number}") for number in numbers])
            fresh = []
            for number in numbers:
                fresh.append(number not in expected)
                expected.setdefault(number, len(expected))
            assert appended.seqs == [expected[number] for number in numbers]
            assert appended.fresh == fresh
            step = steps[n] if n < len(steps) else 0
            clock.seconds += DAY_S if step else 0
            if step == 2:
                log.move_ids()
        assert ids(log) == [(seq, f"m{number}") for number, seq in expected.items()]


def test_each_day_has_an_environment_of_its_own(folder: Folder) -> None:
    clock = Clock()
    log = Log(folder, now=clock)
    log.append(events(0, 3))
    clock.seconds += 2 * DAY_S
    log.append(events(3, 5))
    clock.seconds -= DAY_S
    log.append(events(5, 6))

    assert [(day.name, day.first) for day in log.days()] == [("2024-01-01", 0), ("2024-01-03", 3)]
    assert ids(log, 1) == [(n, f"m{n}") for n in range(2, 6)]


def test_an_id_is_known_after_its_day_was_dropped(folder: Folder) -> None:
    """A replay after the records have gone adds nothing."""
    clock = Clock()
    log = Log(folder, now=clock)
    log.append(events(0, 5))
    clock.seconds += DAY_S
    log.append(events(5, 8))

    assert log.drop_days(7, before="2024-01-02") == [], "its ids are not in the long memory yet"
    assert log.move_ids() == 5
    assert log.drop_days(3, before="2024-01-02") == [], "a reader has not passed place 4"
    assert log.drop_days(7, before="2024-01-01") == [], "it is to be kept"
    assert log.drop_days(7, before="2024-01-03") == ["2024-01-01"], "and never the day that is written"

    assert ids(log) == [(5, "m5"), (6, "m6"), (7, "m7")]
    assert log.append(events(0, 9)).fresh == [False] * 8 + [True]
    assert not (log.path / "2024-01-01").exists()
    assert log.first_seq() == 5


def test_ids_are_forgotten_after_their_time(folder: Folder) -> None:
    clock = Clock()
    log = Log(folder, now=clock)
    log.append(events(0, 500))
    clock.seconds += DAY_S
    log.append(events(500, 600))
    clock.seconds += DAY_S
    log.append(events(600, 601))
    log.move_ids()
    first_day = NOON // DAY_S

    assert log.ids.count() == 600
    assert log.ids.forget(first_day) == b""
    assert log.ids.count() == 600
    assert log.ids.forget(first_day + 1) == b""
    assert log.ids.count() == 100
    log.drop_days(600, before="2024-01-03")
    assert sum(log.append(events(0, 601)).fresh) == 500


def test_places_go_on_after_those_of_the_events_table(folder: Folder) -> None:
    """Imports from before the log: their places stay theirs, and an id they brought does not come in again."""
    rows = [Row(anonymous="device", second=n, message_id=f"m{n}" if n % 2 else None) for n in range(10)]
    store(folder, batch(rows), source="web")

    log = Log(folder)
    appended = log.append(events(0, 10))

    assert log.ids.count() == 5
    assert appended.fresh == [n % 2 == 0 for n in range(10)]
    assert appended.seqs == [10, 1, 11, 3, 12, 5, 13, 7, 14, 9]


def test_a_log_does_not_begin_while_somebody_writes_to_the_table(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_start, "_WAIT_S", 0.1)
    with folder.writing(), pytest.raises(FolderBusy):
        Log(folder)

    assert Log(folder).last_seq() == -1


def test_what_a_start_left_that_was_killed_is_made_anew(folder: Folder) -> None:
    (folder.path / "log" / "ids").mkdir(parents=True)
    (folder.path / "log" / "ids" / "data.mdb").write_bytes(b"half")

    assert Log(folder).append(events(0, 2)).seqs == [0, 1]


def test_a_range_of_an_import_is_left_out_by_appends(folder: Folder) -> None:
    log = Log(folder)
    log.append(events(0, 3))

    assert log.reserve(1000) == 3
    assert log.append(events(3, 5)).seqs == [1003, 1004]
    assert log.read(1) == [(2, events(2, 3)[0]), *zip([1003, 1004], events(3, 5), strict=True)]


def keys(first: int, last: int) -> list[bytes]:
    return [event_key("web", f"m{n}") for n in range(first, last)]


def test_an_import_is_told_which_ids_the_log_holds_and_its_own_are_held_from_then_on(folder: Folder) -> None:
    log = Log(folder)
    log.append(events(0, 3))
    first = log.reserve(5)

    assert log.claim(keys(1, 6), range(first, first + 5)) == [1, 2, -1, -1, -1]
    log.settle(first, stored=True)

    assert log.append(events(0, 7)).seqs == [0, 1, 2, 5, 6, 7, 8]


def test_a_claim_of_an_import_that_never_stored_its_events_keeps_nobody_out(folder: Folder) -> None:
    """And while nobody knows yet, the event is kept, with a note of whose place it has if that import was stored after all."""
    log = Log(folder)
    first = log.reserve(2)
    log.claim(keys(0, 2), [first, first + 1])

    assert log.append(events(0, 1)).fresh == [True]
    assert log.doubts(-1) == {2: 0}
    log.settle(first, stored=False)

    assert log.append(events(0, 2)).fresh == [False, True]
    assert log.doubts(-1) == {2: 0}


def test_threads_append_at_the_same_time(folder: Folder) -> None:
    log, counted = Log(folder), list[int]()

    def work(first: int) -> None:
        for n in range(first, first + 40, 4):
            counted.append(sum(log.append(events(n, n + 8)).fresh))

    threads = [threading.Thread(target=work, args=(first,)) for first in (0, 20, 40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(counted) == 84
    assert sorted(name for _, name in ids(log)) == sorted(f"m{n}" for n in range(84))
    assert [seq for seq, _ in ids(log)] == list(range(84))


_APPENDER = """
import sys
from pathlib import Path
from sojourn.store.folder import open_folder
from sojourn.store.log import Log
from tests.store.log_events import events
log = Log(open_folder(Path(sys.argv[1])))
first, last = int(sys.argv[2]), int(sys.argv[3])
fresh = 0
for n in range(first, last, 10):
    fresh += sum(log.append(events(n, n + 15)).fresh)
assert not {"numpy", "numba", "pyarrow", "duckdb", "deltalake"} & set(sys.modules), "the collector loads none of these"
print(fresh)
"""


def test_processes_append_at_the_same_time_and_each_id_is_fresh_for_one_of_them(folder: Folder, root: Path) -> None:
    started = [
        subprocess.Popen(
            [sys.executable, "-c", _APPENDER, folder.path, str(first), str(first + 300)],
            stdout=subprocess.PIPE, text=True, cwd=root,
        )
        for first in (0, 100, 200)
    ]  # fmt: skip
    fresh = [int(process.communicate()[0]) for process in started]

    log = Log(folder)
    assert sum(fresh) == 505
    assert sorted(name for _, name in ids(log)) == sorted(f"m{n}" for n in range(505))
    assert [seq for seq, _ in ids(log)] == list(range(505))


def test_the_map_grows_before_it_is_full_and_other_processes_follow(folder: Folder, root: Path) -> None:
    """It begins at 64 MiB; another process fills it to more, and this one goes on where it stopped."""
    log = Log(folder)
    log.append(events(0, 3))
    first = log._open(log.days()[-1]).size()
    code = """
import sys
from pathlib import Path
from sojourn.store.folder import open_folder
from sojourn.store.log import Log
from tests.store.log_events import event
log = Log(open_folder(Path(sys.argv[1])))
for n in range(20):
    log.append([event(f"large{n}-{m}", properties={"text": "x" * 30000}) for m in range(150)])
"""
    subprocess.run([sys.executable, "-c", code, folder.path], check=True, cwd=root)

    assert log.last_seq() == 3002
    assert log.append(events(3, 5)).seqs == [3003, 3004]
    assert len(log.read(1000, 5000)) == 2004
    assert log._open(log.days()[-1]).size() > first == 1 << 26


def test_a_process_that_forks_opens_the_log_anew(folder: Folder) -> None:
    import os

    log = Log(folder)
    log.append(events(0, 3))
    child = os.fork()
    if not child:
        again = Log(folder)
        os._exit(0 if again.append(events(2, 5)).seqs == [2, 3, 4] else 1)

    assert os.waitpid(child, 0)[1] == 0
    assert log.append(events(5, 6)).seqs == [5]


def test_environments_of_a_log_are_opened_once_a_process(tmp_path: Path) -> None:
    """LMDB's locks do not bear a second handle: two logs of one folder share theirs."""
    folder = create_folder(tmp_path / "data")
    one, other = Log(folder), Log(folder)
    one.append(events(0, 2))

    assert other.append(events(1, 3)).fresh == [False, True]
    assert one.ids.env is other.ids.env
    with pytest.raises(FileNotFoundError):
        log_files.environment(folder.path / "log" / "1999-01-01", ["records"])
