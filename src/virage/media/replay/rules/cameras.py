"""What is known of a camera while it is taken in: whether it sends, since when it does not, and why."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from msgspec import Struct

DELAY_MS_MAX: Final = 60_000
SILENT_AFTER: Final = timedelta(seconds=10)
SHOWN_FOR: Final = timedelta(seconds=10)


class Fault(StrEnum):
    """Why nothing comes from a camera, or why a take of it ended."""

    NO_H264 = "no_h264"
    GOP_TOO_LONG = "gop_too_long"
    GOP_OPEN = "gop_open"
    TOO_LARGE = "too_large"
    CLOCK_JUMPED = "clock_jumped"
    OUR_CLOCK_JUMPED = "our_clock_jumped"
    ENDED = "ended"
    UNREACHABLE = "unreachable"
    NO_SRT = "no_srt"
    STORE_AWAY = "store_away"
    STORE_FULL = "store_full"
    SILENT = "silent"


ADVICE: Final = {
    Fault.NO_H264: "The camera must send H.264 with AAC sound or none.",
    Fault.GOP_TOO_LONG: "The encoder must send a key frame every second (keyint: the frames of a second; scenecut=0).",
    Fault.GOP_OPEN: "The encoder must close its GOPs (open-gop=0).",
    Fault.TOO_LARGE: "A second of this camera has more than 64 MB.",
    Fault.CLOCK_JUMPED: "The camera's clock jumped: a new take begins.",
    Fault.OUR_CLOCK_JUMPED: "The clock of this machine jumped: a new take begins.",
    Fault.ENDED: "The camera ended; it is waited for.",
    Fault.UNREACHABLE: "The camera cannot be reached, or sends nothing.",
    Fault.NO_SRT: "SRT needs the program srt-live-transmit (Debian and Ubuntu: apt-get install srt-tools).",
    Fault.STORE_AWAY: "The object store does not answer: what comes is kept in memory, for two minutes.",
    Fault.STORE_FULL: "The object store is full: what comes is kept in memory, for two minutes.",
    Fault.SILENT: "The camera's ingest says nothing: it does not run, or the database was away.",
}
PASSING: Final = frozenset({Fault.CLOCK_JUMPED, Fault.OUR_CLOCK_JUMPED})
"""Faults after which a camera sends on at once: they are shown for `SHOWN_FOR`, or nobody would see them."""


class CameraState(Struct, frozen=True):
    """A camera as its ingest last told of it.

    `seen_at`: until when its picture is kept. `delay_ms`: how late its transport brings a picture. `lost`: segments
    that came and could not be kept, within the hours that footage is kept.
    """

    name: str
    programme: bool
    delay_ms: int
    fault: Fault | None = None
    fault_at: datetime | None = None
    told_at: datetime | None = None
    seen_at: datetime | None = None
    lost: int = 0

    def fault_by(self, now: datetime) -> tuple[Fault | None, datetime | None]:
        """What is wrong with it and since when; an ingest that no longer tells is a fault too."""
        if self.told_at is None or now - self.told_at > SILENT_AFTER:
            return Fault.SILENT, self.told_at
        return self.fault, self.fault_at
