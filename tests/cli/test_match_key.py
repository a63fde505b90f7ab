"""The key that `virage match` creates itself in a demo, and revokes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from virage.app.settings import read
from virage.cli.matching import demo_key
from virage.demo.programme import CLUB
from virage.media.live.sources.playback import PlaybackFailed
from virage.platform.data.database import Database
from virage.platform.settings.config import Config
from virage.site.programme import acts as programme


class Way:
    """A connection to a database that can be cut, as when its system ends."""

    def __init__(self, url: str, folder: Path) -> None:
        parts = urlsplit(url)
        where = parse_qs(parts.query)
        self._to = f"{where['host'][0]}/.s.PGSQL.{where['port'][0]}"
        self._at = folder / ".s.PGSQL.1"
        self._writers: list[asyncio.StreamWriter] = []
        self.url = f"{parts.scheme}://{parts.netloc}{parts.path}?host={folder}&port=1"

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        server = await asyncio.start_unix_server(self._serve, self._at)
        try:
            yield
        finally:
            self.cut()
            server.close()

    def cut(self) -> None:
        self._at.unlink(missing_ok=True)
        for writer in self._writers:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_system, to_system = await asyncio.open_unix_connection(self._to)
        self._writers += [writer, to_system]
        await asyncio.gather(self._hand_on(reader, to_system), self._hand_on(from_system, writer))

    async def _hand_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while some := await reader.read(65_536):
                writer.write(some)
        writer.close()


@pytest.fixture
async def way(database_url: str, db: Database, tmp_path: Path) -> AsyncIterator[Way]:
    async with db.transaction() as conn:
        await programme.add_organiser(conn, CLUB, None, datetime.now(UTC))
    way = Way(database_url, tmp_path)
    async with way.open():
        yield way


def system(way: Way) -> Config:
    secret = "a secret of the tests, long enough"
    return read({"VIRAGE_SECRET": secret, "VIRAGE_DEMO": "1", "VIRAGE_DATABASE_URL": way.url})


async def programs(db: Database) -> int:
    """The number of API clients with a valid key."""
    async with db.connection() as conn:
        return int(await conn.fetchval("select count(*) from people.program"))


async def test_the_token_is_revoked_at_the_end_of_the_match_also_after_a_failure(way: Way, db: Database) -> None:
    async def play() -> None:
        async with demo_key(system(way)):
            assert await programs(db) == 1
            raise PlaybackFailed("It rains.")

    with pytest.raises(PlaybackFailed):
        await play()
    assert await programs(db) == 0


async def test_a_deployment_that_has_ended_does_not_hide_the_error_of_the_match(way: Way) -> None:
    async def play() -> None:
        async with demo_key(system(way)):
            way.cut()
            raise PlaybackFailed("It rains.")

    with pytest.raises(PlaybackFailed):
        await play()
