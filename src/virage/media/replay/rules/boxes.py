"""Reading of MP4 boxes (ISO/IEC 14496-12), as far as segments of this system need it."""

import struct
from typing import Final

HEAD: Final = struct.Struct(">I4s")
DATA_OFFSET, FIRST_FLAGS, DURATION, SIZE, FLAGS, COMPOSITION = 0x1, 0x4, 0x100, 0x200, 0x400, 0x800
"""Flags of `trun` (8.8.8): its optional fields."""


def boxes(data: bytes) -> list[tuple[bytes, bytes]]:
    """Return the consecutive boxes in `data` with their names; raises ValueError for malformed data."""
    found, at = [], 0
    while at < len(data):
        if len(data) - at < HEAD.size:
            raise ValueError("The data ends within the header of a box.")
        size, name = HEAD.unpack_from(data, at)
        if not HEAD.size <= size <= len(data) - at:
            raise ValueError(f"Box {name!r} has {size} bytes, but only {len(data) - at} are left.")
        found.append((name, data[at : at + size]))
        at += size
    return found


def h264_codecs(init: bytes) -> str:
    """Return the RFC 6381 codec string of an H.264 init segment: profile, constraints and level of its `avcC`."""
    described = init.index(b"avcC") + 5
    return f"avc1.{init[described : described + 3].hex()}"


def first_presentation_ticks(fragment: bytes) -> int:
    """Return the presentation time of a fragment's first sample in ticks: `tfdt` plus its offset in `trun`."""
    track = boxes(_inside(fragment, b"moof", b"traf"))
    decoded, run = _first(track, b"tfdt"), _first(track, b"trun")
    began: int = struct.unpack_from(">Q" if decoded[8] else ">I", decoded, 12)[0]
    flags = int.from_bytes(run[9:12])
    if not flags & COMPOSITION:
        return began
    skipped = sum(4 for flag in (DATA_OFFSET, FIRST_FLAGS, DURATION, SIZE, FLAGS) if flags & flag)
    offset: int = struct.unpack_from(">i", run, 16 + skipped)[0]
    return began + offset


def first_presentation_s(media: bytes) -> float:
    """Return the presentation time of the first sample after an init segment, in seconds.

    A demuxer cannot be used: it shifts the times of frames that are not sent in presentation order.
    """
    described = _first(boxes(_inside(media, b"moov", b"trak", b"mdia")), b"mdhd")
    ticks: int = struct.unpack_from(">I", described, 28 if described[8] else 20)[0]
    return first_presentation_ticks(media) / ticks


def _inside(data: bytes, *path: bytes) -> bytes:
    """Return the content of nested boxes: the first of each name."""
    for name in path:
        data = _first(boxes(data), name)[HEAD.size :]
    return data


def _first(among: list[tuple[bytes, bytes]], name: bytes) -> bytes:
    """Return the first box of a name; raises KeyError if there is none."""
    found = next((box for called, box in among if called == name), None)
    if found is None:
        raise KeyError(name)
    return found
