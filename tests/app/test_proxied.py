"""Pages for the machine itself, requested by a stranger through a plain reverse proxy on that
machine.
"""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from tests.ports import free_ports

if TYPE_CHECKING:
    from tests.app.conftest import Served

HIDDEN = ("/mailbox", "/mailbox/style.css", "/api/mailbox", "/cards", "/cards/style.css", "/metrics")
PUBLIC = {"VIRAGE_PUBLIC_URL": "https://tickets.example"}
PRODUCTION = PUBLIC | {"VIRAGE_DEMO": "0", "VIRAGE_SMTP_URL": "smtp://127.0.0.1:1", "VIRAGE_SANDBOX_URL": ""}


async def handed_on(port: int, path: str) -> int:
    """The status of a request through nginx's `proxy_pass http://127.0.0.1:PORT;` without further
    configuration.
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        f"GET {path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n"
        "User-Agent: Mozilla/5.0\r\nAccept: */*\r\n\r\n".encode()
    )
    answer = await reader.read()
    writer.close()
    return int(answer.split(b" ", 2)[1])


def started(env: dict[str, str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-m", "virage.cli", "serve"], env=env)


@asynccontextmanager
async def serving(served: "Served", **variables: str) -> AsyncIterator[int]:
    """The port of another `virage serve` over the same database."""
    (port,) = free_ports(1)
    process = started(served.env | variables | {"VIRAGE_PORT": str(port)})
    try:
        async with asyncio.timeout(60):
            while not await answers(port):
                assert process.poll() is None
                await asyncio.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(30)


async def answers(port: int) -> bool:
    try:
        return await handed_on(port, "/readyz") == 200
    except OSError:
        return False


@pytest.mark.parametrize("variables", [PUBLIC, PRODUCTION], ids=["demonstration", "production"])
async def test_mailbox_cards_and_metrics_are_not_found_through_a_proxy(
    served: "Served", variables: dict[str, str]
) -> None:
    async with serving(served, **variables) as port:
        assert {path: await handed_on(port, path) for path in HIDDEN} == dict.fromkeys(HIDDEN, 404)


async def test_a_demo_for_phones_shows_them_at_its_loopback_listener(served: "Served") -> None:
    async with serving(served, **PUBLIC, VIRAGE_LOOPBACK_LISTENER="1") as port:
        assert {path: await handed_on(port, path) for path in HIDDEN} == dict.fromkeys(HIDDEN, 200)


async def test_a_demo_shows_them_on_its_own_machine(served: "Served") -> None:
    assert {path: await handed_on(served.port, path) for path in HIDDEN} == dict.fromkeys(HIDDEN, 200)
