"""Stored cameras, keys, tracks and segments."""

from collections.abc import Set as AbstractSet
from datetime import datetime
from uuid import UUID

import msgspec

from virage.media.replay.rules.cameras import CameraState, Fault
from virage.media.replay.rules.media import SEGMENT_MAX, Kind, Rung, Segment, Track
from virage.media.replay.rules.playlists import Piece
from virage.media.replay.store.queries import queries
from virage.platform.data.database import Connection


async def save_camera(conn: Connection, name: str, *, programme: bool, delay_ms: int | None) -> None:
    """Add or update a camera; a delay of None keeps the stored one."""
    await queries.save_camera(conn, name=name, programme=programme, delay_ms=delay_ms)


async def save_camera_state(
    conn: Connection,
    name: str,
    *,
    fault: tuple[Fault, datetime] | None,
    seen_at: datetime | None,
    lost: int,
    now: datetime,
) -> int:
    """Store the state of a camera, add newly lost segments, and return its delay (ms)."""
    fault_code, fault_at = fault or (None, None)
    delay_ms: int = await queries.save_camera_state(
        conn, name=name, fault=fault_code, fault_at=fault_at, seen_at=seen_at, lost=lost, now=now
    )
    return delay_ms


async def cameras(conn: Connection) -> list[CameraState]:
    """Return all cameras, those of the programme first."""
    return [msgspec.convert(dict(row), CameraState) async for row in queries.cameras(conn)]


async def set_delay(conn: Connection, name: str, delay_ms: int) -> None:
    """Set the delay of a camera; a running ingest applies it within seconds."""
    await queries.set_delay(conn, name=name, delay_ms=delay_ms)


async def add_key(conn: Connection, camera: str, period: datetime, sealed: bytes) -> bytes:
    """Store an encrypted key unless there is one, and return the stored one."""
    await queries.add_key(conn, camera=camera, period=period, sealed=sealed)
    stored_key: bytes = await queries.media_key(conn, camera=camera, period=period)
    return stored_key


async def media_key(conn: Connection, camera: str, period: datetime) -> bytes | None:
    """Return the encrypted key of a camera and an hour, or None."""
    stored_key: bytes | None = await queries.media_key(conn, camera=camera, period=period)
    return stored_key


async def add_track(conn: Connection, track: Track) -> None:
    """Store a track of a new take."""
    await queries.add_track(conn, **msgspec.structs.asdict(track))


async def add_segment(conn: Connection, segment: Segment, track: Track) -> None:
    """Store a segment."""
    await queries.add_segment(conn, camera=track.camera, kind=track.kind, **msgspec.structs.asdict(segment))


async def pieces(conn: Connection, camera: str, kind: Kind, from_at: datetime, to_at: datetime) -> list[Piece]:
    """Return the source segments of a camera in a time range, in order."""
    found = await pieces_by_kind(conn, camera, from_at, to_at, kinds={kind}, rungs={Rung.SOURCE})
    return found[kind, Rung.SOURCE]


async def pieces_by_kind(
    conn: Connection,
    camera: str,
    from_at: datetime,
    to_at: datetime,
    *,
    kinds: AbstractSet[Kind] = frozenset(Kind),
    rungs: AbstractSet[Rung] = frozenset(Rung),
) -> dict[tuple[Kind, Rung], list[Piece]]:
    """Return the segments of a camera in a time range, by kind and rendition, each in order."""
    found: dict[tuple[Kind, Rung], list[Piece]] = {(kind, rung): [] for kind in kinds for rung in rungs}
    rows = queries.pieces(
        conn,
        camera=camera,
        kinds=list(kinds),
        rungs=list(rungs),
        from_at=from_at,
        to_at=to_at,
        longest=SEGMENT_MAX,
    )
    tracks: dict[UUID, Track] = {}
    async for row in rows:
        track = tracks.get(row["track_id"])
        if track is None:
            track = tracks[row["track_id"]] = msgspec.convert({**row, "id": row["track_id"]}, Track)
        segment = Segment(row["id"], track.id, row["at"], row["duration_ms"], row["bytes"])
        found[track.kind, track.rung].append(Piece(segment, track))
    return found


async def cameras_seen(conn: Connection, from_at: datetime, to_at: datetime) -> list[str]:
    """Return the cameras with video in a time range, those of the programme first."""
    rows = queries.cameras_seen(conn, from_at=from_at, to_at=to_at, longest=SEGMENT_MAX)
    return [row["name"] async for row in rows]


async def programme_cameras(conn: Connection) -> list[str]:
    """Return the cameras of the programme, which fans see first and whose sound is measured."""
    return [row["name"] async for row in queries.programme_cameras(conn)]
