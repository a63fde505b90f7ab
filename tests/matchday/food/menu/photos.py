"""Test pictures: headers without pixels, and photos as a phone takes them."""

from io import BytesIO
from typing import Any

from PIL import Image
from PIL.ImageCms import ImageCmsProfile, createProfile

PROFILE = ImageCmsProfile(createProfile("sRGB")).tobytes()  # made once: it contains the second in which it was made
ORIENTATION, GPS, SHOT_AT = 0x0112, 0x8825, 0x0132


def a_png(width: int = 40, height: int = 30) -> bytes:
    sides = width.to_bytes(4) + height.to_bytes(4)
    return b"\x89PNG\r\n\x1a\n" + (13).to_bytes(4) + b"IHDR" + sides + b"\x08\x02\x00\x00\x00"


def a_jpeg(width: int = 40, height: int = 30) -> bytes:
    comment = b"\xff\xfe" + (7).to_bytes(2) + b"hello"
    frame = b"\xff\xc2" + (17).to_bytes(2) + b"\x08" + height.to_bytes(2) + width.to_bytes(2) + b"\x03"
    return b"\xff\xd8" + comment + b"\xff" + frame


def a_webp(kind: bytes, width: int = 40, height: int = 30) -> bytes:
    sides = {
        b"VP8X": b"\0" * 4 + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little"),
        b"VP8L": b"\x2f" + ((width - 1) | (height - 1) << 14).to_bytes(4, "little") + b"\0" * 5,
        b"VP8 ": b"\0" * 3 + b"\x9d\x01\x2a" + width.to_bytes(2, "little") + height.to_bytes(2, "little"),
    }[kind]
    return (
        b"RIFF" + (4 + 8 + len(sides)).to_bytes(4, "little") + b"WEBP" + kind + len(sides).to_bytes(4, "little") + sides
    )


def a_photo(kind: str, sides: tuple[int, int] = (40, 30), **options: Any) -> bytes:
    """A photo as a phone stores it: rotated, with time and place; its left half is red."""
    image = Image.new("RGB", sides, "white")
    image.paste("red", (0, 0, sides[0] // 2, sides[1]))
    exif = Image.Exif()
    exif[ORIENTATION] = 6  # to be turned a quarter to the right
    exif[SHOT_AT] = "2026:05:09 18:00:00"
    exif.get_ifd(GPS)[2] = (45.0, 45.0, 55.0)
    out = BytesIO()
    image.save(out, kind, exif=exif, icc_profile=PROFILE, **options)
    return out.getvalue()
