"""Data and Start: what each role sees and may do, forms that lead on, and nothing that customers wrote becomes markup."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from tests.api.test_live_events import event
from tests.console.visitors import token_in, user

from sojourn.api import imports
from sojourn.records.rejected import Reason, Rejected
from sojourn.store.audit import audit_log
from sojourn.store.held import Held, held, hold, waiting
from sojourn.store.log import Log
from sojourn.store.quarantine import keep_rejected
from sojourn.store.running import note_restart
from sojourn.store.sources import create_key, find_source, list_keys
from sojourn.store.state import Changes, Move, State

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from sojourn.console.asked import Backing
    from sojourn.store.folder import Folder

EVIL = '"><script>alert(1)</script>'
PAGES = ("/data", "/data/sources", "/data/rejected", "/data/imports", "/start", "/start/waiting?source=web", "/live")
LOG = b"user_id,when,what,note\nanna,2024-05-01 10:00,view,<img src=x onerror=alert(1)>\nben,2024-05-01 10:05,buy,\n"


class Begun:
    """Who was asked to begin a job."""

    def __init__(self) -> None:
        self.jobs: list[str] = []

    def start(self, job: str) -> None:
        self.jobs.append(job)


@pytest.fixture
def begun() -> Begun:
    return Begun()


@pytest.fixture
def admin(empty: Backing, begun: Begun) -> TestClient:
    return user(with_imports(empty, begun))


@pytest.fixture
def folder(empty: Backing) -> Folder:
    return empty.history.folder


def with_imports(backing: Backing, begun: Begun) -> Backing:
    return type(backing)(backing.history, backing.live, backing.care, begun)


def upload(browser: TestClient, content: bytes = LOG, name: str = "log.csv", token: str | None = None) -> str:
    """Path of the page that an upload leads to."""
    csrf = token_in(browser.get("/data/imports").text) if token is None else token
    answer = browser.post("/data/imports/upload", data={"csrf": csrf}, files={"file": (name, content)})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


@pytest.mark.parametrize("role", ["viewer", "admin"])
def test_every_page_opens_on_an_empty_folder_and_says_what_to_do(empty: Backing, role: str) -> None:
    browser = user(empty, role=role)

    for path in PAGES:
        page = browser.get(path)
        assert page.status_code == 200, path
    assert "No collector runs" in browser.get("/start").text
    forms = browser.get("/start").text.count('action="/data/')
    assert forms == (2 if role == "admin" else 0)


def test_what_died_is_told_with_how_often_when_and_why(admin: TestClient, folder: Folder) -> None:
    assert "never" in admin.get("/data").text

    note_restart(folder, "worker", "was killed by SIGKILL")
    note_restart(folder, "worker", "ended with code 78: signals.yaml:1 <b>")

    page = admin.get("/data").text
    assert "2 times" in page
    assert "it ended with code 78: signals.yaml:1 &lt;b&gt;" in page


def test_held_sends_are_shown_to_all_and_let_go_by_an_admin(admin: TestClient, empty: Backing, folder: Folder) -> None:
    with State(folder) as state:
        moves = [Move(1, "anna", "hot", entered, 0, n) for n, entered in enumerate([True, False])]
        state.write(Changes(moves=moves), cursors={"webhook https://crm.example/hook": 0})
    hold(folder.path, Held("2025-03-15T10:00:00+00:00", "2025-03-14T02:00:00+00:00"))

    page = admin.get("/data").text
    assert "2025-03-14 02:00 UTC" in page
    assert "https://crm.example/hook" in page
    assert "anna left hot at 1970-01-01 00:00:00" in page
    analyst = user(empty, role="analyst")
    assert 'action="/data/release"' not in analyst.get("/data").text
    csrf = token_in(analyst.get("/data").text)
    assert analyst.post("/data/release", data={"csrf": csrf, "what": "send"}).status_code == 403
    csrf = token_in(page)
    assert admin.post("/data/release", data={"csrf": csrf, "what": "all"}).status_code == 400
    assert held(folder) is not None
    assert admin.post("/data/release", data={"csrf": csrf, "what": "drop"}).status_code == 303

    assert held(folder) is None
    assert [one.moves for one in waiting(folder)] == [0]
    assert "Nothing is sent" not in admin.get("/data").text
    line = audit_log(folder)[0]
    assert (line.who, line.what) == ("admin", "released the sends of a restored folder")
    assert line.detail["moves"] == {"https://crm.example/hook": 2}


def test_a_key_is_shown_once_with_lines_to_paste(admin: TestClient, folder: Folder) -> None:
    page = admin.get("/data/sources").text
    made = admin.post("/data/sources/make", data={"csrf": token_in(page), "name": EVIL, "kind": "browser"})

    key = re.search(r'class="once"[^>]*><code>(sjb_[0-9a-f]{40})</code>', made.text)
    assert key
    source = find_source(folder, key[1])
    assert source is not None
    assert (source.name, source.kind, source.consent) == (EVIL, "browser", "required")
    assert made.headers["cache-control"] == "no-store"
    assert f"data-sojourn-key=&#34;{key[1]}&#34;" in made.text
    assert "<script>alert" not in made.text
    listed = admin.get("/data/sources").text
    assert key[1] not in listed
    assert "<script>alert" not in listed
    assert key[1] not in str(audit_log(folder))


def test_an_ended_key_opens_nothing(admin: TestClient, folder: Folder) -> None:
    key, _ = create_key(folder, "1")
    other, _ = create_key(folder, "web")
    token = token_in(admin.get("/data/sources").text)

    assert admin.post("/data/sources/end", data={"csrf": token, "number": "2"}).status_code == 303
    assert find_source(folder, other) is None
    assert find_source(folder, key) is not None
    again = admin.post("/data/sources/end", data={"csrf": token, "number": "2"})
    assert (again.status_code, "no open key of number 2" in again.text) == (400, True)


def test_only_an_admin_makes_keys_and_only_marketers_import(empty: Backing, begun: Begun) -> None:
    backing = with_imports(empty, begun)
    for role, keys, brings in (("viewer", 403, 403), ("analyst", 403, 403), ("marketer", 403, 303)):
        browser = user(backing, role=role)
        token = token_in(browser.get("/data").text)
        made = browser.post("/data/sources/make", data={"csrf": token, "name": "web", "kind": "server"})
        assert made.status_code == keys
        answer = browser.post("/data/imports/upload", data={"csrf": token}, files={"file": ("log.csv", LOG)})
        assert answer.status_code == brings, role
        taken = browser.post("/data/imports/take", data={"csrf": token, "file": "x"})
        assert taken.status_code == 403
    assert list_keys(empty.history.folder) == []


def test_an_upload_of_another_site_is_refused_and_leaves_nothing(admin: TestClient, folder: Folder) -> None:
    for token in ("", "0" * 64):
        answer = admin.post("/data/imports/upload", data={"csrf": token}, files={"file": ("log.csv", LOG)})
        assert answer.status_code == 400
        assert "by another site" in answer.text
    before_the_token = admin.post("/data/imports/upload", files={"file": ("log.csv", LOG)})
    assert before_the_token.status_code == 400
    assert admin.post("/data/imports/upload", data={"csrf": "x"}).status_code == 400
    assert (
        admin.post(
            "/data/imports/upload", content=b"--x", headers={"content-type": "multipart/form-data; boundary=x"}
        ).status_code
        == 400
    )
    start = f'--x\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n{token_in(admin.get("/data").text)}\r\n'
    cut = f'{start}--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\na,b\n1'.encode()
    answer = admin.post(
        "/data/imports/upload", content=cut, headers={"content-type": "multipart/form-data; boundary=x"}
    )
    assert "was cut" in answer.text
    large = {"content-type": "multipart/form-data; boundary=x", "content-length": str(10 << 30)}
    assert "cannot be uploaded" in admin.post("/data/imports/upload", content=b"--x", headers=large).text
    assert imports.listed(folder) == []
    assert not list((folder.path / "imports").iterdir())


def test_an_import_is_looked_at_changed_and_begun(admin: TestClient, begun: Begun, folder: Folder) -> None:
    page = upload(admin, name=f"../{EVIL}.csv")
    first = admin.get(page)

    assert first.status_code == 200
    assert "guessed: user_id" in first.text
    assert "&lt;img src=x onerror=alert(1)&gt;" in first.text
    assert "<img src=x" not in first.text
    assert "<script>alert" not in first.text
    wrong = admin.get(page, params={"person": EVIL})
    assert "It cannot be imported like this" in wrong.text
    assert "<script>alert" not in wrong.text

    changed = admin.get(page, params={"event": "note", "event_value": "Seen", "ignore": "what", "source": "till"}).text
    assert 'name="source" value="till"' in changed
    assert ">Seen</td>" in changed
    form = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', changed.split("Import the whole file")[0])
    answer = admin.post(page, data=dict(form))
    assert (answer.status_code, answer.headers["location"]) == (303, page)
    [(job, state)] = imports.listed(folder)
    assert begun.jobs == [job.id]
    assert job.asked == {"event": ["note"], "event_value": ["Seen"], "ignore": ["what"], "source": ["till"]}
    assert state.status == "waiting"
    followed = admin.get(page).text
    assert f'data-refresh="{page}"' in followed
    assert "Cancel" in followed


def test_an_import_is_cancelled_and_thrown_away(admin: TestClient, folder: Folder) -> None:
    page = upload(admin)
    token = token_in(admin.get(page).text)

    assert admin.post(page, data={"csrf": token, "do": "start"}).headers["location"] == page
    assert admin.post(page, data={"csrf": token, "do": "cancel"}).status_code == 303
    assert admin.post(page, data={"csrf": token, "do": "nothing"}).status_code == 400
    assert admin.post(page, data={"csrf": token, "do": "throw"}).headers["location"] == "/data/imports"
    assert admin.get(page).status_code == 400
    assert [line.what for line in audit_log(folder)][:3] == [
        "threw an import away",
        "cancelled an import",
        "started an import",
    ]
    for job in ("20240101-000000000000", "x"):
        assert admin.get(f"/data/imports/{job}").status_code in (400, 404)


def test_rejected_events_are_text_and_can_be_mended(admin: TestClient, folder: Folder) -> None:
    create_key(folder, "web")
    raw = f'{{"type":"track","userId":"anna","properties":{{"x":"{EVIL[2:]}"}}}}'.encode()
    keep_rejected(folder, "web", [Rejected("web", 1, Reason.NO_EVENT, f"no name {EVIL}", raw)])
    keep_rejected(folder, EVIL, [Rejected(f"/{EVIL}.csv", 1, Reason.BAD_TIME, EVIL, EVIL.encode())])

    listed = admin.get("/data/rejected").text
    assert "<script>alert" not in listed
    row = re.findall(r"/data/rejected/([0-9a-f]{40})", admin.get("/data/rejected?reason=no_event").text)[0]
    one = admin.get(f"/data/rejected/{row}").text
    assert "<script>alert" not in one
    token = token_in(one)

    still = admin.post(f"/data/rejected/{row}", data={"csrf": token, "do": "send", "text": "{}"})
    assert (still.status_code, "It is still rejected" in still.text) == (400, True)
    mended = '{"type":"track","event":"Bought","userId":"anna"}'
    sent = admin.post(f"/data/rejected/{row}", data={"csrf": token, "do": "send", "text": mended})
    assert sent.status_code == 303
    assert "It was accepted" in admin.get(sent.headers["location"]).text
    assert [one.event for _, one in Log(folder).read(-1)] == ["Bought"]
    gone = admin.get(f"/data/rejected/{row}")
    assert (gone.status_code, "not in quarantine any more" in gone.text) == (400, True)
    thrown = admin.post("/data/rejected/all", data={"csrf": token, "reason": "bad_time", "do": "throw"})
    assert "1 row was thrown away" in admin.get(thrown.headers["location"]).text


def test_the_first_event_of_a_source_arrives(admin: TestClient, folder: Folder) -> None:
    waiting = admin.get("/start/waiting?source=web").text
    assert 'data-refresh="/start/waiting?source=web"' in waiting

    Log(folder).append([event(0, EVIL, user_id=EVIL, properties='{"a":"<b>"}')])
    arrived = admin.get("/start/waiting?source=web").text
    assert "The first event of web is here" in arrived
    assert "data-refresh" not in arrived
    assert "<script>alert" not in arrived
    assert "data-refresh" in admin.get("/start/waiting?source=other").text


def test_a_catalogue_is_chosen_until_somebody_wrote_one(admin: TestClient, folder: Folder) -> None:
    token = token_in(admin.get("/start").text)

    assert admin.post("/start/catalogue", data={"csrf": token, "catalogue": "streaming"}).status_code == 303
    assert "Streaming <span" in admin.get("/start").text
    assert admin.post("/start/catalogue", data={"csrf": token, "catalogue": "shop"}).status_code == 303
    assert admin.post("/start/catalogue", data={"csrf": token, "catalogue": "../x"}).status_code == 400

    own = folder.path / "signals.yaml"
    own.write_text(own.read_text() + "# mine\n")
    assert "a catalogue of its own" in admin.get("/start").text
    assert admin.post("/start/catalogue", data={"csrf": token, "catalogue": "software"}).status_code == 400
    assert own.read_text().endswith("# mine\n")
