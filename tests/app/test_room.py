"""A web process that may open few files: a client without room gets a 503 with Retry-After, and no
request hangs.
"""

import socket
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pytest

from tests.app.conftest import Served, World
from virage.platform.data.database import Database
from virage.platform.values.clock import Clock

FILES = 400
PATIENCE_S = 20


class Small(Served):
    """Processes that open few files each; `limit`: the shell command that sets this."""

    limit: str

    def module_of(self, name: str) -> list[str]:
        return ["virage.cli", name]

    def _spawn(self, name: str) -> "subprocess.Popen[bytes]":
        command = [
            "sh",
            "-c",
            f'ulimit {self.limit} {FILES} && exec "$@"',
            "sh",
            sys.executable,
            "-m",
            *self.module_of(name),
        ]
        with (self._folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(command, env=self.env, stdout=log, stderr=log)  # noqa: S603 - our own


class Hasty(Small):
    """The same, and the web soon drops clients that send nothing, or too slowly."""

    limit = "-n"

    def module_of(self, name: str) -> list[str]:
        return ["tests.app.hasty"] if name == "serve" else super().module_of(name)


@pytest.fixture
async def small(
    tmp_path: Path, shared_database_url: str, request: pytest.FixtureRequest
) -> AsyncIterator[tuple[Small, UUID]]:
    """A running system, and a public event."""
    db = await Database.open(shared_database_url)
    world = World(cast("Any", None), db, Clock())
    await world.open()
    await db.close()
    system = Small(tmp_path, shared_database_url)
    system.limit = request.param
    try:
        await system.start()
        yield system, world.event
    finally:
        system.stop()


def asked(system: Small, event: UUID) -> Counter[str]:
    """The responses to more phones than there are files, each of which keeps its stream."""
    kept: list[socket.socket] = []
    answers: Counter[str] = Counter()
    for _ in range(FILES + 100):
        sock = socket.create_connection(("127.0.0.1", system.port), PATIENCE_S)
        sock.sendall(f"GET /api/stream?topics=live:{event} HTTP/1.1\r\nhost: localhost\r\n\r\n".encode())
        status = sock.recv(12, socket.MSG_WAITALL).decode()[9:]
        answers[status] += 1
        if status == "200":
            kept.append(sock)
        else:
            sock.close()
    for sock in kept:
        sock.close()
    return answers


@pytest.mark.parametrize("small", ["-n"], indirect=True)
def test_a_connection_above_the_limit_gets_503_at_once(small: tuple[Small, UUID]) -> None:
    answers = asked(*small)
    assert set(answers) == {"200", "503"}
    assert answers["200"] >= FILES // 5, "anonymous clients get a quarter of the connections"


@pytest.mark.parametrize("small", ["-Sn"], indirect=True)
def test_a_process_raises_its_soft_limit_of_open_files_to_the_hard_limit(small: tuple[Small, UUID]) -> None:
    assert set(asked(*small)) == {"200"}


@pytest.fixture
async def hasty(tmp_path: Path, shared_database_url: str) -> AsyncIterator[Hasty]:
    """A running system."""
    system = Hasty(tmp_path, shared_database_url)
    try:
        await system.start()
        yield system
    finally:
        system.stop()


SLOW_BODY = (
    b"POST /api/sign-in/codes HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
    b"content-length: 60000\r\n\r\n{"
)


def until_closed(sock: socket.socket) -> bytes:
    """Read until the server closes the connection."""
    said = b""
    while part := sock.recv(65_536):
        said += part
    return said


def test_silent_and_slow_connections_are_closed_and_others_are_served(hasty: Hasty) -> None:
    address = ("127.0.0.1", hasty.port)
    held = [socket.create_connection(address, PATIENCE_S) for _ in range(FILES + 50)]
    for sock in held[::2]:
        sock.sendall(SLOW_BODY)
    asking = socket.create_connection(address, PATIENCE_S)
    asking.sendall(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n")
    assert asking.recv(12, socket.MSG_WAITALL) == b"HTTP/1.1 200", "idle connections do not block others"
    answers = [until_closed(sock) for sock in held]
    assert {answer[:12] for answer in answers[::2]} == {b"HTTP/1.1 408"}
    assert set(answers[1::2]) == {b""}
    for sock in (*held, asking):
        sock.close()
