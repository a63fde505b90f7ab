"""`virage ingest`: ingest a camera, or the two of the demo, until SIGTERM."""

import asyncio
import re
import shutil
import signal
import threading
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from socket import create_server

import av

from virage.app.opening import clock_of, opened
from virage.cli.deployment import configuration_of_running, console, database, fail
from virage.media.replay import api as replay
from virage.media.replay.api import PASSPHRASE_LENGTH_MIN, SCHEMES, SRT_PROGRAM, Footage, Ingest, Source, send
from virage.media.replay.types import ADVICE, CAMERA_PATTERN, DELAY_MS_MAX, CameraDelay, Fault, MediaVault
from virage.platform.host.supervise import die_with_parent
from virage.platform.settings import logs
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock

DEMO_CAMERAS = ("main", "behind-goal")
AGAIN_S = 0.5
COMPARED_MIN = 2


def ingest(sources: Sequence[Source], *, with_cameras: bool = False) -> None:
    """Ingest these cameras. With `with_cameras` they are synthetic, and run here too."""
    die_with_parent()
    config = configuration_of_running()
    logs.configure(config.log_level, "ingest")
    with database(config) as ready:
        asyncio.run(_ingest(ready, sources, with_cameras=with_cameras))


def demo_sources() -> list[Source]:
    """Return the two synthetic cameras, each sending to a free port of this machine."""
    with ExitStack() as probes:
        ports = [probes.enter_context(create_server(("127.0.0.1", 0))).getsockname()[1] for _ in DEMO_CAMERAS]
    return [
        Source(name, f"tcp://127.0.0.1:{port}?listen=1", programme=place == 0)
        for place, (name, port) in enumerate(zip(DEMO_CAMERAS, ports, strict=True))
    ]


def source(
    camera: str, url: str, *, programme: bool, delay_ms: int | None, allow_unauthenticated: bool = False
) -> Source:
    """Return a camera. Exits for an invalid name or address, and for a listener without authentication."""
    if not re.fullmatch(CAMERA_PATTERN, camera):
        raise fail(f"{camera!r} is not a camera name: use lower-case letters, digits and hyphens, at most 31.")
    found = Source(camera, url, programme, delay_ms)
    if found.scheme not in SCHEMES:
        raise fail(f"{found.scheme}:// is not supported. Use {', '.join(f'{name}://' for name in SCHEMES)}.")
    if _is_open(found) and not allow_unauthenticated:
        raise fail(
            f"Any sender that reaches {url.partition('?')[0]} could be this camera. Use SRT with a passphrase of at "
            f"least {PASSPHRASE_LENGTH_MIN} characters (srt://:9000?mode=listener&passphrase=…), listen on 127.0.0.1, "
            "or allow every sender of a network that has only cameras by --allow-unauthenticated."
        )
    if delay_ms is not None and not 0 <= delay_ms <= DELAY_MS_MAX:
        raise fail(f"The delay must be 0 to {DELAY_MS_MAX} milliseconds.")
    if found.scheme == "srt" and shutil.which(SRT_PROGRAM) is None:
        raise fail(ADVICE[Fault.NO_SRT])
    return found


def _is_open(source: Source) -> bool:
    try:
        return source.is_open
    except ValueError as error:
        raise fail(f"{source.url.partition('?')[0]} is not an address: {error}.") from None


def measure() -> None:
    """Measure the delay of each camera by a lamp that all of them filmed; print and store it."""
    config = configuration_of_running()
    with database(config) as ready:
        found = asyncio.run(_measure(ready))
    for late in found:
        if late.delay_ms is None:
            console.print(f"{late.camera}: too few flashes in common with another camera; its delay is unchanged.")
        else:
            console.print(f"{late.camera}: {late.delay_ms} ms late, by {late.flashes} flashes.")
    if sum(late.delay_ms is not None for late in found) < COMPARED_MIN:
        raise fail(
            "No common flashes found. Flash a lamp in view of two cameras for ten seconds, at irregular intervals."
        )


async def _measure(config: Config) -> list[CameraDelay]:
    vault = MediaVault([config.secret, *config.secrets_previous])
    async with opened(config) as db:
        return await replay.measure(db, Footage(config.objects_at), vault, clock_of(config).now())


async def _ingest(config: Config, sources: Sequence[Source], *, with_cameras: bool) -> None:
    clock, stopped = clock_of(config), threading.Event()
    vault = MediaVault([config.secret, *config.secrets_previous])
    loop = asyncio.get_running_loop()
    async with opened(config) as db:
        ingests = [
            Ingest(source, db=db, clock=clock, footage=Footage(config.objects_at), vault=vault) for source in sources
        ]
        running = [asyncio.create_task(ingest.run()) for ingest in ingests]
        if with_cameras:
            running += [asyncio.create_task(asyncio.to_thread(_film, source, clock, stopped)) for source in sources]
        for wish in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(wish, _end, running, stopped)
        ended = await asyncio.gather(*running, return_exceptions=True)
    for failure in ended:
        if isinstance(failure, Exception):
            raise failure


def _end(running: Sequence["asyncio.Task[None]"], stopped: threading.Event) -> None:
    stopped.set()
    for task in running:
        task.cancel()


def _film(source: Source, clock: Clock, stopped: threading.Event) -> None:
    """Run the camera in a thread, until its receiver closes the connection."""
    address = source.url.partition("?")[0]
    while not stopped.is_set():
        with suppress(av.FFmpegError, OSError):
            send(address, clock, running=lambda: not stopped.is_set())
        stopped.wait(AGAIN_S)
