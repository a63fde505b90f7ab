"""Bytes as text of the alphanumeric QR alphabet (RFC 9285): two bytes take three characters."""

from struct import pack, unpack
from typing import Final

ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_BASE: Final = len(ALPHABET)
_SQUARE: Final = _BASE * _BASE
_FOREIGN: Final = 0xFF
_VALUES: Final = bytes(ALPHABET.find(chr(code)) & _FOREIGN for code in range(256))
_PAIRS: Final = [low + high for high in ALPHABET for low in ALPHABET]


def encode(data: bytes) -> str:
    """Return `data` in base45, least significant character first; the last odd byte takes two characters."""
    count = len(data) // 2
    numbers = unpack(f">{count}H", data[: count * 2])
    text = "".join([_PAIRS[number % _SQUARE] + ALPHABET[number // _SQUARE] for number in numbers])
    return text + _PAIRS[data[-1]] if len(data) % 2 else text


def decode(text: str) -> bytes | None:
    """Return the bytes, or None for a foreign character, an impossible length, or a group above its range.

    Every byte string has exactly one text, so decoding and encoding round-trip.
    """
    whole, odd = divmod(len(text), 3)
    if odd == 1 or not text.isascii():
        return None
    values = text.encode("ascii").translate(_VALUES)
    if _FOREIGN in values:
        return None
    triples = zip(values[: whole * 3 : 3], values[1::3], values[2::3], strict=False)
    numbers = [low + middle * _BASE + high * _SQUARE for low, middle, high in triples]
    if numbers and max(numbers) >= 1 << 16:
        return None
    data = pack(f">{whole}H", *numbers)
    if not odd:
        return data
    last = values[-2] + values[-1] * _BASE
    return data + bytes([last]) if last < 1 << 8 else None
