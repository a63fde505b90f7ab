"""An append-only file of JSON lines: what was answered is on the disk, and one fsync serves all that wait for it."""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from virage.platform.batching import Batcher

QUEUE_MAX = 1_000_000

Line = TypeVar("Line", bound=msgspec.Struct)


class AppendFile(Generic[Line]):
    """Lines are kept in the order in which they were given."""

    def __init__(self, path: Path, decoder: msgspec.json.Decoder[Line]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._decoder = decoder
        self._encoder = msgspec.json.Encoder()
        self._file: int | None = None
        self._batcher: Batcher[Sequence[Line], None] = Batcher(self._write, batch_max=4096, queue_max=QUEUE_MAX)

    def read(self) -> list[Line]:
        """Everything that was written; a last line that was cut short by a crash was never answered, and is removed."""
        if not self._path.exists():
            return []
        content = self._path.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        if len(whole) < len(content):
            with self._path.open("r+b") as file:
                file.truncate(len(whole))
        return self._decoder.decode_lines(whole)

    async def append(self, lines: Sequence[Line]) -> None:
        """Return when the lines, and all that were given before them, are on the disk."""
        await self._batcher.submit(lines)

    def close(self) -> None:
        """Give the file back."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    async def _write(self, batch: Sequence[Sequence[Line]]) -> list[None]:
        text = self._encoder.encode_lines([line for lines in batch for line in lines])
        if text:
            await asyncio.get_running_loop().run_in_executor(None, self._write_through, text)
        return [None for _ in batch]

    def _write_through(self, text: bytes) -> None:
        if self._file is None:
            self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        view = memoryview(text)
        while view:
            view = view[os.write(self._file, view) :]
        os.fsync(self._file)
