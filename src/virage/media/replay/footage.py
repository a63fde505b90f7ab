"""Video and audio in the object store, under the ids of segments."""

import asyncio
from functools import cached_property
from typing import Final
from uuid import UUID

from virage.media.replay.rules.media import object_name
from virage.platform.data.objects import Objects, open_store

RENDERS_MAX: Final = 2


class Footage:
    """Footage in the object store at a URL (`platform/data/objects.py`), opened on first use.

    `render_slots` limits simultaneous work on whole clips, whose segments are all in memory.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self.render_slots = asyncio.Semaphore(RENDERS_MAX)

    @cached_property
    def _objects(self) -> Objects:
        return open_store(self._url)

    async def put(self, object_id: UUID, data: bytes) -> None:
        """Store an init segment or an encrypted object; idempotent."""
        await self._objects.put(object_name(object_id), data)

    async def put_once(self, object_id: UUID, data: bytes) -> None:
        """Store an object unless its id exists: encoding a segment again gives slightly different bytes."""
        await self._objects.put_new(object_name(object_id), data)

    async def get(self, object_id: UUID) -> bytes | None:
        """Return the object of an id, or None."""
        return await self._objects.get(object_name(object_id))

    async def delete(self, object_id: UUID) -> None:
        """Delete an object; a missing one is not an error."""
        await self._objects.delete(object_name(object_id))
