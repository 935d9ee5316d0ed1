"""From a message to the site: signed links, the pixel of opening, and who is believed to have clicked."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from sojourn.api.links import link_address, pixel_address
from sojourn.app.live import worker_of
from sojourn.identify.click_token import LIFE_US, Token, sign
from sojourn.identify.link import CLICKED, Evidence, links_of
from sojourn.records.errors import StorageFull
from sojourn.records.event import Event
from sojourn.store.index import open_index
from sojourn.store.log import Log

if TYPE_CHECKING:
    from tests.api.conftest import Server


TARGET = "https://shop.example/sale?ref=mail#top"
CHROME = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/126 Safari/537.36"}
BASE = "https://t.shop.example"


def token(server: Server, n: int = 1, **more: Any) -> str:
    """The text of a token to Anna, made a minute ago by the server's clock."""
    said: dict[str, Any] = {"message": "m1", "kind": "email", "value": "anna@shop.example", "target": TARGET} | more
    fresh: dict[str, Any] = {"id": f"{n:032x}", "issued": server.app.now() - 60_000_000}
    return sign(Token(**(fresh | said)), server.folder.secret)


def click(server: Server, text: str, *, method: str = "GET", headers: dict[str, str] | None = None) -> Any:
    return server.call(method, urlsplit(link_address(BASE, text)).path, headers=CHROME if headers is None else headers)


def view(server: Server, key: str, where: str, device: str = "phone", **more: Any) -> Event:
    """The page view of a browser that landed at an address; the event that was kept."""
    message = {
        "type": "page", "anonymousId": device, "properties": {"url": where, "search": f"?{urlsplit(where).query}"},
        "context": {"page": {"url": where}, "userAgent": CHROME["User-Agent"]},
    }  # fmt: skip
    assert server.call("POST", "/v1/page", {**message, **more, "writeKey": key}, CHROME).status == 200
    return server.log.events[-1]


def test_a_link_goes_to_its_target_and_tells_of_its_recipient(server: Server) -> None:
    answer = click(server, token(server))

    where = urlsplit(answer.headers["location"])
    assert (answer.status, where.netloc, where.path, where.fragment) == (302, "shop.example", "/sale", "top")
    assert parse_qs(where.query)["ref"] == ["mail"]
    (event,) = server.log.events
    assert (event.event, event.external_ids) == ("Email Link Clicked", (("email", "anna@shop.example"),))
    assert json.loads(event.properties) == {"email_id": "m1", "link": TARGET}
    assert not event.proven


def test_the_path_goes_on_from_the_mail_to_the_site(server: Server) -> None:
    """The page view of the device that clicked is in the journey of the recipient."""
    key = server.key("browser")
    landed = click(server, token(server)).headers["location"]
    seen = view(server, key, landed)
    later = view(server, key, "https://shop.example/kettle")

    assert seen.external_ids == ((f"{CLICKED}email", "anna@shop.example"),)
    assert later.external_ids == ()
    (link,) = links_of(seen, hash)
    assert (link.evidence, link.proven) == (Evidence.SIGNED_CLICK, False)
    Log(server.folder).append(server.log.events)
    index = open_index(server.folder)
    assert sum(len(bucket.person) for bucket in index.buckets) == 1
    assert sum(len(bucket.seq) for bucket in index.buckets) == 3


