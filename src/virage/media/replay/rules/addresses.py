"""URLs of replay, shared by the playlists that name them and the routes that serve them."""

from typing import Final
from uuid import UUID

BASE: Final = "/api/replay"
OBJECTS: Final = f"{BASE}/objects"


def footage_keys_of(event_id: UUID) -> str:
    """Return the URL prefix of keys for the desk of an event, by camera and hour."""
    return f"{BASE}/events/{event_id}/keys"


def keys_of(clip_id: UUID) -> str:
    """Return the URL prefix of the keys of a clip, by camera and hour."""
    return f"{BASE}/keys/{clip_id}"


def playlist_of(clip_id: UUID, camera: str, name: str) -> str:
    """Return the URL of a playlist of one camera in a clip."""
    return f"{BASE}/clips/{clip_id}/{camera}/{name}.m3u8"


def poster_of(clip_id: UUID) -> str:
    """Return the URL of the poster of a clip."""
    return f"{BASE}/clips/{clip_id}/poster.jpg"


def page_of(clip_id: UUID) -> str:
    """Return the URL of the page of a clip, for sharing."""
    return f"/r/{clip_id}"
