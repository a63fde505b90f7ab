"""Sealing: what is stored so that only the deployment's secret opens it (AES-256-GCM).

A key is derived for one purpose (`values.derivation`), and what is sealed is bound to a name, its id for instance:
under another purpose, or in another row, it does not open.
"""

import secrets
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12


def seal(key: bytes, plain: bytes, name: bytes) -> bytes:
    """Return a fresh nonce, then the text under a key of 32 bytes and bound to `name`."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, name)


def unseal(keys: Sequence[bytes], sealed: bytes, name: bytes) -> bytes | None:
    """Return what one of the keys sealed under the same name; None if none of them did."""
    for key in keys:
        try:
            return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], name)
        except InvalidTag:
            continue
    return None
