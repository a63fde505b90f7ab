"""Segments of cameras: when they were seen, what they are encoded as, and how they are sealed.

A take is what a camera sent without a break: an init segment a track, then a segment a second (CMAF, ISO/IEC 23000-19).
Segments are sealed as they come in (AES-128-CBC, RFC 8216, 4.3.2.4): the key is that of the camera and the hour, the
initialization vector is the object's own id, so that no two objects share one. An init segment stays open: it shows
nothing, and a take may outlive the hours whose keys a clip gives.
"""

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7
from msgspec import Meta, Struct

from virage.platform.values.derivation import derive
from virage.platform.values.sealing import seal, unseal

KEY_BYTES: Final = 16
PURPOSE: Final = "virage:replay:media-key:v1"
KEY_PERIOD: Final = timedelta(hours=1)
AAC: Final = "mp4a.40.2"  # AAC-LC as RFC 6381 writes it
GOP_MAX_S: Final = 1.05
SEGMENT_MAX: Final = timedelta(seconds=5)
CAMERA_PATTERN: Final = r"^[a-z0-9][a-z0-9-]{0,30}$"

CameraName = Annotated[str, Meta(pattern=CAMERA_PATTERN)]


class Kind(StrEnum):
    """What a track carries; audio and video come apart, so that each is fetched once whatever is shown with it."""

    VIDEO = "video"
    AUDIO = "audio"


class Rung(StrEnum):
    """What was sent, and what the ladder makes of its picture. Sound has its source alone."""

    SOURCE = "source"
    P480 = "480p"
    P240 = "240p"


class Track(Struct, frozen=True):
    """A track of a take, and what is needed to announce it. Its id is that of its init segment's object."""

    id: UUID
    take_id: UUID
    camera: str
    kind: Kind
    codecs: str
    width: int | None
    height: int | None
    began_at: datetime
    rung: Rung = Rung.SOURCE


class Segment(Struct, frozen=True):
    """A second of a track; its id is its object's. `at`: when its first frame was seen, by the one clock."""

    id: UUID
    track_id: UUID
    at: datetime
    duration_ms: int
    bytes: int

    @property
    def ends_at(self) -> datetime:
        """When its last frame is over."""
        return self.at + timedelta(milliseconds=self.duration_ms)


def key_period(at: datetime) -> datetime:
    """The beginning of the period whose key seals what is seen at a moment."""
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def object_name(object_id: UUID) -> str:
    """Where an init segment or a segment is kept; a folder holds what came in within a minute or so."""
    return f"replay/{object_id.hex[:8]}/{object_id}"


class MediaVault:
    """Keys of cameras, kept under the deployment's secret: the present one, or an earlier one."""

    def __init__(self, secrets_: Sequence[str]) -> None:
        self._keys = [derive(secret, PURPOSE) for secret in secrets_]

    def new(self, camera: str, period: datetime) -> bytes:
        """A new key, sealed."""
        return seal(self._keys[0], secrets.token_bytes(KEY_BYTES), _key_context(camera, period))

    def open(self, sealed_key: bytes, camera: str, period: datetime) -> bytes:
        """The key; raises `KeyLost` where no secret of ours opens it."""
        key = unseal(self._keys, sealed_key, _key_context(camera, period))
        if key is None:
            raise KeyLost(_key_context(camera, period).decode())
        return key

    def seal_poster(self, picture: bytes, poster_id: UUID) -> bytes:
        """The poster of a clip as it is kept: no key that a phone is given opens it."""
        return seal(self._keys[0], picture, _poster_context(poster_id))

    def open_poster(self, sealed: bytes, poster_id: UUID) -> bytes | None:
        """The picture; None where no secret of ours opens it, for it can be made anew."""
        return unseal(self._keys, sealed, _poster_context(poster_id))


class KeyLost(Exception):
    """VIRAGE_SECRET changed, and the old one is not in VIRAGE_SECRETS_PREVIOUS."""


def _key_context(camera: str, period: datetime) -> bytes:
    return f"{camera} {period.astimezone(UTC).isoformat()}".encode()


def _poster_context(poster_id: UUID) -> bytes:
    return f"poster {poster_id}".encode()


def sealed(data: bytes, key: bytes, object_id: UUID) -> bytes:
    """A segment as it is kept and sent."""
    padder = PKCS7(128).padder()
    encryptor = Cipher(algorithms.AES128(key), modes.CBC(object_id.bytes)).encryptor()
    return encryptor.update(padder.update(data) + padder.finalize()) + encryptor.finalize()


def opened(data: bytes, key: bytes, object_id: UUID) -> bytes:
    """A segment as it was seen; raises ValueError for what was sealed with another key."""
    decryptor = Cipher(algorithms.AES128(key), modes.CBC(object_id.bytes)).decryptor()
    padded = decryptor.update(data) + decryptor.finalize()
    unpadder = PKCS7(128).unpadder()
    return unpadder.update(padded) + unpadder.finalize()