def test_the_token_is_in_no_event(server: Server) -> None:
    text = token(server)
    seen = view(server, server.key("browser"), click(server, text).headers["location"])

    assert text not in f"{seen.context}{seen.properties}"
    assert json.loads(seen.properties) == {
        "url": "https://shop.example/sale?ref=mail#top", "search": "?ref=mail",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("address", "clean"),
    [
        ("https://a.example/?sjn=TOKEN", "https://a.example/"),
        ("https://a.example/?sjn=TOKEN&b=1", "https://a.example/?b=1"),
        ("https://a.example/?b=1&sjn=TOKEN", "https://a.example/?b=1"),
        ("https://a.example/?b=1&sjn=TOKEN&c=2#d", "https://a.example/?b=1&c=2#d"),
    ],
)
def test_an_address_is_as_it_was_without_the_token(server: Server, address: str, clean: str) -> None:
    seen = view(server, server.key("browser"), address.replace("TOKEN", token(server)))

    assert json.loads(seen.properties)["url"] == clean


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("HEAD", CHROME),
        ("GET", {}),
        ("GET", {"User-Agent": "Barracuda Sentinel"}),
        ("GET", {"User-Agent": "Googlebot/2.1"}),
    ],
)
def test_programs_are_sent_on_and_tell_nothing(server: Server, method: str, headers: dict[str, str]) -> None:
    assert click(server, token(server), method=method, headers=headers).status == 302
    assert server.log.events == []


def test_whoever_follows_three_links_of_a_message_at_once_is_a_scanner(server: Server) -> None:
    key = server.key("browser")
    places = [click(server, token(server, n)).headers["location"] for n in (1, 2, 3)]

    assert len(server.log.events) == 2  # the third showed what it is
    assert [view(server, key, place).external_ids for place in places] == [(), (), ()]


def test_a_forwarded_link_shows_only_who_came_first(server: Server) -> None:
    key = server.key("browser")
    landed = click(server, token(server)).headers["location"]

    assert view(server, key, landed, "annas-phone").external_ids
    assert view(server, key, landed, "bens-phone").external_ids == ()
    assert view(server, key, landed, "annas-phone").external_ids


def test_a_device_with_a_known_user_is_not_joined(server: Server) -> None:
    landed = click(server, token(server)).headers["location"]

    assert view(server, server.key("browser"), landed, userId="ben").external_ids == ()


def test_a_device_on_which_the_worker_saw_a_user_is_not_joined(server: Server) -> None:
    landed = click(server, token(server)).headers["location"]
    before = Event("web", "m1", "identify", "Identified", 1, 1, user_id="ben", anonymous_id="phone")
    Log(server.folder).append([before])
    with worker_of(server.folder) as worker:
        worker.catch_up()

    key = server.key("browser")
    assert view(server, key, landed, "phone").external_ids == ()
    assert view(server, key, landed, "laptop").external_ids


def test_an_old_link_still_leads_there_and_shows_nothing(server: Server) -> None:
    text = token(server, issued=server.app.now() - LIFE_US - 1)
    answer = click(server, text)

    assert answer.status == 302
    assert view(server, server.key("browser"), answer.headers["location"]).external_ids == ()


def test_a_server_cannot_claim_a_click(server: Server) -> None:
    landed = click(server, token(server)).headers["location"]

    assert view(server, server.key("server"), landed).external_ids == ()


def test_a_changed_link_leads_nowhere(server: Server) -> None:
    text = token(server)
    for wrong in (text[:-2], "x" + text, "nothing", token(server, purpose="open", target="")):
        answer = click(server, wrong)
        assert (answer.status, answer.json()["code"]) == (404, "bad_link")
        assert "location" not in answer.headers
    assert server.log.events == []


def test_a_link_leads_there_when_nothing_can_be_written(server: Server) -> None:
    server.log.failing = StorageFull("full")

    assert click(server, token(server)).status == 302


def test_opening_is_told_once(server: Server) -> None:
    path = urlsplit(pixel_address(BASE, token(server, purpose="open", target=""))).path
    answers = [server.call("GET", path, headers=CHROME) for _ in range(3)]
    server.call("HEAD", path)

    assert {(answer.status, answer.headers["content-type"]) for answer in answers} == {(200, "image/gif")}
    (event,) = server.log.events
    assert (event.event, event.external_ids) == ("Email Opened", (("email", "anna@shop.example"),))
    assert server.call("GET", "/o/nothing.gif").status == 200
