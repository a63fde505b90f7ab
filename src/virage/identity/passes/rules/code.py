"""Text of the QR code: a paper's CWT, or the rotating code that a phone signs every 30 seconds."""

from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Final

from msgspec import Struct

from virage.identity.keys.types import SIGNATURE_BYTES, HolderKey
from virage.identity.passes.rules import base45
from virage.identity.passes.rules.cbor import NotDeterministic, decode, encode
from virage.identity.passes.rules.claims import HOLDER_PURPOSE, SignedPass, read_pass, to_be_signed

PREFIX: Final = "V1:"
TEXT_LENGTH_MAX: Final = 366
"""Capacity of a QR code of version 11 at level M in alphanumeric mode."""
STEP_SECONDS: Final = 30
STEPS_TOLERATED: Final = 1
_STEP_MAX: Final = 0xFFFFFFFF
_ARRAY_OF_3: Final = b"\x83"


class Code(Struct, frozen=True):
    """A decoded QR text: the pass, and the phone's additions. Nothing in it is verified yet."""

    signed: SignedPass
    step: int | None = None
    holder_message: bytes = b""
    holder_signature: bytes = b""


def step_at(now: datetime) -> int:
    """Return the time step of a moment: units of 30 s since 1970."""
    return int(now.timestamp()) // STEP_SECONDS


def text_of(data: bytes) -> str:
    """Return the QR text of a CWT or of a rotating code."""
    return PREFIX + base45.encode(data)


def bytes_of(text: str) -> bytes | None:
    """Return the bytes of a QR text, or None if it is too long, has another prefix or is not base45."""
    if len(text) > TEXT_LENGTH_MAX or not text.startswith(PREFIX):
        return None
    return base45.decode(text[len(PREFIX) :])


def holder_message(cwt: bytes, step: int, holder: HolderKey) -> bytes:
    """Return the bytes that the phone signs: pass and step, under the holder's algorithm and purpose."""
    return to_be_signed(_protected_header(holder.algorithm), HOLDER_PURPOSE, encode([cwt, step]))


@cache
def _protected_header(algorithm: int) -> bytes:
    return encode({1: algorithm})


def rotating_code(cwt: bytes, step: int, holder: HolderKey, sign: Callable[[bytes], bytes]) -> bytes:
    """Return pass, step and the holder's signature as phones encode them; `sign` returns 64 bytes."""
    return encode([cwt, step, sign(holder_message(cwt, step, holder))])


def read_code(text: str) -> Code | None:
    """Return the content of the text, or None if neither a phone nor a printer of Virage makes it."""
    data = bytes_of(text)
    if data is None:
        return None
    if data[:1] != _ARRAY_OF_3:
        signed = read_pass(data)
        return None if signed is None else Code(signed)
    return _read_rotating_code(data)


def _read_rotating_code(data: bytes) -> Code | None:
    try:
        item = decode(data)
    except NotDeterministic:
        return None
    match item:
        case [bytes(cwt), int(step), bytes(signature)] if len(signature) == SIGNATURE_BYTES and type(step) is int:
            signed = read_pass(cwt)
        case _:
            return None
    if signed is None or signed.claims.holder is None or not 0 <= step <= _STEP_MAX:
        return None
    return Code(signed, step, holder_message(cwt, step, signed.claims.holder), signature)
