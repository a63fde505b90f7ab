"""Cameras over real transports: stored footage, recording times, and faults at the desk."""

import asyncio
import shutil
import signal
import socket
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path
from uuid import UUID

import pytest

from tests.azurite.server import Azurite
from tests.media.replay.camera import Camera, taking_in
from tests.media.replay.conftest import Program
from tests.media.replay.stored import FRAME_MS, StoredFootage
from tests.ports import free_ports
from virage.media.replay.footage import Footage
from virage.media.replay.ingest.measuring import measure
from virage.media.replay.ingest.synthetic import send
from virage.media.replay.ingest.transports import SRT_PROGRAM, Source
from virage.media.replay.rules.cameras import Fault
from virage.media.replay.rules.media import Kind
from virage.media.replay.rules.playlists import Piece
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock

# Not stored yet: the incomplete second, and half a second between encoder, network and store.
OPEN_FRAMES_MAX = 38
Start = Callable[..., Camera]
PACKET = "pkt_size=1316"


async def whole_second(stored: StoredFootage, camera: str) -> Piece:
    """Return a segment with all of its frames: on a busy machine, UDP loses packets."""
    found: list[Piece] = []

    async def holds() -> bool:
        for take in await stored.takes(camera):
            for piece in take[1:]:
                seen = [clock for _, clock in await stored.clocks(piece)]
                if len(seen) == 25 and all(after - before == FRAME_MS for before, after in pairwise(seen)):
                    found.append(piece)
        return bool(found)

    await stored.wait_for(holds)
    return found[-1]


async def test_streams_over_udp_rtmp_and_srt_are_stored_unchanged_and_their_end_is_shown(
    stored: StoredFootage, program: Program
) -> None:
    udp, rtmp, srt, feed = free_ports(4)
    sources = [
        Source("by-udp", f"udp://127.0.0.1:{udp}"),
        Source("by-rtmp", f"rtmp://127.0.0.1:{rtmp}/live/main"),
        Source("by-srt", f"srt://127.0.0.1:{srt}?mode=listener"),
    ]
    async with AsyncExitStack() as taken:
        for source in sources:
            await taken.enter_async_context(taking_in(source, stored.db, stored.footage, stored.vault))
        program("-m", "tests.media.replay.sender", f"udp://127.0.0.1:{udp}?{PACKET}")
        by_rtmp = program("-m", "tests.media.replay.sender", f"rtmp://127.0.0.1:{rtmp}/live/main")
        program(SRT_PROGRAM, "-q", f"udp://127.0.0.1:{feed}", f"srt://127.0.0.1:{srt}?mode=caller&latency=60")
        program("-m", "tests.media.replay.sender", f"udp://127.0.0.1:{feed}?{PACKET}")
        for source in sources:
            await stored.wait_for_pieces(source.camera, 3)
            await stored.wait_for_fault(source.camera, None)
            second = await whole_second(stored, source.camera)
            assert await stored.late_ms(second) > -FRAME_MS, "recording times are not too early"
            assert len(await stored.pieces(source.camera, Kind.AUDIO)) >= 2
        by_rtmp.terminate()
        await stored.wait_for_fault("by-rtmp", Fault.ENDED)


async def test_two_cameras_300_ms_apart_show_the_same_instant_after_measuring_a_lamp(
    stored: StoredFootage, camera: Start
) -> None:
    prompt, slow = free_ports(2)
    async with AsyncExitStack() as taken:
        for name, port, lag_ms in (("main", prompt, 0), ("behind-goal", slow, 300)):
            source = Source(name, f"tcp://127.0.0.1:{port}?listen=1", programme=name == "main")
            await taken.enter_async_context(taking_in(source, stored.db, stored.footage, stored.vault))
            camera(port, lag_ms=lag_ms)
        await stored.wait_for_pieces("behind-goal", 6)
        assert await apart_ms(stored) == pytest.approx(300, abs=1.5 * FRAME_MS), (
            "the cameras are apart before the measurement"
        )

        async def compared() -> bool:
            late = await measure(stored.db, stored.footage, stored.vault, Clock().now())
            return all(camera.delay_ms is not None for camera in late)

        await stored.wait_for(compared)
        state = await stored.state("behind-goal")
        assert state is not None
        assert state.delay_ms == pytest.approx(300, abs=1.5 * FRAME_MS)
        for name in ("main", "behind-goal"):
            await stored.wait_for_pieces(name, len(await stored.pieces(name)) + 2)
        assert abs(await apart_ms(stored)) <= 1.5 * FRAME_MS


