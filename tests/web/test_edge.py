"""A phone before nginx with nchan: it follows at the edge, and misses nothing after the edge lost
its memory.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import unquote
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from benchmarks.nchan import Nginx
from tests.ports import free_ports
from tests.web.gate import tonight
from tests.web.office import ENGLISH, in_database
from tests.web.system import System
from virage.media.live.acts import publishing as live
from virage.media.live.rules.entries import Announcement, EntryRequest
from virage.platform.values.ids import new_id


@pytest.fixture
def edge(system: System) -> Iterator[Nginx]:
    """An nginx in front of the system, and a worker that publishes to it."""
    nginx = Nginx(system.folder / f"nginx-{new_id()}", system.port, *free_ports(2))
    nginx.start()
    worker = system.start("work", system.env | {"VIRAGE_EDGE_URL": nginx.publisher_url})
    yield nginx
    system.stop(worker)
    system.processes.remove(worker)
    nginx.kill()


def announce(system: System, event_id: UUID, *words: str) -> None:
    now = datetime.now(UTC)
    tellings = [EntryRequest(new_id(), now, Announcement({"fr": word, "en": word})) for word in words]
    in_database(system, lambda conn: live.publish(conn, event_id, tellings, None, now))


def test_a_phone_behind_the_edge_gets_each_entry_once_although_the_edge_loses_its_memory(
    page: Page, system: System, edge: Nginx
) -> None:
    event_id = tonight(system, "An evening at the edge")
    streams: list[str] = []
    page.on("request", lambda sent: streams.append(sent.url) if sent.resource_type == "eventsource" else None)
    page.add_init_script(ENGLISH)
    page.goto(f"{edge.url}/live/{event_id}")
    expect(page.get_by_text("Updates will appear here")).to_be_visible()
    announce(system, event_id, "Welcome", "Mind the step")
    for words in ("Welcome", "Mind the step"):
        expect(page.get_by_text(words)).to_be_visible()
    edge.kill()
    announce(system, event_id, "A key was found", "A dog was found")
    edge.start()
    for words in ("Welcome", "Mind the step", "A key was found", "A dog was found"):
        expect(page.get_by_text(words)).to_have_count(1)
    assert f"{edge.url}/edge/live/{event_id}" in streams
    assert not [url for url in streams if f"live:{event_id}" in unquote(url)], "the system no longer sends it the feed"
