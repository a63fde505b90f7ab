"""Where the tests put what is gone after them: databases, profiles of browsers, files.

A database a test is 300 new files, and on a disk they are most of what many tests cost. Where Linux has room in memory
they lie there. What is killed to see that it comes back keeps to the disk, where a commit waits as it does in
production.
"""

import os
import shutil
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")  # noqa: S108 - folders with names that nobody can guess are made in it
ROOM_BYTES_MIN = 4 << 30
DISK = "TESTS_ON_DISK"


def into_memory() -> None:
    """Make everything temporary of this process and its children lie in memory, if there is room."""
    if DISK not in os.environ:
        os.environ[DISK] = tempfile.gettempdir()
        if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM_BYTES_MIN:
            os.environ["TMPDIR"] = str(MEMORY)
            tempfile.tempdir = None


def on_disk() -> str:
    """The system's own temporary folder."""
    return os.environ[DISK]
