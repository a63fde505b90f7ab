"""Where replays are fetched. A playlist names addresses, so they stand here once, for who writes and who answers."""

from typing import Final
from uuid import UUID

BASE: Final = "/api/replay"
OBJECTS: Final = f"{BASE}/objects"


def footage_keys_of(event_id: UUID) -> str:
    """Where the desk of an event is given the keys of all cameras, by camera and hour."""
    return f"{BASE}/events/{event_id}/keys"


def keys_of(clip_id: UUID) -> str:
    """Where the keys of a clip are given, by camera and hour."""
    return f"{BASE}/keys/{clip_id}"


def playlist_of(clip_id: UUID, camera: str, name: str) -> str:
    """A playlist of one camera of a clip."""
    return f"{BASE}/clips/{clip_id}/{camera}/{name}.m3u8"


def poster_of(clip_id: UUID) -> str:
    """A picture of the moment that a clip is about."""
    return f"{BASE}/clips/{clip_id}/poster.jpg"


def page_of(clip_id: UUID) -> str:
    """The page of a clip, which is what people pass on."""
    return f"/r/{clip_id}"
