"""A synthetic camera in its own process, until SIGTERM: `python -m tests.media.replay.sender URL [LOG]`.

LOG gets a line per frame: its time in Unix ms.

PyAV holds the global interpreter lock during an RTMP handshake, so that sender and receiver need separate processes.
"""

import os
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path

import av

from virage.media.replay.ingest.synthetic import send
from virage.platform.values.clock import Clock


def main(url: str, log: str = os.devnull) -> None:
    ended, clock = threading.Event(), Clock()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    with Path(log).open("a", buffering=1) as lines:

        def running() -> bool:
            lines.write(f"{round(clock.now().timestamp() * 1000)}\n")
            return not ended.is_set()

        while not ended.is_set():
            with suppress(av.FFmpegError, OSError):
                send(url, clock, running=running)
            ended.wait(0.1)


if __name__ == "__main__":
    main(*sys.argv[1:])
