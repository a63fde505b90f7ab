"""Codes and keys: what is drawn at random or derived, and what of it may be stored."""

import hmac
import secrets
from functools import lru_cache
from uuid import UUID

from msgspec import Struct

from virage.kernel.security import KEY_BYTES, derive

CODE_DIGITS = 6
OPEN_CODE_DIGITS = 12


class Secrets(Struct, frozen=True):
    """Three keys for three purposes, none of which opens what another one closed."""

    code: bytes
    address: bytes
    mail: bytes


@lru_cache(maxsize=8)
def secrets_of(secret: str) -> Secrets:
    """The keys of this domain, derived from the deployment's one secret."""
    return Secrets(
        code=derive(secret, "people code"),
        address=derive(secret, "people address"),
        mail=derive(secret, "people mail"),
    )


def address_key(keys: Secrets, address: str) -> bytes:
    """What stands for an address where it is counted or looked for but need not be read."""
    return hmac.digest(keys.address, address.encode(), "sha256")


def code_key(keys: Secrets, address: str, session_id: UUID) -> bytes:
    """What a code is kept under: its address, then the browser that asked for it, in which alone it works.

    Somebody else who asks for the same address, or tries codes at it, has a code and tries of their own.
    """
    return address_key(keys, address) + hmac.digest(keys.address, f"device\n{session_id}".encode(), "sha256")


def new_code() -> str:
    """Six digits, every one of the million as likely as the others."""
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"


def open_code_key(keys: Secrets, address: str) -> bytes:
    """What an address's open code is kept under: after the keys of all its browsers, as everybody locks them."""
    return address_key(keys, address) + b"\xff" * KEY_BYTES


def open_tries_key(keys: Secrets, address: str, session_id: UUID) -> bytes:
    """What a browser's tries at an address's open code are counted under: wrong short codes use none of them up."""
    return address_key(keys, address) + hmac.digest(keys.address, f"open\n{session_id}".encode(), "sha256")


def new_open_code() -> str:
    """Twelve digits: any number of browsers may each try a few, and six would be guessed."""
    return f"{secrets.randbelow(10**OPEN_CODE_DIGITS):0{OPEN_CODE_DIGITS}}"


def pace_key(keys: Secrets, *parts: str) -> bytes:
    """What stands for a device, an address or both where their requests are counted."""
    return hmac.digest(keys.address, "\n".join(("pace", *parts)).encode(), "sha256")


def code_hash(keys: Secrets, address: str, code: str) -> bytes:
    """What is stored of a code: an HMAC, for a million plain hashes are tried in a second."""
    return hmac.digest(keys.code, f"{address}\n{code}".encode(), "sha256")


def decoy_hash() -> bytes:
    """What is stored where no code was asked for: the hash of no code."""
    return secrets.token_bytes(32)


def same(left: bytes, right: bytes) -> bool:
    """Whether two hashes are equal, in a time that does not tell where they differ."""
    return hmac.compare_digest(left, right)
