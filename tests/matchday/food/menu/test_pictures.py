"""The stored parts of an uploaded picture, and refused pictures."""

from hashlib import sha256
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from PIL import Image

from tests.matchday.food.menu.photos import a_jpeg, a_photo, a_png, a_webp
from virage.matchday.food.menu.rules.pictures import SIDE_MAX, kept
from virage.platform.values.refusals import Refused

KINDS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("JPEG", {"comment": b"Home, sweet home"}),
    ("PNG", {}),
    ("WEBP", {}),
    ("WEBP", {"lossless": True}),
)
MAKERS: tuple[Any, ...] = (
    a_png,
    a_jpeg,
    *((lambda *sides, kind=kind: a_webp(kind, *sides)) for kind in (b"VP8X", b"VP8L", b"VP8 ")),
)


@pytest.mark.parametrize("make", MAKERS)
def test_the_type_of_a_picture_comes_from_its_header(make: Any) -> None:
    for sides in ((SIDE_MAX + 1, 1), (1, SIDE_MAX + 1)):
        refused = kept(make(*sides))
        assert isinstance(refused, Refused)
        assert (refused.reason, refused.data["width"], refused.data["height"]) == ("picture_too_large", *sides)
    for cut in range(20):
        assert isinstance(kept(make()[:cut]), Refused)
    assert kept(make()) == Refused("unsupported_media_type", {"accepted": ["image/jpeg", "image/png", "image/webp"]})


@pytest.mark.parametrize(("kind", "options"), KINDS)
def test_a_picture_is_stored_without_its_location_and_trailing_data(kind: str, options: Any) -> None:
    photo = a_photo(kind, **options)
    archive = BytesIO()
    with ZipFile(archive, "w") as packed:
        packed.writestr("page.html", "<script>alert(1)</script>")
    found, alone = kept(photo + archive.getvalue()), kept(photo)
    assert not isinstance(found, Refused)
    assert found == alone, "data after the end of a picture is dropped"
    name, clean = found
    assert name.startswith(sha256(clean).hexdigest())
    assert not any(word in clean for word in (b"2026:05:09", b"Exif", b"sweet home", b"script", b"PK"))
    with Image.open(BytesIO(clean)) as shown:
        assert (shown.format, shown.size) == (kind, (30, 40)), "the picture is upright"
        assert not shown.getexif()
        assert "icc_profile" in shown.info
        greens = shown.convert("RGB").getchannel("G").tobytes()
    upper, lower = greens[5 * 30 + 15], greens[35 * 30 + 15]
    assert upper < lower - 150, "its red half is above"


@pytest.mark.parametrize(("kind", "options"), KINDS)
def test_the_largest_picture_is_taken(kind: str, options: Any) -> None:
    assert not isinstance(kept(a_photo(kind, (SIDE_MAX, 1), **options)), Refused)
    assert not isinstance(kept(a_photo(kind, (1, SIDE_MAX), **options)), Refused)
