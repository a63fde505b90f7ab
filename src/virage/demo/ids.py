"""Deterministic ids of the demo."""

from datetime import datetime
from hashlib import sha256
from uuid import UUID

_RANDOM_BITS = 74
_HIGH_BITS = 12


def demo_id(name: str, at: datetime) -> UUID:
    """Return a UUIDv7 (RFC 9562) with a given time, and random bits derived from a name."""
    bits = int.from_bytes(sha256(f"virage demo {name}".encode()).digest()) >> (256 - _RANDOM_BITS)
    low_bits = _RANDOM_BITS - _HIGH_BITS
    high, low = bits >> low_bits, bits & ((1 << low_bits) - 1)
    milliseconds = int(at.timestamp() * 1000)
    return UUID(int=milliseconds << 80 | 0x7 << 76 | high << 64 | 0b10 << low_bits | low)
