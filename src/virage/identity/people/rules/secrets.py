"""Codes and keys: what is drawn at random or derived, and what of it may be stored."""

import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import lru_cache
from uuid import UUID

from msgspec import Struct

from virage.platform.values.derivation import KEY_BYTES, derive

CODE_DIGITS = 6
LONG_CODE_DIGITS = 12
BROWSER_BYTES = 16


class PeopleKeys(Struct, frozen=True):
    """Keys for one purpose each, none of which opens what another one closed."""

    code: bytes
    address: bytes
    mail: bytes
    bounce: bytes
    passkey: bytes
    recovery: bytes
    sso: bytes
    sso_token: bytes


@lru_cache(maxsize=8)
def people_keys(secret: str) -> PeopleKeys:
    """The keys of this domain, derived from the deployment's one secret."""
    return PeopleKeys(
        code=derive(secret, "people code"),
        address=derive(secret, "people address"),
        mail=derive(secret, "people mail"),
        bounce=derive(secret, "people bounce"),
        passkey=derive(secret, "people passkey"),
        recovery=derive(secret, "people recovery"),
        sso=derive(secret, "people sso"),
        sso_token=derive(secret, "people sso token"),
    )


def address_key(keys: PeopleKeys, address: str) -> bytes:
    """What stands for an address where it is counted or looked for but need not be read."""
    return hmac.digest(keys.address, address.encode(), "sha256")


def new_browser() -> UUID:
    """Return a random number for a browser that requests a code."""
    return UUID(bytes=secrets.token_bytes(BROWSER_BYTES))


def browser_text(keys: PeopleKeys, browser: UUID) -> str:
    """Return the signed number for the browser's cookie."""
    return urlsafe_b64encode(browser.bytes + _proof(keys, browser.bytes)).decode()


def browser_of(keys: PeopleKeys, text: str | None) -> UUID | None:
    """Return the number of a browser's cookie; None without one, or with an invalid signature."""
    try:
        shown = urlsafe_b64decode(text or "")
    except ValueError:
        return None
    number, proof = shown[:BROWSER_BYTES], shown[BROWSER_BYTES:]
    return UUID(bytes=number) if same(proof, _proof(keys, number)) else None


def _proof(keys: PeopleKeys, number: bytes) -> bytes:
    return hmac.digest(keys.address, b"browser\n" + number, "sha256")


def code_key(keys: PeopleKeys, address: str, browser: UUID) -> bytes:
    """Return the key of a code: its address and the browser that requested it, in which it works.

    Other browsers that request codes for the same address have separate codes and attempts.
    """
    return address_key(keys, address) + hmac.digest(keys.address, f"device\n{browser}".encode(), "sha256")


def new_code() -> str:
    """Return six uniformly random digits."""
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"


def open_code_key(keys: PeopleKeys, address: str) -> bytes:
    """Return the key of the open code of an address, sorted after the keys of its browsers (the order of locks)."""
    return address_key(keys, address) + b"\xff" * KEY_BYTES


def long_code_key(keys: PeopleKeys, address: str, browser: UUID) -> bytes:
    """What a browser's own long code is kept under, and its tries at it and at the address's open code are counted.

    Wrong short codes use none of them up.
    """
    return address_key(keys, address) + hmac.digest(keys.address, f"open\n{browser}".encode(), "sha256")


def new_long_code() -> str:
    """Twelve digits: any number of browsers may each try a few, and six would be guessed."""
    return f"{secrets.randbelow(10**LONG_CODE_DIGITS):0{LONG_CODE_DIGITS}}"


def grouped(code: str) -> str:
    """A code as letters show it: a long one in groups of four digits."""
    return code if len(code) == CODE_DIGITS else " ".join(code[at : at + 4] for at in range(0, len(code), 4))


def rate_key(keys: PeopleKeys, *parts: str) -> bytes:
    """What stands for a device, an address or both where their requests are counted."""
    return hmac.digest(keys.address, "\n".join(("pace", *parts)).encode(), "sha256")


def known_browser_key(keys: PeopleKeys, person_id: UUID, browser: UUID) -> bytes:
    """What stands for a browser in which a person has signed in: it says neither whose nor which."""
    return hmac.digest(keys.address, b"known browser\n" + person_id.bytes + browser.bytes, "sha256")


def code_hash(keys: PeopleKeys, address: str, code: str) -> bytes:
    """What is stored of a code: an HMAC, for a million plain hashes are tried in a second."""
    return hmac.digest(keys.code, f"{address}\n{code}".encode(), "sha256")


def decoy_hash() -> bytes:
    """What is stored where no code was asked for: the hash of no code."""
    return secrets.token_bytes(32)


def same(left: bytes, right: bytes) -> bool:
    """Whether two hashes are equal, in a time that does not tell where they differ."""
    return hmac.compare_digest(left, right)
