"""A small HTTP/1.1 client for loads: persistent connections, one request each at a time, no copies."""

import asyncio
from collections import deque
from typing import Any
from urllib.parse import urlsplit

import httptools


class Answer:
    """Status, body and the requested headers."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, body: bytes, headers: dict[bytes, bytes]) -> None:
        self.status = status
        self.body = body
        self.headers = headers


class Gone(ConnectionError):
    """The connection ended before the response: the request may have been processed or not."""


class _Connection(asyncio.Protocol):
    def __init__(self, keep: frozenset[bytes]) -> None:
        self._keep = keep
        self._parser = httptools.HttpResponseParser(self)
        self._body: list[bytes] = []
        self._headers: dict[bytes, bytes] = {}
        self._waiting: asyncio.Future[Answer] | None = None
        self._transport: Any = None
        self.open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self.open = True

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the signature is asyncio's
        self.open = False
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(Gone())

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_header(self, name: bytes, value: bytes) -> None:
        lower = name.lower()
        if lower in self._keep:
            self._headers[lower] = value

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        answer = Answer(self._parser.get_status_code(), b"".join(self._body), self._headers)
        keep_alive = self._parser.should_keep_alive()
        self._body, self._headers = [], {}
        self._parser = httptools.HttpResponseParser(self)
        if not keep_alive:
            self.close()
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(answer)

    def send(self, request: bytes) -> "asyncio.Future[Answer]":
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._waiting

    def close(self) -> None:
        self.open = False
        self._transport.close()


class Client:
    """Requests to one server."""

    def __init__(self, url: str, keep: tuple[bytes, ...] = ()) -> None:
        parts = urlsplit(url)
        self._host = parts.hostname or "127.0.0.1"
        self._port = parts.port or 80
        self._keep = frozenset(keep)
        self._idle: deque[_Connection] = deque()
        self._host_line = f"host: {parts.netloc}\r\n".encode()

    async def ask(self, method: bytes, path: bytes, headers: bytes = b"", body: bytes | None = None) -> Answer:
        """Send one request and return its response; raises `Gone` when the connection ends first,
        OSError when there is none.
        """
        length = b"" if body is None else b"content-type: application/json\r\ncontent-length: %d\r\n" % len(body)
        request = b"%b %b HTTP/1.1\r\n%b%b%b\r\n%b" % (method, path, self._host_line, headers, length, body or b"")
        connection = await self._connection()
        try:
            answer = await connection.send(request)
        except asyncio.CancelledError:  # the response has no reader left, and a later request must not get it
            connection.close()
            raise
        if connection.open:
            self._idle.append(connection)
        return answer

    async def _connection(self) -> _Connection:
        while self._idle:
            connection = self._idle.pop()
            if connection.open:
                return connection
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(lambda: _Connection(self._keep), self._host, self._port)
        return connection

    def close(self) -> None:
        """Close the connections."""
        for connection in self._idle:
            connection.close()
        self._idle.clear()
