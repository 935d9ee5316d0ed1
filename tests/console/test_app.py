from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.testclient import TestClient


def test_the_first_page_tells_of_the_log(console: TestClient) -> None:
    page = console.get("/")

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
