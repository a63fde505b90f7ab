"""One process of phones that follow a match: each keeps a stream open, and says when each entry came.

    python -m benchmarks.phones PLAN REPORT

A phone speaks HTTP/1.1 over a connection of its own from one of many loopback addresses, for one address has too few
ports for a whole ground. It looks at no more of an answer than at its status and at the numbers of entries.
"""

import asyncio
import re
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from benchmarks.common import run

NUMBER = re.compile(rb'"number":(\d+)')
CONNECTING = 200
ADDRESSES = 4


class Plan(Struct):
    """Which server, which match, whose phones; until which entry they listen. `signal`: a file made once all do."""

    host: str
    port: int
    event: str
    tokens: list[str]
    until: int
    signal: str
    first_address: int


class Report(Struct):
    """When each phone got each entry, seconds since 1970 by the number of the entry; what went wrong."""

    times: dict[int, list[float]] = {}
    doubled: int = 0
    disordered: int = 0
    lost: int = 0


class Phone(asyncio.Protocol):
    """One phone."""

    def __init__(self, plan: Plan, token: str, report: Report) -> None:
        self._plan = plan
        self._token = token
        self._report = report
        self._last = 0
        loop = asyncio.get_running_loop()
        self.opened: asyncio.Future[bool] = loop.create_future()
        self.done: asyncio.Future[None] = loop.create_future()

    def connection_made(self, transport: Any) -> None:
        """Ask for the stream."""
        head = (
            f"GET /api/stream?topics=live:{self._plan.event} HTTP/1.1\r\nhost: {self._plan.host}:{self._plan.port}\r\n"
            f"cookie: __Host-virage={self._token}\r\naccept: text/event-stream\r\n\r\n"
        )
        transport.write(head.encode())

    def data_received(self, data: bytes) -> None:
        """Note the numbers of the entries that came."""
        now = time.time()
        if not self.opened.done():
            self.opened.set_result(data.startswith(b"HTTP/1.1 200"))
        for found in NUMBER.finditer(data):
            number = int(found[1])
            self._report.doubled += number == self._last
            self._report.disordered += number not in (self._last, self._last + 1)
            self._last = number
            self._report.times.setdefault(number, []).append(now)
        if self._last >= self._plan.until and not self.done.done():
            self.done.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's
        """Note that the stream ended before its time."""
        if not self.opened.done():
            self.opened.set_result(False)
        if not self.done.done():
            self._report.lost += 1
            self.done.set_result(None)


def _given(phone: Phone) -> Phone:
    return phone


async def follow(plan: Plan) -> Report:
    """Open all phones, say so, and listen until the last entry has come to each."""
    report, loop = Report(), asyncio.get_running_loop()
    gate = asyncio.Semaphore(CONNECTING)

    async def one(number: int, token: str) -> Phone:
        address = f"127.0.0.{plan.first_address + number % ADDRESSES}"
        async with gate:
            while True:
                phone = Phone(plan, token, report)
                await loop.create_connection(partial(_given, phone), plan.host, plan.port, local_addr=(address, 0))
                if await phone.opened:
                    return phone
                report.lost -= 1  # it was not let in yet, and comes again
                await asyncio.sleep(0.2)

    phones = await asyncio.gather(*(one(number, token) for number, token in enumerate(plan.tokens)))
    await asyncio.to_thread(Path(plan.signal).touch)
    await asyncio.gather(*(phone.done for phone in phones))
    return report


if __name__ == "__main__":
    source, target = (Path(name) for name in sys.argv[1:])
    target.write_bytes(msgspec.json.encode(run(follow(msgspec.json.decode(source.read_bytes(), type=Plan)))))
