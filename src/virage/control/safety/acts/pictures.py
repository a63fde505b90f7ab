"""Store pictures of past minutes, and delete old ones, in the caller's transaction."""

from datetime import datetime

from virage.control.safety.rules.picture import VenuePicture
from virage.control.safety.store import pictures as store
from virage.platform.data.database import Connection


async def keep_picture(conn: Connection, picture: VenuePicture) -> None:
    """Store a picture for the time slider."""
    await store.insert_picture(conn, picture)


async def delete_pictures(conn: Connection, before: datetime) -> None:
    """Delete pictures from before a time."""
    await store.delete_pictures(conn, before)
