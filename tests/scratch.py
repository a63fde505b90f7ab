"""Temporary storage of the tests: databases, browser profiles, files.

Each test's database is 300 new files, and on a disk they take most of the time of many tests. On
Linux they are in memory when there is room. Processes that are killed to test their recovery stay
on the disk, where a commit waits as in production.
"""

import os
import shutil
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")  # noqa: S108 - the folders made in it have unpredictable names
ROOM_BYTES_MIN = 4 << 30
DISK = "TESTS_ON_DISK"


def into_memory() -> None:
    """Put all temporary files of this process and its children in memory, if there is room."""
    if DISK not in os.environ:
        os.environ[DISK] = tempfile.gettempdir()
        if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM_BYTES_MIN:
            os.environ["TMPDIR"] = str(MEMORY)
            tempfile.tempdir = None


def on_disk() -> str:
    """The system's own temporary folder."""
    return os.environ[DISK]
