"""Public keys of browsers (JWK, RFC 7517) and base64url (RFC 7515)."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from typing import Final, Literal, NamedTuple

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from msgspec import Struct

KEY_BYTES: Final = 32

_ED25519_PRIME: Final = 2**255 - 19
_ORDER_8_Y: Final = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
# The y coordinates of the points of small order: under such a key one signature holds for many messages.
_SMALL_ORDER_Y: Final = frozenset({0, 1, _ED25519_PRIME - 1, _ORDER_8_Y, _ED25519_PRIME - _ORDER_8_Y})


class Jwk(Struct, frozen=True, omit_defaults=True):
    """A public key as browsers export it: Ed25519, or P-256 with `y`; other members are ignored."""

    kty: Literal["OKP", "EC"]
    crv: Literal["Ed25519", "P-256"]
    x: str
    y: str | None = None


class Coordinates(NamedTuple):
    """The 32 bytes of each coordinate that a JWK names; Ed25519 has no `y`."""

    x: bytes
    y: bytes | None


def coordinates_of(jwk: Jwk) -> Coordinates | None:
    """Return the coordinates; None if they are not a point of the curve, or a weak one that verifies any signature."""
    x = _coordinate(jwk.x)
    if x is None:
        return None
    if (jwk.kty, jwk.crv, jwk.y) == ("OKP", "Ed25519", None):
        y = int.from_bytes(x, "little") & ((1 << 255) - 1)
        return None if y >= _ED25519_PRIME or y in _SMALL_ORDER_Y else Coordinates(x, None)
    y_bytes = _coordinate(jwk.y or "")
    if (jwk.kty, jwk.crv) != ("EC", "P-256") or y_bytes is None:
        return None
    numbers = ec.EllipticCurvePublicNumbers(int.from_bytes(x), int.from_bytes(y_bytes), ec.SECP256R1())
    try:
        numbers.public_key()
    except ValueError:
        return None
    return Coordinates(x, y_bytes)


def _coordinate(text: str) -> bytes | None:
    value = bytes_of_base64url(text)
    return None if value is None or len(value) != KEY_BYTES else value


def bytes_of_base64url(text: str) -> bytes | None:
    """Return the bytes of base64url without padding; None if the text is not their canonical form."""
    try:
        value = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (Base64Error, ValueError):
        return None
    return value if base64url(value) == text else None


def base64url(value: bytes) -> str:
    """Return base64url without padding."""
    return urlsafe_b64encode(value).rstrip(b"=").decode()


def number_in(body: str) -> int:
    """Return the number that an unverified signed body claims, or 0; used only in the answer to the device."""
    try:
        number = msgspec.json.decode(bytes_of_base64url(body) or b"").get("number")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, AttributeError):
        return 0
    return number if isinstance(number, int) and not isinstance(number, bool) else 0
