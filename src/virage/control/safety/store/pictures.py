"""The pictures of past minutes."""

from datetime import datetime
from uuid import UUID

import msgspec

from virage.control.safety.rules.picture import VenuePicture
from virage.control.safety.store.queries import queries
from virage.platform.data.database import Connection


async def insert_picture(conn: Connection, picture: VenuePicture) -> None:
    """Store a picture; the picture of an instant is stored once."""
    body = msgspec.json.encode(picture)
    await queries.insert_picture(conn, event_id=picture.event_id, at=picture.at, body=body)


async def picture_at(conn: Connection, event_id: UUID, at: datetime) -> VenuePicture | None:
    """Return the last picture at an instant; None before the first one."""
    row = await queries.picture_at(conn, event_id=event_id, at=at)
    return None if row is None else msgspec.json.decode(row["body"], type=VenuePicture)


async def pictures_of(conn: Connection, event_id: UUID) -> list[bytes]:
    """Return the pictures of an event in order, as JSON: to decode a whole evening is work for a thread."""
    return [row["body"] async for row in queries.pictures_of(conn, event_id=event_id)]


async def first_picture_at(conn: Connection, event_id: UUID) -> datetime | None:
    """Return the instant of the first picture of an event."""
    found: datetime | None = await queries.first_picture_at(conn, event_id=event_id)
    return found


async def delete_pictures(conn: Connection, before: datetime) -> None:
    """Delete pictures from before a time."""
    await queries.delete_pictures(conn, before=before)
