"""The private keys of events, sealed under a key derived from the deployment's secret (AES-256-GCM)."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct

from virage.identity.keys.rules.keys import IssuerKey, kid_of
from virage.platform.values.sealing import seal, unseal

PURPOSE: Final = "virage:passes:signing-key:v1"


class SealedKey(Struct, frozen=True):
    """An event's key in its stored form."""

    event_id: UUID
    kid: bytes
    public: bytes
    sealed: bytes

    @property
    def issuer(self) -> IssuerKey:
        """The public half."""
        return IssuerKey(self.event_id, self.kid, self.public)


class SealBroken(Exception):
    """No known secret opens a key: VIRAGE_SECRET changed, and the old one is not in VIRAGE_SECRETS_PREVIOUS."""


class KeyVault:
    """Seals keys under the current secret, and opens keys sealed under the current or a previous one.

    `current` and `previous` are 32 bytes each, derived for `PURPOSE`.
    """

    def __init__(self, current: bytes, previous: Sequence[bytes] = ()) -> None:
        self._current = current
        self._keys = (current, *previous)

    def __repr__(self) -> str:
        return "KeyVault()"

    def new_key(self, event_id: UUID) -> SealedKey:
        """Return a new key for the event."""
        private = Ed25519PrivateKey.generate()
        public = private.public_key().public_bytes_raw()
        return SealedKey(event_id, kid_of(public), public, self._seal(private, event_id))

    def open(self, key: SealedKey) -> Ed25519PrivateKey:
        """Return the private half.

        Raises:
            SealBroken: if it was sealed under an unknown secret or for another event.
        """
        private = unseal(self._keys, key.sealed, key.event_id.bytes)
        if private is None:
            raise SealBroken(str(key.event_id))
        return Ed25519PrivateKey.from_private_bytes(private)

    def resealed(self, key: SealedKey) -> SealedKey | None:
        """Return the key under the current secret, or None if it already is."""
        if unseal([self._current], key.sealed, key.event_id.bytes) is not None:
            return None
        return SealedKey(key.event_id, key.kid, key.public, self._seal(self.open(key), key.event_id))

    def _seal(self, private: Ed25519PrivateKey, event_id: UUID) -> bytes:
        return seal(self._current, private.private_bytes_raw(), event_id.bytes)
