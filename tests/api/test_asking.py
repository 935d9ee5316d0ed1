"""Questions and things over HTTP, in this process: answers, drill-downs, tables, errors, who may."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from tests.analyse.logs import log

from sojourn.api.control import control_app
from sojourn.app.backing import backing_of
from sojourn.store.audit import audit_log
from sojourn.store.folder import create_folder
from sojourn.store.sources import Keyring, create_key

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sojourn.analyse.journeys import Journeys
    from sojourn.store.folder import Folder

STEPS = "steps=view&steps=cart&steps=purchase"


@dataclass
class Asker:
    """A script with a token."""

    app: Any
    token: str

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        return asyncio.run(self._ask(method, path, **more))

    def get(self, path: str) -> httpx.Response:
        return self.ask("GET", path)

    def post(self, path: str, body: Any) -> httpx.Response:
        return self.ask("POST", path) if body is None else self.ask("POST", path, json=body)

    async def _ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://console") as asked:
            return await asked.request(method, path, headers={"Authorization": f"Bearer {self.token}"}, **more)


def asker(folder: Folder, role: str = "viewer") -> Asker:
    key, _ = create_key(folder, role, role=role)
    return Asker(control_app(backing_of(folder), Keyring(folder)), key)


@pytest.fixture(scope="module")
def journeys() -> Journeys:
    """Anna buys, Ben leaves at the cart, Cleo only looks."""
    return log(
        [
            ("anna", "2024-01-01 10:00", "view", {"channel": "ads"}),
            ("anna", "2024-01-01 10:01", "cart", {"channel": "ads"}),
            ("anna", "2024-01-01 10:05", "purchase", {"channel": "ads", "revenue": 40.0, "order_id": "o1"}),
            ("ben", "2024-01-02 10:00", "view", {"channel": "mail"}),
            ("ben", "2024-01-02 10:02", "cart", {"channel": "mail"}),
            ("cleo", "2024-01-03 10:00", "=view", {"channel": "ads"}),
        ]
    )  # fmt: skip


@pytest.fixture(scope="module")
def viewer(journeys: Journeys) -> Asker:
    return asker(journeys.index.folder)


@pytest.fixture(scope="module")
def admin(journeys: Journeys) -> Asker:
    return asker(journeys.index.folder, "admin")


def test_a_question_is_answered_as_its_result_tells_itself(viewer: Asker, journeys: Journeys) -> None:
    answer = viewer.get(f"/api/funnel?{STEPS}&within=7d")

    assert answer.status_code == 200
    assert answer.json() == json.loads(json.dumps(journeys.funnel(["view", "cart", "purchase"], within="7d").to_dict()))
    assert [step["count"] for step in answer.json()["steps"]] == [2, 2, 1]


def test_the_persons_behind_a_number_are_as_many_as_it_says(viewer: Asker) -> None:
    left = viewer.get(f"/api/funnel/persons?{STEPS}&of_step=2&of_outcome=dropped").json()

    assert left == {"count": 1, "persons": ["ben"]}


def test_persons_are_listed_page_by_page_and_counted_whole(viewer: Asker) -> None:
    every = viewer.get("/api/overview/persons").json()
    second = viewer.get("/api/overview/persons?offset=1&limit=1").json()

    assert every["count"] == second["count"] == 3
    assert second["persons"] == every["persons"][1:2]


def test_a_scope_narrows_every_question(viewer: Asker) -> None:
    assert viewer.get("/api/overview?where=channel='ads'").json()["persons"] == 2
    assert viewer.get("/api/overview?where=channel='ads'&from=2024-01-02").json()["persons"] == 1
    assert viewer.get("/api/overview?where=channel='ads'&where=event='cart'").json()["persons"] == 1


def test_a_table_comes_as_csv_and_no_cell_is_a_formula(viewer: Asker) -> None:
    answer = viewer.get("/api/overview?format=csv")

    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="overview.csv"'
    assert sorted(answer.text.splitlines()) == sorted(
        ["event,count,persons", "cart,2,2", "view,2,2", "'=view,1,1", "purchase,1,1"]
    )


def test_persons_behind_a_number_come_as_csv_too(viewer: Asker) -> None:
    answer = viewer.get(f"/api/funnel/persons?{STEPS}&of_step=2&format=csv")

    assert answer.text == "person\nanna\n"


@pytest.mark.parametrize(
    ("path", "status", "code", "field"),
    [
        ("/api/funnel", 400, "bad_field", "steps"),
        ("/api/funnel?steps=view&within=soon", 400, "bad_field", "within"),
        ("/api/funnel?steps=view&windw=7d", 400, "bad_field", "windw"),
        ("/api/funnel?steps=nothing", 400, "unknown_event", None),
        ("/api/funnel?steps=view&where=;", 400, "bad_predicate", None),
        ("/api/funnel?steps=view&time_zone=Mars", 400, "bad_option", None),
        ("/api/funnel?steps=view&bots=perhaps", 400, "bad_field", "bots"),
        ("/api/funnel?steps=view&format=xml", 400, "bad_field", "format"),
        ("/api/funnel/persons?steps=view&of_step=7", 400, "bad_option", None),
        ("/api/person?person=ghost", 404, "unknown_person", None),
        ("/api/keys", 403, "forbidden", None),
        ("/api/nothing", 404, "not_found", None),
    ],
)
def test_an_error_says_which_and_what_to_do(
    viewer: Asker, path: str, status: int, code: str, field: str | None
) -> None:
    answer = viewer.get(path)

    assert (answer.status_code, answer.json()["code"], answer.json().get("field")) == (status, code, field)
    assert len(answer.json()["message"]) > 10


def test_a_folder_without_events_says_how_to_begin(tmp_path: Path) -> None:
    answer = asker(create_folder(tmp_path / "data")).get("/api/overview")

    assert (answer.status_code, answer.json()["code"]) == (409, "not_a_data_folder")
    assert "sojourn import" in answer.json()["message"]


def test_a_person_is_found_by_a_piece_of_its_id(viewer: Asker) -> None:
    assert viewer.get("/api/persons?q=nn").json() == {"count": 1, "persons": ["anna"]}


def test_a_key_is_made_shown_once_and_ended(admin: Asker, journeys: Journeys) -> None:
    made = admin.post("/api/keys", {"name": "crm", "role": "viewer"})
    listed = admin.get("/api/keys").json()["keys"]
    number = next(one["id"] for one in listed if one["source"] == "crm")
    ended = admin.ask("DELETE", f"/api/keys/{number}")

    assert made.status_code == 201
    assert made.json()["key"].startswith("sjs_")
    assert made.json()["key"] not in json.dumps(listed)
    assert ended.json()["revoked_at"] is not None
    assert [line.what for line in audit_log(journeys.index.folder, most=2)] == ["ended a key", "made a key"]


def test_a_table_is_put_asked_with_and_removed(admin: Asker) -> None:
    asked = "/api/attribution?goal=purchase&touch=channel&spend=spend.csv"

    before = admin.get(asked)
    put = admin.ask("PUT", "/api/tables/spend.csv", json={"text": "channel,cost\nads,20\n"})
    answer = admin.get(asked)
    removed = admin.ask("DELETE", "/api/tables/spend.csv")

    assert (before.status_code, before.json()["field"]) == (400, "spend")
    assert (put.status_code, removed.status_code) == (200, 200)
    assert {(one["channel"], one["cost"]) for one in answer.json()["costs"]} == {("ads", 20.0)}


def test_no_table_is_a_path(admin: Asker) -> None:
    for name in ("..%2Fkeys", "%2Fetc%2Fpasswd", ".hidden"):
        assert admin.ask("PUT", f"/api/tables/{name}", json={"text": "a,b"}).status_code == 400


def test_a_catalogue_is_checked_saved_and_its_former_versions_kept(tmp_path: Path) -> None:
    marketer = asker(create_folder(tmp_path / "data"), "marketer")
    text = marketer.get("/api/catalogue").json()["text"]
    wrong = text.replace("half_life: 14d", "half_life: soon", 1)

    checked = marketer.post("/api/catalogue/check", {"text": wrong}).json()
    refused = marketer.ask("PUT", "/api/catalogue", json={"text": wrong})
    first = marketer.ask("PUT", "/api/catalogue", json={"text": text}).json()
    second = marketer.ask("PUT", "/api/catalogue", json={"text": text + "\n# changed\n"}).json()
    versions = marketer.get("/api/catalogue/versions").json()["versions"]

    line = next(n for n, row in enumerate(wrong.splitlines(), 1) if "half_life: soon" in row)
    assert (checked["ok"], checked["problems"][0]["line"]) == (False, line)
    assert (refused.status_code, refused.json()["code"]) == (400, "bad_catalogue")
    assert second["version"] == first["version"] + 1
    assert text in [one["text"] for one in versions]


def test_a_user_is_made_invited_changed_and_disabled(admin: Asker) -> None:
    admin.post("/api/users", {"name": "somebody must manage", "role": "admin"})
    made = admin.post("/api/users", {"name": "Mara", "role": "analyst"})
    again = admin.post("/api/invitations/mara", None)
    changed = admin.ask("PUT", "/api/users/mara", json={"role": "marketer", "disabled": True}).json()
    unknown = admin.ask("PUT", "/api/users/nobody", json={"role": "viewer"})

    assert (made.status_code, again.status_code) == (201, 201)
    assert made.json()["link"].startswith("/link/")
    assert made.json()["link"] != again.json()["link"]
    assert (changed["role"], changed["disabled_at"] is None) == ("marketer", False)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_user")


def test_settings_are_changed_and_what_is_left_out_stays(admin: Asker) -> None:
    changed = admin.ask("PUT", "/api/settings", json={"session_gap": "45m"})
    wrong = admin.ask("PUT", "/api/settings", json={"time_zone": "Mars"})

    assert (changed.json()["session_gap"], changed.json()["time_zone"]) == ("45m", "UTC")
    assert (wrong.status_code, wrong.json()["code"]) == (400, "bad_option")
    assert admin.get("/api/settings").json() == changed.json()
    admin.ask("PUT", "/api/settings", json={"session_gap": "30m"})


def test_a_viewer_changes_nothing(viewer: Asker) -> None:
    for method, path in (
        ("POST", "/api/links/revoke"),
        ("POST", "/api/ignored"),
        ("PUT", "/api/catalogue"),
        ("POST", "/api/keys"),
        ("PUT", "/api/tables/spend.csv"),
        ("POST", "/api/erasures"),
        ("POST", "/api/rejected/replay"),
        ("POST", "/api/users"),
        ("PUT", "/api/settings"),
    ):
        assert viewer.ask(method, path, json={}).status_code == 403, path


def test_a_body_that_is_none_is_told_where_it_is_wrong(admin: Asker) -> None:
    refused = admin.post("/api/links/revoke", {"links": ["a", 7]})

    assert refused.json() == {
        "code": "bad_field",
        "message": "body: Expected `str`, got `int` - at `$.links[1]`",
        "field": "body",
    }


def test_health_tells_what_runs_and_what_is_wrong(viewer: Asker) -> None:
    health = viewer.get("/api/health").json()

    assert [one["process"] for one in health["processes"]] == ["collector", "worker", "keeper", "console"]
    assert health["findings"] == []


def test_every_reference_of_the_document_leads_somewhere(viewer: Asker) -> None:
    document = viewer.get("/api/openapi.json").json()

    def references(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            if isinstance(value.get("$ref"), str):
                yield value["$ref"]
            for inner in value.values():
                yield from references(inner)
        if isinstance(value, list):
            for inner in value:
                yield from references(inner)

    for reference in references(document):
        place = document
        for name in reference.removeprefix("#/").split("/"):
            place = place[name]
    names = [one["operationId"] for methods in document["paths"].values() for one in methods.values()]
    assert len(names) == len(set(names))
