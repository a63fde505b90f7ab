"""Fixtures of replay tests."""

import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import FakeClock
from tests.media.replay.camera import Camera
from tests.media.replay.desk import Desk, a_desk
from tests.media.replay.recorded_match import RecordedMatch, a_recorded_match
from tests.media.replay.stored import StoredFootage
from virage.media.replay.footage import Footage
from virage.media.replay.rules.media import MediaVault
from virage.platform.data.database import Database
from virage.platform.settings.config import Config
from virage.platform.web.http import Application

Program = Callable[..., "subprocess.Popen[bytes]"]

ROOT = Path(__file__).parents[3]


@pytest.fixture
def camera() -> Iterator[Callable[..., Camera]]:
    """Start cameras that are stopped after the test."""
    started: list[Camera] = []

    def start(port: int, **how: object) -> Camera:
        started.append(Camera(port, **how))
        return started[-1]

    yield start
    for sender in started:
        sender.pull()


@pytest.fixture
def program() -> Iterator[Program]:
    """Start processes that are ended after the test; `-m` starts Python."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*command: str, **how: object) -> "subprocess.Popen[bytes]":
        whole = [sys.executable, *command] if command[0] == "-m" else list(command)
        started.append(subprocess.Popen(whole, cwd=ROOT, **how))  # type: ignore[call-overload]  # noqa: S603 - ours
        return started[-1]

    yield start
    for process in reversed(started):
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()


@pytest.fixture
def stored(config: Config, db: Database) -> StoredFootage:
    return StoredFootage(db, Footage(config.objects_at), MediaVault([config.secret]))


@pytest.fixture
async def recorded(app: Application, db: Database, clock: FakeClock, config: Config) -> AsyncIterator[RecordedMatch]:
    async with a_recorded_match(app, db, clock, config) as match:
        yield match


@pytest.fixture
async def desk(app: Application, db: Database, clock: FakeClock) -> AsyncIterator[Desk]:
    async with a_desk(app, db, clock) as at_work:
        yield at_work
