"""Synthetic test camera: a pitch with a ball, a clock for people, the same clock as bits, and a flashing lamp.

The lamp flashes unevenly, for comparing cameras (`rules/alignment.py`). The camera sends MPEG-TS like a broadcast
encoder: H.264 with a closed GOP per second, and AAC with a beep each second.
"""

import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from hashlib import sha256
from typing import Any, Final

import av
import numpy as np
from numpy.typing import NDArray

from virage.platform.values.clock import Clock

WIDTH, HEIGHT, RATE = 640, 360, 25
SOUND_RATE: Final = 48_000
SOUND_FRAME: Final = 1024
BEEP_S: Final = 0.1
BITS: Final = 44
BIT_WIDTH, BIT_HEIGHT = 14, 16
GRASS, LINE, INK, BALL = 90, 150, 235, 220
LAMP: Final = 80  # width and height in pixels, in the upper right corner
LAMP_SLOT_MS: Final = 120
DIGIT_WIDTH, DIGIT_HEIGHT, STROKE = 24, 44, 6
SEGMENTS_OF: Final = {  # which strokes of a seven-segment digit are lit: top, middle, bottom, then left and right pairs
    "0": "tblLrR", "1": "rR", "2": "tmbrL", "3": "tmbrR", "4": "mlrR",
    "5": "tmblR", "6": "tmblLR", "7": "trR", "8": "tmblLrR", "9": "tmblrR",
}  # fmt: skip

Plane = NDArray[np.uint8]


def picture(at_ms: int, number: int) -> Plane:
    """Return the luma of frame `number`, recorded `at_ms` (Unix milliseconds)."""
    plane = np.full((HEIGHT, WIDTH), GRASS, np.uint8)
    plane[:, WIDTH // 2 - 1 : WIDTH // 2 + 1] = LINE
    x = int((WIDTH - 40) * (0.5 + 0.5 * np.sin(number / RATE))) + 20
    y = int((HEIGHT - 140) * (0.5 + 0.5 * np.cos(number / RATE * 1.3))) + 90
    plane[y - 6 : y + 6, x - 6 : x + 6] = BALL
    clock = time.strftime("%H%M%S", time.gmtime(at_ms // 1000)) + f"{at_ms % 1000:03d}"
    for place, digit in enumerate(clock):
        _digit(plane, 20 + place * (DIGIT_WIDTH + 10) + 14 * (place // 2), 20, digit)
    plane[:LAMP, -LAMP:] = INK if _lit(at_ms // LAMP_SLOT_MS) else 16
    for bit in range(BITS):
        plane[-BIT_HEIGHT:, bit * BIT_WIDTH : (bit + 1) * BIT_WIDTH] = INK if at_ms >> bit & 1 else 16
    return plane


def _lit(slot: int) -> bool:
    """Return whether the lamp is lit in a slot: pseudo-random, half of the time."""
    return bool(sha256(slot.to_bytes(8)).digest()[0] & 1)


def _digit(plane: Plane, x: int, y: int, digit: str) -> None:
    half, right = DIGIT_HEIGHT // 2, x + DIGIT_WIDTH - STROKE
    strokes = {
        "t": (y, x, STROKE, DIGIT_WIDTH), "m": (y + half, x, STROKE, DIGIT_WIDTH),
        "b": (y + DIGIT_HEIGHT, x, STROKE, DIGIT_WIDTH), "l": (y, x, half, STROKE), "L": (y + half, x, half, STROKE),
        "r": (y, right, half, STROKE), "R": (y + half, right, half, STROKE),
    }  # fmt: skip
    for stroke in SEGMENTS_OF[digit]:
        top, left, height, width = strokes[stroke]
        plane[top : top + height, left : left + width] = INK


def read_clock(luma: Plane) -> int:
    """Return the Unix milliseconds shown in a picture, robust against lossy encoding."""
    row = luma[-BIT_HEIGHT // 2, BIT_WIDTH // 2 : BITS * BIT_WIDTH : BIT_WIDTH]
    return sum(1 << bit for bit, value in enumerate(row) if value > GRASS)


def send(url: str, clock: Clock, *, running: Callable[[], bool], gop_s: float = 1.0, lag_ms: int = 0) -> None:
    """Send to `url` while `running`; raises the error of the transport when the receiver disconnects.

    `lag_ms`: simulated delay of the transport.
    """
    container = "flv" if url.startswith("rtmp://") else "mpegts"
    out = av.open(url, "w", format=container, options={"pcr_period": "20"} if container == "mpegts" else {})
    try:
        video, audio = _streams(out, gop_s)
        for packet in _packets(video, audio, clock, running, lag_ms):
            out.mux(packet)
    finally:
        out.close()


def _streams(out: Any, gop_s: float) -> tuple[Any, Any]:
    video = out.add_stream("libx264", rate=RATE)
    video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    keys = f"keyint={round(RATE * gop_s)}:min-keyint={round(RATE * gop_s)}:scenecut=0:open-gop=0"
    video.options = {"preset": "ultrafast", "tune": "zerolatency", "x264-params": keys}
    audio = out.add_stream("aac", rate=SOUND_RATE, layout="mono")
    return video, audio


def _packets(video: Any, audio: Any, clock: Clock, running: Callable[[], bool], lag_ms: int) -> Iterator[Any]:
    began, number, sounds = clock.now(), 0, 0
    chroma = np.full((HEIGHT // 2, WIDTH), 110, np.uint8)
    while running():
        due_s = number / RATE
        time.sleep(max(0.0, due_s - (clock.now() - began).total_seconds()))
        at_ms = round((began.timestamp() + due_s) * 1000) - lag_ms
        frame = av.VideoFrame.from_ndarray(np.vstack([picture(at_ms, number), chroma]), format="yuv420p")
        frame.pts, frame.time_base = number, Fraction(1, RATE)
        yield from video.encode(frame)
        number += 1
        while sounds * SOUND_FRAME < number / RATE * SOUND_RATE:
            yield from audio.encode(_sound(sounds))
            sounds += 1


def _sound(number: int) -> av.AudioFrame:
    at_s = (number * SOUND_FRAME + np.arange(SOUND_FRAME)) / SOUND_RATE
    beep = np.where(at_s % 1 < BEEP_S, 0.3 * np.sin(2 * np.pi * 1000 * at_s), 0.0)
    frame = av.AudioFrame.from_ndarray(beep.astype(np.float32)[None, :], format="fltp", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = SOUND_RATE, number * SOUND_FRAME, Fraction(1, SOUND_RATE)
    return frame
