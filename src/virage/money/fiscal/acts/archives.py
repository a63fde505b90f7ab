"""Archives of tills in the object store."""

from collections.abc import AsyncIterator
from functools import cached_property
from uuid import UUID

from msgspec import Struct

from virage.platform.data.objects import Objects, open_store

FOLDER = "concessions/archives"
ARCHIVE_JOB = "concessions.archive"


class ArchiveMonth(Struct, frozen=True):
    """Job: store the archive of a till for the month that begins on a day (ISO 8601)."""

    till: UUID
    month: str


class Archives:
    """Archives at an object store URL, opened at first use."""

    def __init__(self, url: str) -> None:
        self._url = url

    @cached_property
    def _objects(self) -> Objects:
        return open_store(self._url)

    async def keep(self, till: UUID, label: str, pieces: AsyncIterator[bytes]) -> bytes:
        """Store an archive by till and label, replacing an earlier one; return its bytes."""
        data = b"".join([piece async for piece in pieces])
        await self._objects.put(f"{FOLDER}/{till}/{label}.jsonl.gz", data)
        return data

    async def get(self, till: UUID, label: str) -> bytes | None:
        """Return a stored archive, or None."""
        return await self._objects.get(f"{FOLDER}/{till}/{label}.jsonl.gz")
