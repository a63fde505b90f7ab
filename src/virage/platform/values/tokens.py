"""Opaque tokens of sessions, devices and API clients."""

import hashlib
import secrets

TOKEN_BYTES = 32


def new_token() -> str:
    """Return a new opaque token: 32 random bytes, URL-safe."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def token_hash(token: str) -> bytes:
    """Return the SHA-256 of a token, which the database stores instead of it."""
    return hashlib.sha256(token.encode()).digest()
