"""Messages of the streams during the replay of recorded requests: one stream for each topic and its
subject.
"""

import asyncio
import contextlib
import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from tests.golden import requests_cast as cast
from tests.golden import requests_system as system
from tests.golden.requests_client import Replay
from tests.golden.requests_log import Exchange
from tests.golden.shapes import Shape, shape_of

OUTLET = "01"
SETTLE_S = 5.0
PULSE_S = 3.0
"""Positions on the pitch are sent by a pulse, twice a second, and only to connected subscribers."""


class Streams:
    """All open streams, and the messages of each topic: its events with their lines."""

    def __init__(self, running: system.System, replay: Replay) -> None:
        self._system = running
        self._replay = replay
        self._tasks: list[asyncio.Task[None]] = []
        self._gone = asyncio.Event()
        self._news = asyncio.Event()
        self.heard: dict[str, list[dict[str, Any]]] = {}

    async def follow(self, who: str, topic: str) -> None:
        """Open a stream; return once it has begun."""
        begun = asyncio.Event()
        running = asyncio.create_task(self._run(who, topic, begun))
        waiting = asyncio.create_task(begun.wait())
        done, _ = await asyncio.wait({running, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if running in done:
            running.result()
        self._tasks.append(running)

    async def _run(self, who: str, topic: str, begun: asyncio.Event) -> None:
        cookies = self._replay.cookies(who).encode()
        headers = [(b"host", system.HOST.encode()), *([(b"cookie", cookies)] if cookies else [])]
        text = b""

        async def receive() -> dict[str, Any]:
            await self._gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            nonlocal text
            if message["type"] == "http.response.start":
                assert message["status"] == 200, f"{topic} as {who}: {message['status']}"
                begun.set()
                return
            text += message["body"]
            *events, text = text.split(b"\n\n")
            for event in events:
                self._hear(event.decode())

        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "https",
            "path": "/api/stream",
            "raw_path": b"/api/stream",
            "root_path": "",
            "query_string": f"topics={quote(topic, safe=':')}".encode(),
            "headers": headers,
            "client": ("127.0.0.1", 1),
            "server": (system.HOST, 443),
        }
        app: Any = self._system.app
        await app(scope, receive, send)

    def _hear(self, event: str) -> None:
        lines = dict(line.partition(": ")[::2] for line in event.splitlines() if not line.startswith(":"))
        if "data" in lines:
            topic = lines["event"].partition(":")[0]
            self.heard.setdefault(topic, []).append(lines | {"data": json.loads(lines["data"])})
            self._news.set()

    async def until(self, topic: str, count: int, seconds: float) -> None:
        """Wait until a topic has sent so many events, or for so long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while len(self.heard.get(topic, ())) < count:
                    self._news.clear()
                    await self._news.wait()

    async def close(self) -> None:
        """Disconnect."""
        self._gone.set()
        await asyncio.gather(*self._tasks)

    def shapes(self) -> dict[str, Shape]:
        """Return the shape of each topic's events."""
        return {topic: shape_of(events) for topic, events in self.heard.items()}


def followed(recording: Sequence[Exchange], topics: Mapping[str, str]) -> dict[int, list[tuple[str, str]]]:
    """Return the principal and the topics to follow, by the number of the recorded request before
    which the stream opens.

    A session may open few streams, so each opens when it has messages: of an order once the order
    exists, of a match once its feed has entries.
    """
    event = next(exchange.path.split("/")[3] for exchange in recording if is_pitch(exchange))
    fan = next(exchange.answer["id"] for exchange in recording if (exchange.who, exchange.path) == ("fan", "/api/me"))
    of_match = [(cast.ANONYMOUS, f"{topic}:{event}") for topic in ("availability", "live", "stats", "pitch")]
    found = {0: [*of_match, ("kitchen", f"kitchen:{OUTLET}")]}
    is_fed = False
    for number, exchange in enumerate(recording):
        if exchange.is_request and exchange.method == "POST" and exchange.status < 300:
            if exchange.who == "fan" and exchange.path == "/api/orders":
                topic = ("fan", f"order:{exchange.json['id']}")
                if all(topic not in opened for opened in found.values()):
                    found.setdefault(number + 1, []).append(topic)
            elif exchange.who == "fan" and exchange.path == "/api/food/orders" and not is_fed:
                is_fed = True
                found.setdefault(number, []).append(("fan", f"food_orders:{fan}"))
            elif is_pitch(exchange):
                found.setdefault(number + 1, []).extend(of_match)
    return {number: [(who, _today(topic, topics)) for who, topic in opened] for number, opened in found.items()}


def _today(topic: str, topics: Mapping[str, str]) -> str:
    name, colon, subject = topic.partition(":")
    return topics.get(name, name) + colon + subject


def is_pitch(exchange: Exchange) -> bool:
    """Whether a request wrote positions on a pitch."""
    return exchange.path.endswith("/frames") and exchange.status < 300 and exchange.is_request
