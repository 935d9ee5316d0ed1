"""Imports in the background: done, cancelled, failed, ended from outside; and what is left of the uploaded file."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sojourn.api import imports
from sojourn.app import import_jobs
from sojourn.app.import_jobs import ImportJobs, run
from sojourn.records.errors import BadFile, BadOption, BodyTooLarge, FolderBusy
from sojourn.store.audit import audit_log
from sojourn.store.erasure import erase
from sojourn.store.events import EventsTable
from sojourn.store.folder import create_folder
from sojourn.store.import_jobs import doing, find_job, safe_name

if TYPE_CHECKING:
    from sojourn.api.imports import ImportJob
    from sojourn.store.folder import Folder

LOG = b"who,when,what\nanna,2024-05-01 10:00,view\nanna,2024-05-01 10:05,buy\n,2024-05-01 10:06,buy\n"
ASKED = {"person": ["who"], "event": ["what"], "source": ["till"]}


class Nobody:
    """Begins nothing: the test does the job itself."""

    def start(self, _job: str) -> None:
        pass


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return create_folder(tmp_path / "data")


def uploaded(folder: Folder, content: bytes = LOG, name: str = "log.csv") -> ImportJob:
    upload = imports.Upload(folder, name, who="eve")
    upload.write(content)
    return upload.finish()


def started(folder: Folder, content: bytes = LOG, asked: dict[str, list[str]] | None = None) -> ImportJob:
    job = uploaded(folder, content)
    imports.start(folder, job, asked or ASKED, runs=Nobody(), who="eve")
    return job


def test_a_job_imports_its_file_and_deletes_the_copy(folder: Folder) -> None:
    job = started(folder)

    state = run(folder, job.id)

    assert (state.status, state.counts["imported"], state.counts["rejected"]) == ("done", 2, 1)
    assert state.finished_at
    assert any("time: when" in line for line in state.guesses)
    assert not Path(job.path).exists()
    [done] = imports.done(folder)
    assert (done.file, done.source, done.imported) == ("log.csv", "till", 2)
    assert [line.what for line in audit_log(folder)] == ["started an import", "uploaded a file"]


def test_a_cancelled_job_stores_nothing_and_can_begin_again(folder: Folder) -> None:
    job = started(folder)
    imports.cancel(folder, job, who="eve")

    assert run(folder, job.id).status == "cancelled"
    assert not EventsTable(folder.events).read().rows
    assert Path(job.path).exists()

    imports.start(folder, job, ASKED, runs=Nobody(), who="eve")
    assert run(folder, job.id).status == "done"


def test_a_job_is_cancelled_between_two_pieces_of_the_file(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    job = started(folder)
    monkeypatch.setattr(import_jobs, "_TELL_S", 0.0)
    told: list[str] = []

    def ask(_folder: Folder, _job: str) -> bool:
        told.append(find_job(folder, job.id)[1].what)
        return len(told) > 1

    monkeypatch.setattr("sojourn.store.import_jobs.is_cancelled", ask)
    assert run(folder, job.id).status == "cancelled"
    assert not EventsTable(folder.events).read().rows


def test_a_file_that_is_no_log_fails_with_the_reason(folder: Folder) -> None:
    state = run(folder, started(folder, b"a,b\n1,2\n", {"source": ["till"]}).id)

    assert state.status == "failed"
    assert "person" in state.error


def test_a_job_runs_once_at_a_time(folder: Folder) -> None:
    job = started(folder)
    with doing(folder, job.id):
        with pytest.raises(FolderBusy):
            run(folder, job.id)
        with pytest.raises(FolderBusy):
            imports.start(folder, job, ASKED, runs=Nobody(), who="eve")
        with pytest.raises(FolderBusy):
            imports.throw_away(folder, job, who="eve")
    imports.throw_away(folder, job, who="eve")
    with pytest.raises(BadOption):
        imports.find(folder, job.id)


def test_a_job_whose_process_was_killed_says_so(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    job = started(folder)
    assert imports.find(folder, job.id)[1].status == "waiting"

    monkeypatch.setattr("sojourn.store.import_jobs._STARTING_S", -1.0)
    state = imports.find(folder, job.id)[1]
    assert (state.status, "start it again" in state.error) == ("failed", True)


def test_an_erasure_takes_uploads_with_it(folder: Folder) -> None:
    done, draft = started(folder), uploaded(folder)
    run(folder, done.id)
    busy = started(folder)
    with doing(folder, busy.id):
        erase(folder, "anna")

    assert {job.id for job, _ in imports.listed(folder)} == {done.id, busy.id}
    assert not Path(draft.path).exists()
    assert Path(busy.path).exists()
    assert run(folder, busy.id).counts["rejected"] == 3, "anna's two rows are refused"


def test_an_upload_has_a_limit_and_leaves_nothing_behind(folder: Folder) -> None:
    upload = imports.Upload(folder, "log.csv", who="eve", most=10)
    upload.write(b"0123456789")
    with pytest.raises(BodyTooLarge, match="incoming"):
        upload.write(b"!")
    upload.give_up()
    with pytest.raises(BadOption, match="not empty"):
        imports.Upload(folder, "log.csv", who="eve").finish()

    assert list((folder.path / "imports").iterdir()) == []
    assert imports.listed(folder) == []


def test_only_files_of_the_folder_incoming_are_taken(folder: Folder) -> None:
    (folder.path / "incoming" / "may").mkdir(parents=True)
    (folder.path / "incoming" / "may" / "log.csv").write_bytes(LOG)
    (folder.path / "incoming" / "out").symlink_to("/etc")

    assert [(one.name, one.bytes) for one in imports.waiting_files(folder)] == [("may/log.csv", len(LOG))]
    for name in ("../folder.json", "/etc/passwd", "out/passwd", "nothing", ""):
        with pytest.raises(BadFile):
            imports.take_waiting(folder, name, who="eve")
    job = imports.take_waiting(folder, "may/log.csv", who="eve")
    imports.start(folder, job, ASKED, runs=Nobody(), who="eve")
    assert run(folder, job.id).status == "done"
    assert Path(job.path).exists(), "it is not ours to delete"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("log.csv", "log.csv"),
        ("../../etc/passwd", "passwd"),
        (r"C:\logs\a b.csv", "a b.csv"),
        ("", "upload"),
        ("<x>.csv", "_x_.csv"),
    ],
)
def test_names_of_files_are_harmless(sent: str, kept: str) -> None:
    assert safe_name(sent) == kept


@pytest.mark.long
def test_a_job_runs_in_a_process_of_its_own(folder: Folder) -> None:
    """To its end; and ended with the console, so that it can begin again."""
    runs = ImportJobs(folder)
    first = uploaded(folder)
    imports.start(folder, first, ASKED, runs=runs, who="eve")
    end = time.monotonic() + 120
    while not (state := imports.find(folder, first.id)[1]).is_over and time.monotonic() < end:
        time.sleep(0.05)
    assert state.status == "done"

    rows = b"".join(b"p%d,2024-05-01 10:%02d,view\n" % (n, n % 60) for n in range(1_000_000))
    second = uploaded(folder, b"who,when,what\n" + rows)
    imports.start(folder, second, ASKED, runs=runs, who="eve")
    while imports.find(folder, second.id)[1].status != "running" and time.monotonic() < end:
        time.sleep(0.02)
    runs.close()
    state = imports.find(folder, second.id)[1]
    assert state.status == "cancelled"
    assert "console ended" in state.error
    assert EventsTable(folder.events).read().rows == 2
