"""Boxes of MP4 (ISO/IEC 14496-12), as far as something has to be read out of what was muxed here."""

import struct
from typing import Final

HEAD: Final = struct.Struct(">I4s")
DATA_OFFSET, FIRST_FLAGS, DURATION, SIZE, FLAGS, COMPOSITION = 0x1, 0x4, 0x100, 0x200, 0x400, 0x800
"""Flags of `trun` (8.8.8): the fields that it has."""


def boxes(data: bytes) -> list[tuple[bytes, bytes]]:
    """The boxes that follow each other in `data`, each whole and with its name; raises ValueError for what is none."""
    found, at = [], 0
    while at < len(data):
        if len(data) - at < HEAD.size:
            raise ValueError("A box ends before its head does.")
        size, name = HEAD.unpack_from(data, at)
        if not HEAD.size <= size <= len(data) - at:
            raise ValueError(f"A box {name!r} of {size} bytes where {len(data) - at} are left.")
        found.append((name, data[at : at + size]))
        at += size
    return found


def h264_codecs(init: bytes) -> str:
    """How RFC 6381 names the H.264 of an init segment: profile, constraints and level out of its `avcC`."""
    described = init.index(b"avcC") + 5
    return f"avc1.{init[described : described + 3].hex()}"


def first_presentation_ticks(fragment: bytes) -> int:
    """When the first sample of a fragment is shown, in ticks of its track: `tfdt` and the first offset of `trun`."""
    track = boxes(_inside(fragment, b"moof", b"traf"))
    decoded, run = _first(track, b"tfdt"), _first(track, b"trun")
    began: int = struct.unpack_from(">Q" if decoded[8] else ">I", decoded, 12)[0]
    flags = int.from_bytes(run[9:12])
    if not flags & COMPOSITION:
        return began
    before = sum(4 for flag in (DATA_OFFSET, FIRST_FLAGS, DURATION, SIZE, FLAGS) if flags & flag)
    offset: int = struct.unpack_from(">i", run, 16 + before)[0]
    return began + offset


def first_presentation_s(media: bytes) -> float:
    """When the first sample of an init segment and what follows it is shown, seconds of its track.

    A demuxer is no help: it shifts the times of pictures that are not sent in the order in which they are shown.
    """
    described = _first(boxes(_inside(media, b"moov", b"trak", b"mdia")), b"mdhd")
    ticks: int = struct.unpack_from(">I", described, 28 if described[8] else 20)[0]
    return first_presentation_ticks(media) / ticks


def _inside(data: bytes, *path: bytes) -> bytes:
    """What is in the first box of each name, one within the other."""
    for name in path:
        data = _first(boxes(data), name)[HEAD.size :]
    return data


def _first(among: list[tuple[bytes, bytes]], name: bytes) -> bytes:
    """The first box of a name; raises KeyError where there is none."""
    found = next((box for called, box in among if called == name), None)
    if found is None:
        raise KeyError(name)
    return found
