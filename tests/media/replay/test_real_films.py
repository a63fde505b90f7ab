"""Video of real cameras, sent over TCP as MPEG-TS and played unchanged."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from io import BytesIO
from itertools import islice
from typing import Any
from uuid import UUID

import av
import numpy as np
import pytest
from av.container import InputContainer

from benchmarks.camera_output import RATE, CameraOutput, copied, encoded, frames_of_film, play
from tests.media.replay.archive import Archive
from tests.media.replay.camera import taking_in
from tests.ports import free_ports
from tests.samples import footage
from virage.media.replay.footage import Footage
from virage.media.replay.ingest.transports import Source
from virage.media.replay.reads import watching
from virage.media.replay.rules.clips import Clip
from virage.media.replay.rules.media import Kind, MediaVault
from virage.media.replay.rules.playlists import Piece
from virage.media.replay.store import cameras as store
from virage.platform.data.database import Database
from virage.platform.settings.config import Config
from virage.platform.values.ids import new_id

SINCE = datetime(2020, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Studio(Archive):
    """An ingest and its stored footage."""

    async def take_in(self, camera_output: CameraOutput, seconds: float) -> str | None:
        """Send the output of a camera until enough is stored or it is refused; return the fault."""
        (port,) = free_ports(1)
        source = Source("main", f"tcp://127.0.0.1:{port}?listen=1", programme=True)
        async with asyncio.timeout(60), taking_in(source, self.db, self.footage, self.vault):
            sending = asyncio.create_task(play(camera_output, port))
            try:
                while True:
                    kept = await self.pieces(Kind.VIDEO)
                    if kept and sum(piece.segment.duration_ms for piece in kept) >= 1000 * seconds:
                        return None
                    if fault := await self.fault():
                        return fault
                    await asyncio.sleep(0.05)
            finally:
                sending.cancel()
                await asyncio.gather(sending, return_exceptions=True)

    async def pieces(self, kind: Kind) -> list[Piece]:
        async with self.db.connection() as conn:
            return await store.pieces(conn, "main", kind, SINCE, datetime.now(UTC) + HOUR)

    async def fault(self) -> str | None:
        async with self.db.connection() as conn:
            found: str | None = await conn.fetchval(
                "select fault from replay.camera where name = 'main' and fault not in ('ended', 'unreachable')"
            )
        return found

    async def clip(self, kind: Kind) -> bytes:
        """Return the decrypted media of a clip of everything."""
        pieces = await self.pieces(kind)
        clip = Clip(new_id(), new_id(), pieces[0].segment.at, pieces[-1].segment.ends_at, ["main"], SINCE)
        async with self.db.connection() as conn:
            text = await watching.playlist(conn, clip, "main", kind, clip.to_at + HOUR, languages=["fr", "en"])
        assert text is not None
        named = [UUID(found) for found in re.findall(r"/objects/([0-9a-f-]{36})$", text, re.MULTILINE)]
        assert named == [piece.segment.id for piece in pieces]
        opened = [await self.open(piece) for piece in pieces]
        return b"".join([opened[0][0], *(fragment for _, fragment in opened)])


@pytest.fixture
def studio(config: Config, db: Database) -> Studio:
    return Studio(db, Footage(config.objects_at), MediaVault([config.secret]))


def decoded(data: bytes, kind: Kind) -> list[Any]:
    with av.open(BytesIO(data)) as container:
        assert isinstance(container, InputContainer)
        frames = container.decode(video=0) if kind is Kind.VIDEO else container.decode(audio=0)
        return [frame.to_ndarray() for frame in frames]


@pytest.mark.parametrize("name", ["bigbuckbunny.mp4", "bikes.mp4"])
async def test_real_video_with_a_key_frame_per_second_is_played_frame_by_frame(name: str, studio: Studio) -> None:
    path = footage(name)
    camera_output = encoded(islice(frames_of_film(path), 55), sound_of=path)
    assert await studio.take_in(camera_output, 2) is None
    sent, played = decoded(camera_output.whole, Kind.VIDEO), decoded(await studio.clip(Kind.VIDEO), Kind.VIDEO)
    whole = 2 * RATE  # the last frames of an interrupted second wait for reordering
    assert len(played) >= whole
    assert all(np.array_equal(before, after) for before, after in zip(sent[:whole], played[:whole], strict=True))
    if name == "bigbuckbunny.mp4":
        expected, heard = decoded(camera_output.whole, Kind.AUDIO), decoded(await studio.clip(Kind.AUDIO), Kind.AUDIO)
        part = heard[2:40]  # the first two decoded frames depend on earlier ones
        assert any(np.array_equal(part, expected[at : at + len(part)]) for at in range(10))


@pytest.mark.parametrize("name", ["bigbuckbunny.mp4", "bikes.mp4"])
async def test_real_video_encoded_for_files_is_refused_with_the_reason(name: str, studio: Studio) -> None:
    assert await studio.take_in(copied(footage(name)), 3) == "gop_too_long"
    assert await studio.pieces(Kind.VIDEO) == []
