"""An append-only file of JSON lines with group commit: one fsync for all waiting callers."""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

Line = TypeVar("Line", bound=msgspec.Struct)


class AppendFile(Generic[Line]):
    """Appends lines in order."""

    def __init__(self, path: Path, decoder: msgspec.json.Decoder[Line]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._decoder = decoder
        self._encoder = msgspec.json.Encoder()
        self._file: int | None = None
        self._lines: list[Line] = []
        self._waiting: list[asyncio.Future[None]] = []
        self._writer: asyncio.Task[None] | None = None

    def read(self) -> list[Line]:
        """Return all lines. A last line truncated by a crash was never answered, and is removed."""
        if not self._path.exists():
            return []
        content = self._path.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        if len(whole) < len(content):
            with self._path.open("r+b") as file:
                file.truncate(len(whole))
        return self._decoder.decode_lines(whole)

    async def append(self, lines: Sequence[Line]) -> None:
        """Return when these and all earlier lines are on the disk. Raises OSError if they are not.

        What could not be written stays to be written with the next lines, since the book in memory has it already.
        """
        self._lines += lines
        if self._lines or self._writer is not None:
            written = asyncio.get_running_loop().create_future()
            self._waiting.append(written)
            if self._writer is None:
                self._writer = asyncio.create_task(self._write())
            await written

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    async def _write(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            lines, waiting, self._lines, self._waiting = self._lines, self._waiting, [], []
            try:
                if lines:
                    await loop.run_in_executor(None, self._write_through, self._encoder.encode_lines(lines))
            except Exception as failure:  # noqa: BLE001 - passed to each caller
                self._lines = lines + self._lines
                outcome: Exception | None = failure
            else:
                outcome = None
            for written in waiting:
                if not written.done():  # its caller may have gone away
                    written.set_result(None) if outcome is None else written.set_exception(outcome)
        self._writer = None

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
