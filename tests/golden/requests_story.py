"""The recorded scenario and its player: every domain's requests in the order of a match day."""

import asyncio
import re
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from tests.golden.requests_client import Client, recorded
from tests.golden.requests_log import Exchange, Names
from tests.golden.requests_system import System

SERVER_ERROR = 500
STEP_S = 0.1
SETTLED_S = 0.05
WORK = "worker"
ANY = 0
"""Whatever the status is: it is recorded."""


class Answer:
    """A response as the scenario reads it."""

    def __init__(self, status: int, body: bytes, headers: Any) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def json(self) -> Any:
        """The response as JSON."""
        return msgspec.json.decode(self.body)

    @property
    def text(self) -> str:
        """The response as text."""
        return self.body.decode()


class Story:
    """Plays requests against a system and records them. Ids are made here, the same each time."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.exchanges: list[Exchange] = []
        self.faults: list[str] = []
        self.known: dict[str, list[str]] = {}
        self._client = Client(system)
        self._at = 60.0
        self._ids = 0
        self._written = False

    @property
    def now(self) -> datetime:
        """The moment of the next request."""
        return self.system.moment + timedelta(seconds=self._at)

    def at(self, **after: float) -> str:
        """Return a moment so long after now, in JSON; the milliseconds are whole."""
        moment = (self.now + timedelta(**after)).replace(microsecond=0)
        return moment.isoformat().replace("+00:00", "Z")

    def wait(self, **time: float) -> None:
        """Advance the clock."""
        self._at = round(self._at + timedelta(**time).total_seconds(), 3)

    def until(self, moment: str, **after: float) -> None:
        """Advance the clock until so long after a moment; never back."""
        seconds = (datetime.fromisoformat(moment) - self.system.moment + timedelta(**after)).total_seconds()
        self._at = round(max(self._at, seconds), 3)

    def new_id(self) -> str:
        """Return a new UUIDv7 that is determined by the number of previous ones."""
        self._ids += 1
        milliseconds = int(self.now.timestamp() * 1000)
        return str(UUID(int=milliseconds << 80 | 0x7 << 76 | 0b10 << 62 | self._ids))

    def learn(self, **values: str) -> None:
        """Store ids for requests, by the names of path parameters."""
        for name, value in values.items():
            self.known.setdefault(name, []).append(value)

    async def ask(
        self,
        who: str,
        method: str,
        path: str,
        json: Any = msgspec.UNSET,
        *,
        query: str = "",
        expect: int | None = None,
        headers: dict[str, str] | None = None,
        content: str = "",
    ) -> Answer:
        """Send a request and record it; its status must be a success unless another one is
        expected.
        """
        exchange = Exchange(who, self._at, method, path, query, headers or {}, json, content)
        answer = await self.send(exchange)
        assert expect in (ANY, answer.status) or (expect is None and 200 <= answer.status < 300), (
            f"{method} {path} as {who}: {answer.status} {answer.body[:600]!r}"
        )
        return answer

    async def send(self, exchange: Exchange) -> Answer:
        """Send a request, whatever the response, and record it."""
        exchange.at = self._at
        if exchange.method == "GET" and self._written:
            await asyncio.sleep(SETTLED_S)  # reads follow the journal; a replay retries instead
        self._written = exchange.method != "GET"
        response = await self._client.send(exchange, Names())
        recorded(exchange, response)
        if response.status_code < SERVER_ERROR:
            self.exchanges.append(exchange)
        else:
            self.faults.append(f"{exchange.method} {exchange.path}?{exchange.query} as {exchange.who}")
        self.wait(seconds=STEP_S)
        return Answer(response.status_code, response.content, response.headers)

    async def work(self) -> int:
        """Run the due jobs."""
        self.system.at(self._at)
        exchange = Exchange(WORK, self._at, status=await self.system.work())
        self.exchanges.append(exchange)
        self._written = True
        return exchange.status

    async def letter(self, address: str, pattern: str) -> str:
        """Return a pattern's match in the latest email to an address, once the worker has sent it."""
        await self.work()
        for letter in (await self.ask("here", "GET", "/api/mailbox")).json:
            found = re.search(pattern, letter["body"])
            if letter["recipient"] == address and found:
                return found[1]
        raise AssertionError(f"no letter to {address} with {pattern}")
