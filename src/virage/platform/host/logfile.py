"""Log files of child processes: readable by their owner only, limited in size."""

import os
from contextlib import suppress
from io import BufferedWriter
from pathlib import Path

LOG_BYTES_MAX = 20_000_000

_OWNER_ONLY = 0o600


def open_log(path: Path) -> BufferedWriter:
    """Open a log for appending; it is made private, and one that is too large is renamed to `<name>.1` first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileNotFoundError, PermissionError):  # a log of another account keeps its mode
        path.chmod(_OWNER_ONLY)
        if path.stat().st_size > LOG_BYTES_MAX:
            path.replace(path.with_name(f"{path.name}.1"))
    return open(path, "ab", opener=lambda name, flags: os.open(name, flags, _OWNER_ONLY))
