"""Playback of the smallest rendition on a weak network."""

import asyncio
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from uuid import UUID

from playwright.sync_api import Page

from benchmarks.camera_output import encoded, pictures, play
from tests.ports import free_ports
from tests.web.gate import tonight
from tests.web.office import ENGLISH, in_database
from tests.web.system import System
from tests.web.test_live import FRAME
from virage.media.live.acts import publishing as live
from virage.media.live.rules.entries import Announcement, EntryRequest, FeedEntry
from virage.media.replay.acts import clips
from virage.media.replay.ingest.synthetic import HEIGHT
from virage.media.replay.rules.clips import Clip, ClipRequest
from virage.platform.data.database import Connection
from virage.platform.values.ids import new_id

FILM_S = 25
MADE = "select count(*) from replay.segment join replay.track on track.id = track_id where rung = '240p' and at > $1"
GOOD, ONE_BAR = (
    {"offline": False, "latency": latency, "downloadThroughput": bits_s / 8, "uploadThroughput": bits_s / 8}
    for latency, bits_s in ((10, 20_000_000), (150, 600_000))
)


def send_video(port: int) -> None:
    """Send as a camera until the receiver disconnects."""
    with suppress(OSError):
        asyncio.run(play(encoded(pictures(FILM_S, grain=12)), port))


@contextmanager
def at_work(system: System, port: int) -> Iterator[None]:
    """Run a programme camera, its ingest and the ladder, until both have recorded three seconds."""
    url, began = f"tcp://127.0.0.1:{port}?listen=1", datetime.now(UTC)
    processes = [
        system.start("ingest", system.env, "--camera", "main", "--programme", "--url", url),
        system.start("ladder", system.env),
    ]
    camera = threading.Thread(target=send_video, args=(port,))
    camera.start()
    try:
        while in_database(system, lambda conn: conn.fetchval(MADE, began)) < 3:
            threading.Event().wait(0.2)
        yield
    finally:
        for process in processes:
            process.send_signal(signal.SIGTERM)
            process.wait(30)
            system.processes.remove(process)
        camera.join()


def shown_again(system: System, event: UUID) -> None:
    """Publish an entry and a clip of it."""

    async def publish(conn: Connection) -> None:
        now = datetime.now(UTC)
        words = Announcement({"fr": "Quel arrêt !", "en": "What a save!"})
        (entry,) = await live.publish(conn, event, [EntryRequest(new_id(), now, words)], None, now)
        assert isinstance(entry, FeedEntry)
        request = ClipRequest(new_id(), now - timedelta(seconds=4), now + timedelta(seconds=4), about=entry.number)
        assert isinstance(await clips.mark(conn, event, request, None, now), Clip)

    in_database(system, publish)


def test_a_phone_starts_with_the_rendition_its_network_carries(
    page: Page, system: System, page_faults: list[str]
) -> None:
    (port,) = free_ports(1)
    event = tonight(system, "An evening in two sizes")
    page.add_init_script(ENGLISH)
    begun = []
    with at_work(system, port):
        shown_again(system, event)
        for network in (GOOD, ONE_BAR):
            page.goto(f"/live/{event}")
            watch = page.get_by_role("button", name="Watch again")
            watch.wait_for()
            page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", network)
            watch.click()
            page.wait_for_function(FRAME)
            begun.append(page.locator("video").first.evaluate("video => video.videoHeight"))
    assert begun == [HEIGHT, 240]
    assert page_faults == []