async def apart_ms(stored: StoredFootage) -> float:
    """Return how much earlier than the first the second camera shows the same, by the clocks in their pictures."""
    main, other = [(await stored.pieces(name))[-1] for name in ("main", "behind-goal")]
    return await stored.late_ms(other) - await stored.late_ms(main)


async def test_a_wrong_encoder_is_refused_until_corrected_and_a_disconnected_one_returns(
    stored: StoredFootage, camera: Start
) -> None:
    (port,) = free_ports(1)
    source = Source("main", f"tcp://127.0.0.1:{port}?listen=1", programme=True)
    async with taking_in(source, stored.db, stored.footage, stored.vault):
        wrong = camera(port, gop_s=2.0)
        await stored.wait_for_fault("main", Fault.GOP_TOO_LONG)
        wrong.pull()
        assert await stored.pieces("main") == []
        right = camera(port)
        await stored.wait_for_pieces("main", 2)
        await stored.wait_for_fault("main", None)
        right.pull()
        await stored.wait_for_fault("main", Fault.ENDED)
        before = await stored.pieces("main")
        camera(port)
        await stored.wait_for_pieces("main", len(before) + 2)
        await stored.wait_for_fault("main", None)
    first, second = await stored.takes("main")
    assert first[0].track.id != second[0].track.id
    assert first[-1].segment.ends_at < second[0].segment.at, "there is a gap"


class Shifted(Clock):
    """A clock that is set while it runs."""

    shift = timedelta()

    def now(self) -> datetime:
        return super().now() + self.shift


@pytest.fixture
def recording(tmp_path: Path) -> bytes:
    """Return six seconds of a camera as transport stream."""
    file, frames = tmp_path / "camera.ts", iter(range(150))
    send(str(file), Clock(speed=1000), running=lambda: next(frames, None) is not None)
    return file.read_bytes()


async def test_a_clock_jump_of_camera_or_server_starts_a_new_take_and_is_shown(
    stored: StoredFootage, recording: bytes
) -> None:
    (port,) = free_ports(1)
    source = Source("main", f"tcp://127.0.0.1:{port}?listen=1", programme=True)
    clock = Shifted()
    async with taking_in(source, stored.db, stored.footage, stored.vault, clock=clock):
        wire = await asyncio.to_thread(connected, port)
        with wire:
            half = len(recording) // 2
            await asyncio.to_thread(wire.sendall, recording + recording[:half])
            await stored.wait_for_fault("main", Fault.CLOCK_JUMPED)
            await stored.wait_for_pieces("main", 7)
            clock.shift = timedelta(hours=-1)
            await asyncio.to_thread(wire.sendall, recording[half:])
            await stored.wait_for_fault("main", Fault.OUR_CLOCK_JUMPED)
        await stored.wait_for_pieces("main", 11)
    by_take = Counter(piece.track.take_id for piece in await stored.pieces("main"))
    assert len(by_take) == 3


def connected(port: int) -> socket.socket:
    """Return a connection to a listener, once there is one."""
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port))
        except ConnectionRefusedError:
            continue


