"""A proxy in front of a server that can go silent like a frozen machine: its kernel accepts bytes,
and no response comes.
"""

import asyncio
from typing import Self
from urllib.parse import parse_qs, urlsplit


class _End(asyncio.Protocol):
    """One end of a connection; its input is written to the other end, if the proxy allows it."""

    def __init__(self, proxy: "Silence") -> None:
        self.proxy = proxy
        self.transport: asyncio.Transport | None = None
        self.other: _End | None = None
        self.held: list[bytes] = []
        self.is_over = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.proxy.ends.append(self)

    def data_received(self, data: bytes) -> None:
        self.held.append(data)
        self.pass_on()

    def connection_lost(self, _failure: Exception | None) -> None:
        self.is_over = True
        self.pass_on()

    def pass_on(self) -> None:
        """Send the held bytes, then the end of the connection."""
        if self.proxy.is_silent or self.other is None or self.other.transport is None:
            return
        if self.held and not self.other.transport.is_closing():
            self.other.transport.write(b"".join(self.held))
        self.held.clear()
        if self.is_over:
            self.other.transport.close()


class Silence:
    """Forwards a TCP port to a server's address until it is silenced; then it accepts bytes and
    sends none.
    """

    def __init__(self, url: str) -> None:
        self._url = urlsplit(url)
        self._server: asyncio.Server | None = None
        self._opening: set[asyncio.Task[None]] = set()
        self.ends: list[_End] = []
        self.is_silent = False

    async def __aenter__(self) -> Self:
        self._server = await asyncio.get_running_loop().create_server(self._accepted, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_failure: object) -> None:
        assert self._server is not None
        self._server.close()
        await asyncio.gather(*self._opening)
        for end in self.ends:
            if end.transport is not None:
                end.transport.abort()
        await asyncio.sleep(0)  # the loop drops them in its next turn

    @property
    def url(self) -> str:
        """The same database through this proxy."""
        assert self._server is not None
        port = self._server.sockets[0].getsockname()[1]
        user = self._url.netloc.rpartition("@")[0]
        return f"postgresql://{user}@127.0.0.1:{port}{self._url.path}?sslmode=disable"

    def fall_silent(self) -> None:
        """Stop forwarding in both directions, for existing and new connections."""
        self.is_silent = True

    def speak(self) -> None:
        """Forward again, also the held bytes: the other side was slow, not gone."""
        self.is_silent = False
        for end in list(self.ends):
            end.pass_on()

    def _accepted(self) -> _End:
        near, far = _End(self), _End(self)
        task = asyncio.get_running_loop().create_task(self._open(near, far))
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)
        return near

    async def _open(self, near: _End, far: _End) -> None:
        query, loop = parse_qs(self._url.query), asyncio.get_running_loop()
        if "host" in query:
            path = f"{query['host'][0]}/.s.PGSQL.{query['port'][0]}"
            await loop.create_unix_connection(lambda: far, path)
        else:
            await loop.create_connection(lambda: far, self._url.hostname or "", self._url.port or 0)
        near.other, far.other = far, near
        near.pass_on()
        far.pass_on()
