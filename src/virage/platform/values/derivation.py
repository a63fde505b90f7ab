"""Keys derived from the deployment's one secret."""

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32


def derive(secret: str, purpose: str) -> bytes:
    """Return a key of 32 bytes for one purpose (HKDF-SHA256, RFC 5869); another purpose gets an unrelated key."""
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose.encode()).derive(secret.encode())
