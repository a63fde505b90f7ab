"""Reading a camera's transport in a thread: reconnects, cuts segments, and times each of them."""

import errno
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import av
from av.container import InputContainer
from msgspec import Struct

from virage.media.replay.ingest.segmenter import Fragment, Init, Take, TakeEnds
from virage.media.replay.ingest.transports import Source, opened
from virage.media.replay.rules.cameras import ADVICE, Fault
from virage.media.replay.rules.timing import Arrivals
from virage.platform.settings.logs import log
from virage.platform.values.clock import Clock
from virage.platform.values.ids import new_id

RETRY_S: Final = 1.0
CLOCK_JUMP_S: Final = 0.2
DISCONNECTED: Final = (errno.EIO, errno.ECONNRESET, errno.EPIPE)  # a regular end of RTMP is an input error too
CONTINUES_AFTER: Final = (Fault.CLOCK_JUMPED, Fault.OUR_CLOCK_JUMPED)


class Part(Struct, frozen=True):
    """An init segment or a fragment of a take. `id`: of its object; `at`: arrival of its first frame."""

    id: UUID
    take_id: UUID
    content: Init | Fragment
    at: datetime


class Reader:
    """Reader of a camera until it is stopped. `report` is called from its thread, in order."""

    def __init__(self, source: Source, clock: Clock, report: Callable[[Part | Fault], None]) -> None:
        self._source = source
        self._clock = clock
        self._report = report
        self._stopped = threading.Event()
        # a daemon: a blocking call of the library cannot be interrupted and must not delay the exit
        self._thread = threading.Thread(target=self._run, name=f"camera {source.camera}", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Stop after the next packet."""
        self._stopped.set()

    def join(self, seconds: float) -> None:
        """Wait for the thread to end, at most `seconds`."""
        self._thread.join(seconds)

    def _run(self) -> None:
        while not self._stopped.is_set():
            fault, detail = Fault.ENDED, ""
            try:
                with opened(self._source, self._stopped) as container:
                    self._read(container)
            except TakeEnds as ends:
                fault, detail = ends.fault, str(ends)
            except (av.FFmpegError, OSError) as failure:
                fault = Fault.ENDED if failure.errno in DISCONNECTED else Fault.UNREACHABLE
                detail = type(failure).__name__
            except Exception as failure:  # noqa: BLE001 - any data of a camera leads to a reconnection
                log.error("take_failed", camera=self._source.camera, exc_info=failure)
                fault = Fault.UNREACHABLE
            if self._stopped.is_set():
                return
            self._warn(fault, detail)
            self._stopped.wait(RETRY_S)

    def _warn(self, fault: Fault, detail: str) -> None:
        log.warning("take_ended", camera=self._source.camera, fault=fault, detail=detail or ADVICE[fault])
        self._report(fault)

    def _read(self, container: InputContainer) -> None:
        """Read until the transport ends; start a new take where a clock jumps."""
        take = _TimedTake(container, self._clock, self._report)
        packets = container.demux(take.streams)
        try:
            for packet in packets:
                if self._stopped.is_set():
                    break
                try:
                    take.put(packet)
                except TakeEnds as ends:
                    if ends.fault not in CONTINUES_AFTER:
                        take.refused = True
                        raise
                    self._warn(ends.fault, str(ends))
                    take.close()
                    take = _TimedTake(container, self._clock, self._report)
                    take.put(packet)
        finally:
            take.close()


class _TimedTake:
    """A take with the arrival times of its packets."""

    def __init__(self, container: InputContainer, clock: Clock, report: Callable[[Part | Fault], None]) -> None:
        self._id = new_id()
        self._take = Take(container)
        self._clock = clock
        self._report = report
        self._arrivals = Arrivals()
        self._steady_s: float | None = None
        self.streams = self._take.streams
        self.refused = False

    def put(self, packet: Any) -> None:
        """Add a packet that has just arrived."""
        now_s = self._now_s()
        at_s, parts = self._take.put(packet)
        if at_s is not None:
            self._arrivals.note(at_s, now_s)
        self._report_all(parts)

    def close(self) -> None:
        """End the take; discard the remaining parts of a refused one."""
        parts = self._take.close()
        if not self.refused:
            self._report_all(parts)

    def _now_s(self) -> float:
        """Return the current time; raises `TakeEnds` if it drifts from the monotonic clock."""
        now_s = self._clock.now().timestamp()
        steady_s = now_s / self._clock.speed - time.monotonic()
        if self._steady_s is None:
            self._steady_s = steady_s
        if abs(steady_s - self._steady_s) > CLOCK_JUMP_S:
            raise TakeEnds(Fault.OUR_CLOCK_JUMPED, f"({steady_s - self._steady_s:+.3f} s)")
        return now_s

    def _report_all(self, parts: list[Init | Fragment]) -> None:
        for content in parts:
            arrived_s = self._arrivals.arrived(content.at_s if isinstance(content, Fragment) else 0.0)
            self._report(Part(new_id(), self._id, content, datetime.fromtimestamp(arrived_s, UTC)))
