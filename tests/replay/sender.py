"""A synthetic camera in a process of its own: `python -m tests.replay.sender URL [LAG_MS]`, until it is told to end.

PyAV holds Python's lock while RTMP shakes hands, so a camera and who takes it in cannot share a process there.
"""

import signal
import sys
import threading
from contextlib import suppress

import av

from virage.kernel.clock import Clock
from virage.replay.ingest.synthetic import send


def main(url: str, lag_ms: str = "0") -> None:
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    while not ended.is_set():
        with suppress(av.FFmpegError, OSError):
            send(url, Clock(), going_on=lambda: not ended.is_set(), lag_ms=int(lag_ms))
        ended.wait(0.1)


if __name__ == "__main__":
    main(*sys.argv[1:])
