"""An append-only file of JSON lines: what was answered is on the disk, and one fsync serves all that wait for it."""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

Line = TypeVar("Line", bound=msgspec.Struct)


class AppendFile(Generic[Line]):
    """Lines are kept in the order in which they were given."""

    def __init__(self, path: Path, decoder: msgspec.json.Decoder[Line]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._decoder = decoder
        self._encoder = msgspec.json.Encoder()
        self._file: int | None = None
        self._waiting: list[Line] = []
        self._given = self._written = 0
        self._one_writes = asyncio.Lock()

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
        """Return when the lines, and all that were given before them, are on the disk; raises OSError where not.

        What could not be written stays to be written with the next lines, since the book in memory has it already.
        """
        self._waiting += lines
        self._given += len(lines)
        await asyncio.shield(self._written_to(self._given))  # a caller that leaves does not stop a write half way

    def close(self) -> None:
        """Give the file back."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    async def _written_to(self, mine: int) -> None:
        async with self._one_writes:  # whoever waited finds its lines written, or writes all that came meanwhile
            if self._written >= mine:
                return
            lines, upto = self._waiting, self._given
            self._waiting = []
            try:
                await asyncio.to_thread(self._write_through, self._encoder.encode_lines(lines))
            except OSError:
                self._waiting = lines + self._waiting
                raise
            self._written = upto

    def _write_through(self, text: bytes) -> None:
        if self._file is None:
            self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        size = os.fstat(self._file).st_size
        try:
            view = memoryview(text)
            while view:
                view = view[os.write(self._file, view) :]
            os.fsync(self._file)
        except OSError:
            os.ftruncate(self._file, size)
            raise
