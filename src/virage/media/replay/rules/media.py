"""Tracks and segments of cameras, and their encryption.

A take is what a camera sent without interruption: one init segment per track, and a segment per second (CMAF, ISO/IEC
23000-19). Segments are encrypted on arrival (AES-128-CBC, RFC 8216, 4.3.2.4) with a key per camera and hour. The id of
the object is the initialization vector, so that vectors are unique. Init segments are not encrypted: they contain no
picture, and a take may be longer than the hours whose keys a clip provides.
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
AAC: Final = "mp4a.40.2"  # AAC-LC in the format of RFC 6381
GOP_MAX_S: Final = 1.05
SEGMENT_MAX: Final = timedelta(seconds=5)
CAMERA_PATTERN: Final = r"^[a-z0-9][a-z0-9-]{0,30}$"

CameraName = Annotated[str, Meta(pattern=CAMERA_PATTERN)]


class Kind(StrEnum):
    """Medium of a track; audio and video are separate, so that each is fetched once."""

    VIDEO = "video"
    AUDIO = "audio"


class Rung(StrEnum):
    """A rendition of video: the source, or a smaller one made by the ladder. Audio has only the source."""

    SOURCE = "source"
    P480 = "480p"
    P240 = "240p"


class Track(Struct, frozen=True):
    """A track of a take, with its description for playlists. Its id is that of its init segment."""

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
    """A second of a track; its id is that of its object. `at`: recording time of its first frame, server clock."""

    id: UUID
    track_id: UUID
    at: datetime
    duration_ms: int
    bytes: int

    @property
    def ends_at(self) -> datetime:
        """End of its last frame."""
        return self.at + timedelta(milliseconds=self.duration_ms)


def key_period(at: datetime) -> datetime:
    """Return the start of the hour whose key encrypts a moment."""
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def object_name(object_id: UUID) -> str:
    """Return the name of an object; those of about a minute share a folder."""
    return f"replay/{object_id.hex[:8]}/{object_id}"


class MediaVault:
    """Encryption of camera keys and posters under the deployment's secrets; the first one encrypts."""

    def __init__(self, secrets_: Sequence[str]) -> None:
        self._keys = [derive(secret, PURPOSE) for secret in secrets_]

    def new(self, camera: str, period: datetime) -> bytes:
        """Return a new encrypted key."""
        return seal(self._keys[0], secrets.token_bytes(KEY_BYTES), _key_context(camera, period))

    def open(self, sealed_key: bytes, camera: str, period: datetime) -> bytes:
        """Return a decrypted key; raises `KeyLost` if no secret fits."""
        key = unseal(self._keys, sealed_key, _key_context(camera, period))
        if key is None:
            raise KeyLost(_key_context(camera, period).decode())
        return key

    def seal_poster(self, picture: bytes, poster_id: UUID) -> bytes:
        """Return an encrypted poster. No key of a clip decrypts it."""
        return seal(self._keys[0], picture, _poster_context(poster_id))

    def open_poster(self, sealed: bytes, poster_id: UUID) -> bytes | None:
        """Return a decrypted poster; None if no secret fits, so that it is rendered again."""
        return unseal(self._keys, sealed, _poster_context(poster_id))


class KeyLost(Exception):
    """VIRAGE_SECRET changed, and the old one is not in VIRAGE_SECRETS_PREVIOUS."""


def _key_context(camera: str, period: datetime) -> bytes:
    return f"{camera} {period.astimezone(UTC).isoformat()}".encode()


def _poster_context(poster_id: UUID) -> bytes:
    return f"poster {poster_id}".encode()


def sealed(data: bytes, key: bytes, object_id: UUID) -> bytes:
    """Return an encrypted segment, for storage and transfer."""
    padder = PKCS7(128).padder()
    encryptor = Cipher(algorithms.AES128(key), modes.CBC(object_id.bytes)).encryptor()
    return encryptor.update(padder.update(data) + padder.finalize()) + encryptor.finalize()


def opened(data: bytes, key: bytes, object_id: UUID) -> bytes:
    """Return a decrypted segment; raises ValueError for a wrong key."""
    decryptor = Cipher(algorithms.AES128(key), modes.CBC(object_id.bytes)).decryptor()
    padded = decryptor.update(data) + decryptor.finalize()
    unpadder = PKCS7(128).unpadder()
    return unpadder.update(padded) + unpadder.finalize()
