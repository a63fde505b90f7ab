"""The queries of cameras and clips, one typed function each."""

from datetime import datetime
from uuid import UUID

import msgspec

from virage.kernel.database import Connection
from virage.kernel.sql import load
from virage.replay.rules.clips import Clip
from virage.replay.rules.media import SEGMENT_LONGEST, Kind, Segment, Track
from virage.replay.rules.playlists import Piece

_sql = load(__file__)


async def note_camera(conn: Connection, name: str, *, programme: bool, delay_ms: int) -> None:
    """Add a camera, or set it up anew."""
    await _sql.note_camera(conn, name=name, programme=programme, delay_ms=delay_ms)


async def note_state(conn: Connection, name: str, fault: str | None, seen_at: datetime | None) -> None:
    """Write down what a camera does, and until when it was seen."""
    await _sql.note_state(conn, name=name, fault=fault, seen_at=seen_at)


async def add_key(conn: Connection, camera: str, period: datetime, sealed: bytes) -> bytes:
    """Keep a key for a camera and a period, and return the one that is kept: whoever came first made it."""
    await _sql.add_key(conn, camera=camera, period=period, sealed=sealed)
    kept: bytes = await _sql.media_key(conn, camera=camera, period=period)
    return kept


async def media_key(conn: Connection, camera: str, period: datetime) -> bytes | None:
    """The sealed key of a camera and a period."""
    kept: bytes | None = await _sql.media_key(conn, camera=camera, period=period)
    return kept


async def add_track(conn: Connection, track: Track) -> None:
    """Write down a track of a new take."""
    await _sql.add_track(conn, **msgspec.structs.asdict(track))


async def add_segment(conn: Connection, segment: Segment, track: Track) -> None:
    """Write down a segment that is kept."""
    await _sql.add_segment(conn, camera=track.camera, kind=track.kind, **msgspec.structs.asdict(segment))


async def pieces(conn: Connection, camera: str, kind: Kind, from_at: datetime, to_at: datetime) -> list[Piece]:
    """What a camera has of a stretch of time, in order."""
    rows = _sql.pieces(conn, camera=camera, kind=kind, from_at=from_at, to_at=to_at, longest=SEGMENT_LONGEST)
    return [
        Piece(
            Segment(row["id"], row["track_id"], row["at"], row["duration_ms"], row["bytes"]),
            msgspec.convert({**row, "id": row["track_id"]}, Track),
        )
        async for row in rows
    ]


async def cameras_seen(conn: Connection, from_at: datetime, to_at: datetime) -> list[str]:
    """Cameras that have sent a picture in a stretch of time, that of the programme first."""
    return [row["name"] async for row in _sql.cameras_seen(conn, from_at=from_at, to_at=to_at)]


async def add_clip(conn: Connection, clip: Clip) -> bool:
    """Whether it is new."""
    added = await _sql.add_clip(
        conn,
        id=clip.id,
        event_id=clip.event_id,
        about=clip.about,
        from_at=clip.from_at,
        to_at=clip.to_at,
        cameras=clip.cameras,
        now=clip.published_at,
    )
    return added is not None


async def clip(conn: Connection, clip_id: UUID) -> Clip | None:
    """One clip, withdrawn ones too."""
    row = await _sql.clip(conn, id=clip_id)
    return None if row is None else msgspec.convert(dict(row), Clip)


async def withdraw_clip(conn: Connection, clip_id: UUID, now: datetime) -> bool:
    """Whether it was shown until now."""
    touched: int = await _sql.withdraw_clip(conn, id=clip_id, now=now)
    return touched == 1
