"""State and faults of cameras."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from msgspec import Struct

DELAY_MS_MAX: Final = 60_000
SILENT_AFTER: Final = timedelta(seconds=10)
SHOWN_FOR: Final = timedelta(seconds=10)


class Fault(StrEnum):
    """Reason why a camera sends nothing, or why its take ended."""

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
    Fault.TOO_LARGE: "A second of video of this camera is larger than 64 MB.",
    Fault.CLOCK_JUMPED: "The camera's clock jumped: a new take begins.",
    Fault.OUR_CLOCK_JUMPED: "The clock of this machine jumped: a new take begins.",
    Fault.ENDED: "The camera disconnected; waiting for it.",
    Fault.UNREACHABLE: "The camera cannot be reached, or sends nothing.",
    Fault.NO_SRT: "SRT needs the program srt-live-transmit (Debian and Ubuntu: apt-get install srt-tools).",
    Fault.STORE_AWAY: "The object store does not answer; video is kept in memory for up to two minutes.",
    Fault.STORE_FULL: "The object store is full; video is kept in memory for up to two minutes.",
    Fault.SILENT: "The ingest of the camera does not report: it is not running, or the database was unavailable.",
}
PASSING: Final = frozenset({Fault.CLOCK_JUMPED, Fault.OUR_CLOCK_JUMPED})
"""Faults after which a camera continues at once; they are shown for `SHOWN_FOR` to be noticed."""


class CameraState(Struct, frozen=True):
    """A camera as last reported by its ingest.

    `seen_at`: end of its stored video. `delay_ms`: delay of its transport. `lost`: segments that could not be stored,
    within the retention time.
    """

    name: str
    programme: bool
    delay_ms: int
    fault: Fault | None = None
    fault_at: datetime | None = None
    reported_at: datetime | None = None
    seen_at: datetime | None = None
    lost: int = 0

    def fault_by(self, now: datetime) -> tuple[Fault | None, datetime | None]:
        """Return the fault and its start; a silent ingest is a fault too."""
        if self.reported_at is None or now - self.reported_at > SILENT_AFTER:
            return Fault.SILENT, self.reported_at
        return self.fault, self.fault_at
