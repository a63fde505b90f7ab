"""What cameras sent, in the object store, under the ids of its segments."""

import asyncio
from functools import cached_property
from typing import Final
from uuid import UUID

from virage.media.replay.rules.media import object_name
from virage.platform.data.objects import Objects, open_store

RENDERS_MAX: Final = 2


class Footage:
    """The footage at a URL (`platform/objects.py`); it is opened when somebody first asks.

    `making`: held by whoever makes something of segments, which are all in memory meanwhile: a whole ground may ask for
    the same goal at once.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self.render_slots = asyncio.Semaphore(RENDERS_MAX)

    @cached_property
    def _objects(self) -> Objects:
        return open_store(self._url)

    async def keep(self, object_id: UUID, data: bytes) -> None:
        """Store an init segment, or what is sealed; the same again is the same."""
        await self._objects.put(object_name(object_id), data)

    async def keep_once(self, object_id: UUID, data: bytes) -> None:
        """Store what is made of a segment, unless it was stored before: made again it differs by a few bits."""
        await self._objects.put_new(object_name(object_id), data)

    async def get(self, object_id: UUID) -> bytes | None:
        """What is stored under an id, None where nothing is."""
        return await self._objects.get(object_name(object_id))

    async def delete(self, object_id: UUID) -> None:
        """Remove it; what is gone already is no error."""
        await self._objects.delete(object_name(object_id))
