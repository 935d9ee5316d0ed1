from __future__ import annotations

from typing import TYPE_CHECKING

from tests.console.numbers import opened
from tests.console.visitors import user

from sojourn.api.history import History

if TYPE_CHECKING:
    import pytest
    from starlette.testclient import TestClient

    from sojourn.console.asked import Backing


def test_the_first_page_tells_of_the_log(console: TestClient) -> None:
    page = opened(console, "/")

    assert page.status_code == 200
    assert "Sessions" in page.text


def test_a_predicate_that_cannot_be_read_is_told_and_nothing_breaks(console: TestClient) -> None:
    page = console.get("/", params={"where": "event = ("})

    assert page.status_code == 400
    assert "This cannot be shown" in page.text


def test_every_page_refuses_frames_and_scripts_of_elsewhere(console: TestClient) -> None:
    for path in ("/", "/login", "/nowhere"):
        headers = console.get(path).headers

        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


def test_a_file_is_kept_by_browsers_at_the_address_of_its_content_alone(console: TestClient) -> None:
    page = console.get("/").text
    address = page.split('rel="stylesheet" href="')[1].split('"')[0]

    assert "immutable" in console.get(address).headers["cache-control"]
    assert console.get("/static/style.css?v=other").headers["cache-control"] == "no-cache"
    assert (
        console.get("/static/style.css", headers={"accept-encoding": "identity"}).headers.get("content-encoding")
        is None
    )
    assert console.get("/static/nothing.css").status_code == 404


def test_a_page_that_is_not_there_and_one_that_fails_are_pages_too(
    backing: Backing, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    browser = user(backing, server_errors=False)
    nowhere = browser.get("/nowhere<b>")
    monkeypatch.setattr(History, "bounds", broken)
    failed = browser.get("/")

    assert (nowhere.status_code, failed.status_code) == (404, 500)
    assert "/nowhere&lt;b&gt;" in nowhere.text
    assert "fault of the program" in failed.text
    assert "ZeroDivisionError" not in failed.text
    assert "default-src 'none'" in failed.headers["content-security-policy"]
