"""A server that shuts down beside another one, behind a load balancer that checks the readiness of
both.
"""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from tests.ports import free_ports

if TYPE_CHECKING:
    from tests.app.conftest import Served, World

DRAIN_S = 4
CALLERS, PHONES = 8, 24
BALANCER = """
global
  log stderr format raw local0 notice
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  timeout check 30s
  retries 0
frontend all
  bind 127.0.0.1:{front}
  default_backend both
backend both
  option httpchk GET /readyz
  http-response set-header x-server %s
  server first 127.0.0.1:{first} check inter 500ms fall 2 rise 1
  server second 127.0.0.1:{second} check inter 500ms fall 2 rise 1
"""


async def ready(url: str) -> None:
    async with httpx.AsyncClient() as browser, asyncio.timeout(60):
        while True:
            with suppress(httpx.TransportError):
                if (await browser.get(f"{url}/readyz")).status_code == httpx.codes.OK:
                    return
            await asyncio.sleep(0.05)


@asynccontextmanager
async def started(command: list[str], folder: Path, name: str, **env: str) -> "AsyncIterator[subprocess.Popen[bytes]]":
    with (folder / f"{name}.log").open("ab") as log:
        process = subprocess.Popen(command, env=os.environ | env, stdout=log, stderr=log)  # noqa: ASYNC220, S603 - ours
    try:
        yield process
    finally:
        process.kill()
        process.wait(30)


class Phone:
    """A phone that follows the match, and reconnects when its stream ends."""

    def __init__(self) -> None:
        self.servers: list[str] = []
        self.refused = 0

    async def follow(self, address: str) -> None:
        async with httpx.AsyncClient(timeout=60) as browser:
            while True:
                async with browser.stream("GET", address) as stream:
                    if stream.status_code != httpx.codes.OK:
                        self.refused += 1
                        await asyncio.sleep(0.05)
                        continue
                    self.servers.append(stream.headers["x-server"])
                    async for _ in stream.aiter_raw():
                        pass


async def call(url: str, answers: Counter[str]) -> None:
    """Send requests repeatedly, each on a new connection, so that a balancer's request to a dead
    server is detected.
    """
    while True:
        async with httpx.AsyncClient(timeout=60) as browser:
            try:
                answer = await browser.get(f"{url}/api/club")
            except httpx.TransportError as failure:
                answers[type(failure).__name__] += 1
            else:
                answers[f"{answer.status_code} {answer.text if answer.is_error else ''}".rstrip()] += 1


async def test_a_draining_server_refuses_no_request_and_phones_reconnect_once(
    served: "Served", live_world: "World", tmp_path: Path
) -> None:
    front, first, second = free_ports(3)
    (tmp_path / "haproxy.cfg").write_text(BALANCER.format(front=front, first=first, second=second))
    env = {name: str(value) for name, value in served.env.items()} | {"VIRAGE_DRAIN_S": str(DRAIN_S)}
    serve = [sys.executable, "-m", "virage.cli", "serve"]
    haproxy = shutil.which("haproxy", path=f"{os.environ['PATH']}:/usr/sbin")
    assert haproxy is not None
    url, answers, phones = f"http://localhost:{front}", Counter[str](), [Phone() for _ in range(PHONES)]
    async with (
        started(serve, tmp_path, "first", **env | {"VIRAGE_PORT": str(first)}) as ending,
        started(serve, tmp_path, "second", **env | {"VIRAGE_PORT": str(second)}),
        started([haproxy, "-db", "-f", str(tmp_path / "haproxy.cfg")], tmp_path, "haproxy"),
        httpx.AsyncClient(timeout=60) as browser,
    ):
        for port in (first, second, front):
            await ready(f"http://localhost:{port}")
        async with asyncio.timeout(60):  # the balancer also has to find both ready
            found = set[str | None]()
            while not found >= {"first", "second"}:
                found.add((await browser.get(f"{url}/readyz")).headers.get("x-server"))
        address = f"{url}/api/stream?topics=live:{live_world.event}"
        asking = [asyncio.create_task(call(url, answers)) for _ in range(CALLERS)]
        following = [asyncio.create_task(phone.follow(address)) for phone in phones]
        async with asyncio.timeout(60):
            while any(not phone.servers for phone in phones) or answers.total() < CALLERS:  # noqa: ASYNC110 - other processes
                await asyncio.sleep(0.05)
        began = [phone.servers[0] for phone in phones]
        assert Counter(began).keys() == {"first", "second"}

        ending.send_signal(signal.SIGTERM)
        async with asyncio.timeout(60):
            while (  # noqa: ASYNC110 - another process
                said := await browser.get(f"http://localhost:{first}/readyz")
            ).status_code == httpx.codes.OK:
                await asyncio.sleep(0.01)
            assert said.text == "this process ends\n"
            assert (await browser.get(f"http://localhost:{first}/api/club")).status_code == httpx.codes.OK
            await asyncio.to_thread(ending.wait)
            while any(phone.servers[-1] == "first" for phone in phones):  # noqa: ASYNC110 - other processes
                await asyncio.sleep(0.05)
        before = answers.total()
        async with asyncio.timeout(60):
            while answers.total() < before + CALLERS:  # noqa: ASYNC110 - other processes
                await asyncio.sleep(0.05)
        for task in (*asking, *following):
            task.cancel()
        await asyncio.gather(*asking, *following, return_exceptions=True)
    assert answers.keys() == {"200"}
    assert sum(phone.refused for phone in phones) == 0
    assert [phone.servers for phone in phones] == [
        ["first", "second"] if server == "first" else ["second"] for server in began
    ]
