"""The file that a child process writes its log to: for its owner's eyes alone, and never larger than a disk bears."""

import os
from contextlib import suppress
from io import BufferedWriter
from pathlib import Path

LOG_BYTES_MAX = 20_000_000

_OWNER_ONLY = 0o600


def open_log(path: Path) -> BufferedWriter:
    """Open a log to append to, also one that was open to others; one that grew too large becomes `<name>.1` first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileNotFoundError, PermissionError):  # a log of another account's is written to as it is
        path.chmod(_OWNER_ONLY)
        if path.stat().st_size > LOG_BYTES_MAX:
            path.replace(path.with_name(f"{path.name}.1"))
    return open(path, "ab", opener=lambda name, flags: os.open(name, flags, _OWNER_ONLY))
