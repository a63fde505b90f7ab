"""Send recorded requests to a system in this process, and compare or learn its responses."""

import asyncio
import time
from base64 import b64decode
from typing import Any

import httpx
import msgspec

from tests.golden import requests_cast as cast
from tests.golden import requests_system as system
from tests.golden.requests_log import (
    Difference,
    Exchange,
    Names,
    answer_of,
    bind_drawn,
    differences,
    headers_of,
    mark_drawn,
)

SETTLE_S = 2.0
AGAIN_S = 0.01


class Client:
    """All principals, each with its cookies."""

    def __init__(self, running: system.System) -> None:
        self._system = running
        self._transport = httpx.ASGITransport(app=running.app, client=("127.0.0.1", 1))
        self._browsers: dict[str, httpx.AsyncClient] = {}

    async def send(self, exchange: Exchange, names: Names) -> httpx.Response:
        """Send one recorded request, with the values that this system generated, at its moment."""
        self._system.at(exchange.at)
        headers = {name: names.text(value) for name, value in exchange.headers.items()}
        content = b64decode(exchange.bytes)
        if exchange.json is not msgspec.UNSET:
            content = msgspec.json.encode(names.value(exchange.json))
            headers.setdefault("content-type", "application/json")
        if exchange.who == cast.PROVIDER:
            headers |= system.signed_webhook(content, int(time.time()))
        query = names.text(exchange.query)
        return await self._browser(exchange.who).request(
            exchange.method,
            names.text(exchange.path) + (f"?{query}" if query else ""),
            headers=headers,
            content=content,
        )

    def cookies(self, who: str) -> str:
        """Return the cookies that a principal would send now."""
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in self._browser(who).cookies.jar)

    def _browser(self, who: str) -> httpx.AsyncClient:
        if who in (cast.ANONYMOUS, cast.PROVIDER):
            self._browsers.pop(who, None)
        browser = self._browsers.get(who)
        if browser is None:
            site = "http://localhost" if who == cast.HERE else system.SITE
            browser = httpx.AsyncClient(transport=self._transport, base_url=site, timeout=30)
            browser.headers = httpx.Headers({"user-agent": "Firefox"})
            if who in cast.PEOPLE:
                browser.cookies.set(cast.COOKIE, cast.token(who), domain=system.HOST)
            if who in (*cast.DEVICES, cast.PROGRAM):
                browser.headers["authorization"] = f"Bearer {cast.token(who)}"
            self._browsers[who] = browser
        return browser


def recorded(exchange: Exchange, answer: httpx.Response) -> None:
    """Record a response beside its request."""
    exchange.status = answer.status_code
    exchange.answered = headers_of(answer.headers.multi_items())
    exchange.answer = answer_of(answer.headers.get("content-type", ""), answer.content)


class Replay:
    """Sends a recording, request by request, and stores the values that its system generated so
    far.
    """

    def __init__(self, running: system.System) -> None:
        self._system = running
        self._client = Client(running)
        self.names = Names()
        self.answer = httpx.Response(0)
        """The last answer, whole."""

    async def compared(self, exchange: Exchange) -> list[Difference]:
        """Send a request; return where the response differs. A read follows the journal: it may be
        retried.
        """
        return (await self._asked(exchange, SETTLE_S))[1]

    def cookies(self, who: str) -> str:
        """Return the cookies that a principal would send now."""
        return self._client.cookies(who)

    async def ask(self, exchange: Exchange) -> httpx.Response:
        """Send a request once, whatever the response."""
        self.answer = await self._client.send(exchange, self.names)
        return self.answer

    async def marked(self, exchange: Exchange) -> None:
        """Send a request, and mark in the recorded response the values that this system generated."""
        actual, found = await self._asked(exchange, SETTLE_S / 10)
        unequal = [difference for difference in found if difference.path[0] in ("status", "answered")]
        if unequal:
            raise AssertionError(f"{exchange.method} {exchange.path} as {exchange.who}: {unequal[0]}")
        if found:
            exchange.answer = mark_drawn(exchange.answer, actual["answer"], self.names)

    async def _asked(self, exchange: Exchange, seconds: float) -> tuple[dict[str, Any], list[Difference]]:
        until = time.monotonic() + seconds
        while True:
            actual = await self._actual(exchange)
            expected = {"status": exchange.status, "answered": exchange.answered, "answer": exchange.answer}
            bind_drawn(expected, actual, self.names)
            found = list(differences(expected, actual, self.names))
            if not found or exchange.method != "GET" or time.monotonic() > until:
                return actual, found
            await asyncio.sleep(AGAIN_S)

    async def _actual(self, exchange: Exchange) -> dict[str, Any]:
        if not exchange.is_request:
            self._system.at(exchange.at)
            return {"status": await self._system.work(), "answered": {}, "answer": None}
        answer = self.answer = await self._client.send(exchange, self.names)
        content_type = answer.headers.get("content-type", "")
        return {
            "status": answer.status_code,
            "answered": headers_of(answer.headers.multi_items()),
            "answer": answer_of(content_type, answer.content),
        }
