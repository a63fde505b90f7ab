"""Opaque tokens: what a session, a device or a program shows."""

import hashlib
import secrets

TOKEN_BYTES = 32


def new_token() -> str:
    """Return a new opaque token: 32 random bytes, URL-safe."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def token_hash(token: str) -> bytes:
    """Return what the database keeps of a token: its SHA-256."""
    return hashlib.sha256(token.encode()).digest()
