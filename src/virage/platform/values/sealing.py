"""Encryption of stored values with the secret of the deployment (AES-256-GCM).

A key is derived for one purpose (`values.derivation`), and what is sealed is bound to a name, its id for instance:
under another purpose, or in another row, it does not open.
"""

import secrets
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12


def seal(key: bytes, plain: bytes, name: bytes) -> bytes:
    """Return a new nonce and the encrypted text; `name` is authenticated with it. The key has 32 bytes."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, name)


def unseal(keys: Sequence[bytes], sealed: bytes, name: bytes) -> bytes | None:
    """Return the text that one of the keys decrypts with the same name, or None."""
    for key in keys:
        try:
            return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], name)
        except InvalidTag:
            continue
    return None
