"""What cameras sent, in the object store, under the ids of its segments."""

from functools import cached_property
from uuid import UUID

from virage.kernel.objects import Objects, open_store
from virage.replay.rules.media import object_name


class Footage:
    """The footage at a URL (`kernel/objects.py`); it is opened when somebody first asks."""

    def __init__(self, url: str) -> None:
        self._url = url

    @cached_property
    def _objects(self) -> Objects:
        return open_store(self._url)

    async def keep(self, object_id: UUID, data: bytes) -> None:
        """Store an init segment or a sealed segment; the same again is the same."""
        await self._objects.put(object_name(object_id), data)

    async def get(self, object_id: UUID) -> bytes | None:
        """What is stored under an id, None where nothing is."""
        return await self._objects.get(object_name(object_id))

    async def delete(self, object_id: UUID) -> None:
        """Remove it; what is gone already is no error."""
        await self._objects.delete(object_name(object_id))
