"""Measuring the delays of cameras by a flashing lamp in their recorded pictures."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from io import BytesIO
from typing import Final

import av
import numpy as np
from av.container import InputContainer
from numpy.typing import NDArray

from virage.media.replay.footage import Footage
from virage.media.replay.rules.alignment import CameraDelay, delays, flashes, grid
from virage.media.replay.rules.media import Kind, MediaVault, key_period, opened
from virage.media.replay.rules.playlists import Piece
from virage.media.replay.store import cameras as store
from virage.platform.data.database import Database

LOOKS_BACK: Final = timedelta(seconds=30)


async def measure(db: Database, footage: Footage, vault: MediaVault, now: datetime) -> list[CameraDelay]:
    """Compare the last 30 seconds of all cameras, store and return their delays. Running ingests apply them at once."""
    async with db.connection() as conn:
        known = {camera.name: camera.delay_ms for camera in await store.cameras(conn)}
    measured = [(camera, await _flashes(db, footage, vault, camera, now)) for camera in known]
    found = delays(known, [(camera, times) for camera, times in measured if times is not None])
    async with db.transaction() as conn:
        for late in found:
            if late.delay_ms is not None:
                await store.set_delay(conn, late.camera, late.delay_ms)
    return found


async def _flashes(
    db: Database, footage: Footage, vault: MediaVault, camera: str, now: datetime
) -> NDArray[np.float64] | None:
    """Return the times of flashes in the pictures of a camera (Unix ms); None without video."""
    async with db.connection() as conn:
        pieces = await store.pieces(conn, camera, Kind.VIDEO, now - LOOKS_BACK, now)
        keys = {
            period: vault.open(sealed, camera, period)
            for period in {key_period(piece.segment.at) for piece in pieces}
            if (sealed := await store.media_key(conn, camera, period)) is not None
        }
    seconds = []
    for piece in pieces:
        init, sealed = await footage.get(piece.track.id), await footage.get(piece.segment.id)
        if init is not None and sealed is not None:
            key = keys[key_period(piece.segment.at)]
            seconds.append((piece, init + opened(sealed, key, piece.segment.id)))
    return await asyncio.to_thread(_seen, seconds) if seconds else None


def _seen(seconds: Sequence[tuple[Piece, bytes]]) -> NDArray[np.float64]:
    times: list[float] = []
    grids: list[NDArray[np.float64]] = []
    for piece, data in seconds:
        began = piece.segment.at.timestamp()
        for at_s, luma in frames(data):
            times.append(1000 * (began + at_s))
            grids.append(grid(luma))
    return flashes(np.array(times), np.array(grids))


def frames(data: bytes) -> list[tuple[float, NDArray[np.uint8]]]:
    """Return the luma of each frame of an init segment and a fragment, with seconds since the first frame."""
    with av.open(BytesIO(data)) as container:
        assert isinstance(container, InputContainer)  # noqa: S101 - opened for reading
        found = list(container.decode(video=0))
    began = found[0].time or 0.0 if found else 0.0
    return [
        ((frame.time or 0.0) - began, frame.to_ndarray(format="gray").astype(np.uint8, copy=False)) for frame in found
    ]
