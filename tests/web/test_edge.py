"""A phone before nginx with nchan: it follows where the edge says, and lacks nothing when the edge has forgotten."""

from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import unquote
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from benchmarks.nchan import Nginx
from tests.ports import free_ports
from tests.web.gate import tonight
from tests.web.house import House
from tests.web.office import ENGLISH, in_database
from virage.media.live.acts import publishing as live
from virage.media.live.rules.entries import Announcement, EntryRequest
from virage.platform.values.ids import new_id
from virage.site.programme.rules import Text


@pytest.fixture
def edge(house: House) -> Iterator[Nginx]:
    """An nginx in front of the house, and a worker that tells it what happens."""
    nginx = Nginx(house.folder / f"nginx-{new_id()}", house.port, *free_ports(2))
    nginx.start()
    worker = house.start("work", house.env | {"VIRAGE_EDGE_URL": nginx.publisher_url})
    yield nginx
    house.stop(worker)
    house.processes.remove(worker)
    nginx.kill()


def announce(house: House, event_id: UUID, *words: str) -> None:
    now = datetime.now(UTC)
    tellings = [EntryRequest(new_id(), now, Announcement(Text(word, word))) for word in words]
    in_database(house, lambda conn: live.publish(conn, event_id, tellings, None, now))


def test_a_phone_behind_the_edge_sees_everything_once_though_the_edge_forgets(
    page: Page, house: House, edge: Nginx
) -> None:
    event_id = tonight(house, "An evening at the edge")
    streams: list[str] = []
    page.on("request", lambda sent: streams.append(sent.url) if sent.resource_type == "eventsource" else None)
    page.add_init_script(ENGLISH)
    page.goto(f"{edge.url}/live/{event_id}")
    expect(page.get_by_text("Updates will appear here")).to_be_visible()
    announce(house, event_id, "Welcome", "Mind the step")
    for words in ("Welcome", "Mind the step"):
        expect(page.get_by_text(words)).to_be_visible()
    edge.kill()
    announce(house, event_id, "A key was found", "A dog was found")
    edge.start()
    for words in ("Welcome", "Mind the step", "A key was found", "A dog was found"):
        expect(page.get_by_text(words)).to_have_count(1)
    assert f"{edge.url}/edge/live/{event_id}" in streams
    assert not [url for url in streams if f"live:{event_id}" in unquote(url)], "the house tells it of the feed no more"
