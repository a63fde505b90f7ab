"""Stored footage for assertions: rows, objects, and the clock in the pictures."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from virage.media.replay.footage import Footage
from virage.media.replay.ingest.measuring import frames
from virage.media.replay.ingest.synthetic import read_clock
from virage.media.replay.reads.cameras import cameras
from virage.media.replay.rules.cameras import CameraState, Fault
from virage.media.replay.rules.media import Kind, MediaVault, key_period, opened
from virage.media.replay.rules.playlists import Piece
from virage.media.replay.store import cameras as store
from virage.platform.data.database import Database

BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)
FRAME_MS = 40


class StoredFootage:
    """Stored footage of a deployment."""

    def __init__(self, db: Database, footage: Footage, vault: MediaVault) -> None:
        self.db = db
        self.footage = footage
        self.vault = vault

    async def pieces(self, camera: str, kind: Kind = Kind.VIDEO) -> list[Piece]:
        async with self.db.connection() as conn:
            return await store.pieces(conn, camera, kind, BEGINNING, BEGINNING + timedelta(days=9999))

    async def takes(self, camera: str) -> list[list[Piece]]:
        """Return the segments of each take."""
        found: list[list[Piece]] = []
        for previous, piece in pairwise([None, *await self.pieces(camera)]):
            assert piece is not None
            if previous is None or previous.track.take_id != piece.track.take_id:
                found.append([])
            found[-1].append(piece)
        return found

    async def state(self, camera: str) -> CameraState | None:
        async with self.db.connection() as conn:
            return next((state for state in await cameras(conn) if state.name == camera), None)

    async def wait_for(self, condition: Callable[[], Awaitable[bool]]) -> None:
        """Poll until a condition holds."""
        async with asyncio.timeout(60):
            while not await condition():  # noqa: ASYNC110 - it polls the database
                await asyncio.sleep(0.05)

    async def wait_for_fault(self, camera: str, fault: Fault | None) -> None:
        async def holds() -> bool:
            state = await self.state(camera)
            return state is not None and state.reported_at is not None and state.fault == fault

        await self.wait_for(holds)

    async def wait_for_pieces(self, camera: str, count: int) -> None:
        async def holds() -> bool:
            return len(await self.pieces(camera)) >= count

        await self.wait_for(holds)

    async def object_of(self, piece: Piece) -> bytes | None:
        """Return a decrypted segment after its init segment; None if an object or key is missing."""
        period = key_period(piece.segment.at)
        async with self.db.connection() as conn:
            sealed_key = await store.media_key(conn, piece.track.camera, period)
        init, sealed = await self.footage.get(piece.track.id), await self.footage.get(piece.segment.id)
        if init is None or sealed is None or sealed_key is None:
            return None
        return init + opened(sealed, self.vault.open(sealed_key, piece.track.camera, period), piece.segment.id)

    async def clocks(self, piece: Piece) -> list[tuple[float, int]]:
        """Return the recording time and the clock in the picture of each frame (Unix ms)."""
        data = await self.object_of(piece)
        assert data is not None
        began = 1000 * piece.segment.at.timestamp()
        return [(began + 1000 * at_s, read_clock(luma)) for at_s, luma in frames(data)]

    async def late_ms(self, piece: Piece) -> float:
        """Return how much later than its pictures a segment is recorded (ms)."""
        clocks = await self.clocks(piece)
        assert {after - before for (_, before), (_, after) in pairwise(clocks)} <= {FRAME_MS}
        return sum(at - clock for at, clock in clocks) / len(clocks)
