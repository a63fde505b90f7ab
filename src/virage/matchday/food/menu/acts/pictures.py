"""Pictures of what is sold, in the object store: written before anything names them, and never changed."""

import asyncio
from functools import cached_property

from virage.matchday.food.menu.rules.pictures import TYPES, kept
from virage.platform.data.objects import Objects, open_store
from virage.platform.values.refusals import Refused

FOLDER = "concessions/pictures"


class Pictures:
    """The pictures at a URL (`platform/objects.py`); opened at first use."""

    def __init__(self, url: str) -> None:
        self._url = url

    @cached_property
    def _objects(self) -> Objects:
        return open_store(self._url)

    async def keep(self, data: bytes) -> str | Refused:
        """Store a picture, encoded again, under its hash; its name. The same again is the same picture."""
        found = await asyncio.to_thread(kept, data)
        if isinstance(found, Refused):
            return found
        name, clean = found
        await self._objects.put_new(f"{FOLDER}/{name}", clean)
        return name

    async def get(self, name: str) -> bytes | None:
        """Return the bytes of a picture by its plain file name; None if it does not exist."""
        return await self._objects.get(f"{FOLDER}/{name}")


def media_type(name: str) -> str:
    """What a picture is, by its name."""
    return TYPES[name.rpartition(".")[2]]