async def test_an_object_store_has_every_segment_after_an_outage(
    stored: StoredFootage, camera: Start, blobs: Azurite
) -> None:
    (port,) = free_ports(1)
    source = Source("main", f"tcp://127.0.0.1:{port}?listen=1", programme=True)
    there = StoredFootage(stored.db, Footage(blobs.container()), stored.vault)
    async with taking_in(source, there.db, there.footage, there.vault) as ingest:
        camera(port)
        await there.wait_for_pieces("main", 2)
        blobs.stop()
        try:
            await there.wait_for_fault("main", Fault.STORE_AWAY)
            before = len(await there.pieces("main"))
        finally:
            blobs.start()
        await there.wait_for_fault("main", None)
        await there.wait_for_pieces("main", before + 2)
        assert ingest.lost == 0
    (take,) = await there.takes("main")
    assert all(
        abs(after.segment.at - piece.segment.ends_at) < timedelta(milliseconds=FRAME_MS)
        for piece, after in pairwise(take)
    ), "no second is missing"
    for piece in (take[0], take[-2]):
        assert len(await there.clocks(piece)) == 25


class Held(Footage):
    """A store that blocks until it is released."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.free = asyncio.Event()

    async def put(self, object_id: UUID, data: bytes) -> None:
        await self.free.wait()
        await super().put(object_id, data)


async def test_a_stopped_ingest_stores_its_complete_segments(
    stored: StoredFootage, recording: bytes, config: Config
) -> None:
    (port,) = free_ports(1)
    source = Source("main", f"tcp://127.0.0.1:{port}?listen=1", programme=True)
    slow = Held(config.objects_at)
    async with taking_in(source, stored.db, slow, stored.vault):
        with await asyncio.to_thread(connected, port) as wire:
            await asyncio.to_thread(wire.sendall, recording)
        await stored.wait_for_fault("main", Fault.ENDED)
        assert await stored.pieces("main") == []
        slow.free.set()
    (take,) = await stored.takes("main")
    assert [len(await stored.clocks(piece)) for piece in take] == [25] * 6


async def test_a_silent_camera_is_unreachable_until_it_sends_again(
    stored: StoredFootage, recording: bytes, camera: Start
) -> None:
    (port,) = free_ports(1)
    source = Source("main", f"tcp://127.0.0.1:{port}?listen=1", programme=True, silence_s=1.0)
    async with taking_in(source, stored.db, stored.footage, stored.vault):
        with await asyncio.to_thread(connected, port) as wire:
            await asyncio.to_thread(wire.sendall, recording)
            await stored.wait_for_fault("main", Fault.UNREACHABLE)
            await stored.wait_for_pieces("main", 6)
            camera(port)
            await stored.wait_for_fault("main", None)
    assert len((await stored.takes("main"))[0]) == 6, "earlier segments are complete"


async def test_srt_with_a_passphrase_refuses_senders_without_it(
    stored: StoredFootage, program: Program, capfd: pytest.CaptureFixture[str]
) -> None:
    srt, feed, other = free_ports(3)
    source = Source("by-srt", f"srt://127.0.0.1:{srt}?mode=listener&passphrase=a+secret+of+the+cameras")
    async with taking_in(source, stored.db, stored.footage, stored.vault):
        program("-m", "tests.media.replay.sender", f"udp://127.0.0.1:{other}?{PACKET}")
        for wrong in ("", "&passphrase=a+secret+of+strangers"):
            caller = f"srt://127.0.0.1:{srt}?mode=caller&latency=60{wrong}"
            refused = program(SRT_PROGRAM, "-autoreconnect:no", f"udp://127.0.0.1:{other}", caller)
            await asyncio.to_thread(refused.wait, 30)
        assert await stored.takes("by-srt") == []
        caller = f"srt://127.0.0.1:{srt}?mode=caller&latency=60&passphrase=a+secret+of+the+cameras"
        program(SRT_PROGRAM, "-q", f"udp://127.0.0.1:{feed}", caller)
        program("-m", "tests.media.replay.sender", f"udp://127.0.0.1:{feed}?{PACKET}")
        await stored.wait_for_pieces("by-srt", 1)
    assert "a+secret+of+the+cameras" not in capfd.readouterr().out


async def test_srt_without_its_program_is_a_fault_until_it_exists(
    stored: StoredFootage, program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    srt, feed = free_ports(2)
    installed = shutil.which(SRT_PROGRAM)
    assert installed is not None
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    source = Source("by-srt", f"srt://127.0.0.1:{srt}?mode=listener")
    async with taking_in(source, stored.db, stored.footage, stored.vault):
        await stored.wait_for_fault("by-srt", Fault.NO_SRT)
        (folder / SRT_PROGRAM).symlink_to(installed)
        program(installed, "-q", f"udp://127.0.0.1:{feed}", f"srt://127.0.0.1:{srt}?mode=caller&latency=60")
        program("-m", "tests.media.replay.sender", f"udp://127.0.0.1:{feed}?{PACKET}")
        await stored.wait_for_pieces("by-srt", 1)
        await stored.wait_for_fault("by-srt", None)


async def test_the_srt_program_ends_with_a_killed_ingest(
    stored: StoredFootage, program: Program, config: Config
) -> None:
    (port,) = free_ports(1)
    there = [str(config.database_url), config.objects_at, config.secret]
    ingesting = program("-m", "tests.media.replay.ingesting", *there, f"srt://127.0.0.1:{port}?mode=listener")

    async def held(*, is_so: bool) -> bool:
        with socket.socket(type=socket.SOCK_DGRAM) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return is_so
        return not is_so

    await stored.wait_for(partial(held, is_so=True))
    ingesting.send_signal(signal.SIGKILL)
    await stored.wait_for(partial(held, is_so=False))


async def test_a_killed_ingest_loses_at_most_the_open_segment(
    stored: StoredFootage, program: Program, config: Config, tmp_path: Path
) -> None:
    (port,) = free_ports(1)
    log = tmp_path / "sent"
    there = [str(config.database_url), config.objects_at, config.secret]
    command = ["-m", "tests.media.replay.ingesting", *there, f"tcp://127.0.0.1:{port}?listen=1"]
    ingesting = program(*command)
    program("-m", "tests.media.replay.sender", f"tcp://127.0.0.1:{port}", str(log))
    await stored.wait_for_pieces("main", 3)
    ingesting.send_signal(signal.SIGKILL)
    sent = [int(line) for line in log.read_text().splitlines()]
    ingesting.wait()
    before = await stored.pieces("main")
    clocks = [clock for piece in before for _, clock in await stored.clocks(piece)]
    assert {after - clock for clock, after in pairwise(clocks)} == {FRAME_MS}, "stored segments are complete"
    lost = [made for made in sent if made > clocks[-1] + FRAME_MS]
    assert len(lost) <= OPEN_FRAMES_MAX
    program(*command)
    await stored.wait_for_pieces("main", len(before) + 1)
    _, after = await stored.takes("main")
    assert len(await stored.clocks(after[0])) == 25, "it is encrypted with the existing key of the hour"


async def test_segments_for_a_full_disk_are_counted_as_lost_and_later_ones_are_stored(
    stored: StoredFootage, camera: Start, small_disk: Path
) -> None:
    (port,) = free_ports(1)
    full = StoredFootage(stored.db, Footage(str(small_disk)), stored.vault)
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(shutil.disk_usage(small_disk).free))
    source = Source("main", f"tcp://127.0.0.1:{port}?listen=1", programme=True)
    async with taking_in(source, full.db, full.footage, full.vault, waiting_max=4) as ingest:
        first = camera(port)
        await full.wait_for_fault("main", Fault.STORE_FULL)

        async def lost(count: int) -> bool:
            state = await full.state("main")
            return state is not None and state.lost >= count

        await full.wait_for(partial(lost, 2))
        assert await full.pieces("main") == [], "no row names a missing object"
        first.pull()
        camera(port)
        await full.wait_for(partial(lost, ingest.lost + 4))
        ballast.unlink()
        await full.wait_for_fault("main", None)
        known = ingest.lost
        await full.wait_for_pieces("main", len(await full.pieces("main")) + 2)
        assert ingest.lost == known
        state = await full.state("main")
        assert state is not None
        assert state.lost == ingest.lost, "each is counted once"
    assert len(await full.takes("main")) == 2, "a take that began with a full buffer continues"
    for piece in await full.pieces("main"):
        assert len(await full.clocks(piece)) > 0
