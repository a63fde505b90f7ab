"""Accepted pictures: JPEG, PNG or WebP, recognised by their first bytes, with limits of size."""

import re
from enum import StrEnum
from hashlib import sha256
from io import BytesIO
from typing import Any, Final

from PIL import Image, ImageOps

from virage.platform.values.refusals import Refused

BYTES_MAX: Final = 300_000
SIDE_MAX: Final = 2_000
NAME: Final = re.compile(r"[0-9a-f]{64}\.(jpg|png|webp)")
"""How a picture is called: its SHA-256, and what it is."""
TYPES: Final = {"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp"}

_SHOWN: Final = ("icc_profile", "transparency")
_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # ITU-T T.81, table B.1: the starts of a frame
_JPEG_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})


class Reason(StrEnum):
    """Why a picture is not taken."""

    TYPE = "unsupported_media_type"
    SIZE = "picture_too_large"


_UNREADABLE: Final = Refused(Reason.TYPE, {"accepted": sorted(TYPES.values())})


def kept(data: bytes) -> tuple[str, bytes] | Refused:
    """Return a picture to store, with its name (SHA-256 and extension), or a refusal.

    Its sides are read from its head first, so that no small file becomes a large picture here or on a phone. Then it
    is encoded again from its pixels: upright, without metadata (where and when it was taken), and without what follows
    its end. The colour profile stays, of an animation the first frame.
    """
    found = _png(data) or _jpeg(data) or _webp(data)
    if found is None:
        return _UNREADABLE
    ending, width, height = found
    if not (0 < width <= SIDE_MAX and 0 < height <= SIDE_MAX):
        return Refused(Reason.SIZE, {"width": width, "height": height, "side_max": SIDE_MAX})
    try:
        clean = _encoded_again(data, (width, height))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):  # what Pillow raises for a broken file
        return _UNREADABLE
    return f"{sha256(clean).hexdigest()}.{ending}", clean


def _encoded_again(data: bytes, sides: tuple[int, int]) -> bytes:
    with Image.open(BytesIO(data), formats=["JPEG", "PNG", "WEBP"]) as opened:
        if opened.size != sides:  # a second head that says otherwise: no pixel of it is read
            raise ValueError("The picture has two sizes.")
        by_format: dict[str | None, dict[str, Any]] = {
            "JPEG": {"qtables": getattr(opened, "quantization", None), "progressive": True},
            "PNG": {"optimize": True},
            "WEBP": {"lossless": data[12:16] == b"VP8L", "quality": 85},
        }
        options = by_format[opened.format]
        upright = ImageOps.exif_transpose(opened)
        upright.info = {name: upright.info[name] for name in _SHOWN if name in upright.info}
        options["icc_profile"] = upright.info.get("icc_profile")
        out = BytesIO()
        upright.save(out, opened.format, **options)
    return out.getvalue()


def _png(data: bytes) -> tuple[str, int, int] | None:
    """PNG (ISO/IEC 15948): the IHDR chunk comes first."""
    if data[:8] != _PNG or data[12:16] != b"IHDR" or len(data) < 24:  # noqa: PLR2004 - where the sides end
        return None
    return "png", int.from_bytes(data[16:20]), int.from_bytes(data[20:24])


def _jpeg(data: bytes) -> tuple[str, int, int] | None:
    """JPEG (ITU-T T.81, annex B): segments up to the one that starts a frame."""
    if data[:2] != b"\xff\xd8":
        return None
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:  # noqa: PLR2004 - what each marker begins with
        marker = data[at + 1]
        if marker in _JPEG_FRAMES:
            return "jpg", int.from_bytes(data[at + 7 : at + 9]), int.from_bytes(data[at + 5 : at + 7])
        at += 2 if marker in _JPEG_ALONE else 1 if marker == 0xFF else 2 + int.from_bytes(data[at + 2 : at + 4])  # noqa: PLR2004 - a fill byte
    return None


def _webp(data: bytes) -> tuple[str, int, int] | None:
    """WebP (RFC 9649): one of three kinds of chunk comes first."""
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP" or len(data) < 30:  # noqa: PLR2004 - where the sides end
        return None
    kind = data[12:16]
    if kind == b"VP8X":
        return "webp", 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    if kind == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return "webp", 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 ":
        return (
            "webp",
            int.from_bytes(data[26:28], "little") & 0x3FFF,
            int.from_bytes(data[28:30], "little") & 0x3FFF,
        )
    return None
