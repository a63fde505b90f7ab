"""What a tap of an NTAG 424 DNA proves: its SUN message (NXP AN12196), checked with keys made per card (NXP AN10922).

The chip mirrors into the address that it shows its UID and its counter: as `uid` and `ctr`, so that a till without
network knows the card, or as `picc_data`, encrypted, with `enc` (what its file holds, encrypted) where the file is set
so. `cmac` is over UID, counter and what of its file was mirrored.
"""

import hmac
import re
from typing import Annotated, Final
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.cmac import CMAC
from msgspec import Meta, Struct

from virage.platform.values.ids import named_id

UID_BYTES: Final = 7
KEY_BYTES: Final = 16
ADDRESS_LENGTH_MAX: Final = 500
ENC_BLOCKS_MAX: Final = 8
FILE_READ_KEY: Final = 1
"""The number of the chip's key that a tap's MAC comes from: made per card."""
META_READ_KEY: Final = 2
"""The number of the key that `picc_data` is encrypted with: one for all cards, for no UID is known before it opens."""
KEY_VERSION: Final = 1
"""Of the keys that cards are made with now; it is part of what each key is derived from."""

_ZEROS: Final = bytes(16)
_UID_AND_COUNTER: Final = 0xC7  # the PICCDataTag of a UID of 7 bytes, then the counter
_COUNTER_BYTES: Final = 3
_MAC_SESSION: Final = bytes.fromhex("3CC300010080")
_MAC_SEPARATOR: Final = "&cmac="
_DIVERSIFIED: Final = b"\x01"
_INPUT_MIN, _INPUT_MAX = 16, 31
_SYSTEM: Final = b"VIRAGE:"
_EVERY_CARD: Final = bytes(UID_BYTES)  # no chip has it
_LOOK: Final = UUID("0195c1a2-6f3e-7b54-9d01-5a6c2e8f4b70")

UID_SHOWN: Final = "^[0-9A-F]{14}$"
COUNTER_SHOWN: Final = "^[0-9A-F]{6}$"
PICC_DATA: Final = "^[0-9A-F]{32}$"
CMAC_SHOWN: Final = "^[0-9A-F]{16}$"
ENC: Final = "^([0-9A-F]{32}){1,8}$"


class SunMessage(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a card mirrored into its address, in the capitals in which it writes (the MAC is over these letters).

    Either `uid` and `ctr`, or `picc_data` with or without `enc`.
    """

    uid: Annotated[str, Meta(pattern=UID_SHOWN, max_length=14)] | None = None
    ctr: Annotated[str, Meta(pattern=COUNTER_SHOWN, max_length=6)] | None = None
    picc_data: Annotated[str, Meta(pattern=PICC_DATA, max_length=32)] | None = None
    enc: Annotated[str, Meta(pattern=ENC, max_length=32 * ENC_BLOCKS_MAX)] | None = None
    cmac: Annotated[str, Meta(pattern=CMAC_SHOWN, max_length=16)]


class Seen(Struct, frozen=True):
    """Which card was tapped, and for the how many-th time it was read."""

    uid: bytes
    counter: int


class CardKeys:
    """What taps are checked with. All keys come from the master key of 16 bytes, which nothing shows."""

    def __init__(self, master: bytes) -> None:
        if len(master) != KEY_BYTES:
            raise ValueError(f"A master key has {KEY_BYTES} bytes.")
        self._master = master
        self.meta_read = diversify(master, _key_input(_EVERY_CARD, META_READ_KEY))
        """What opens the `picc_data` of every card."""

    def __repr__(self) -> str:
        return "CardKeys()"

    def of(self, uid: bytes, number: int) -> bytes:
        """Return the key that a card has under a number from 0 to 4, no other card's.

        A card that encrypts its UID has `meta_read` as key 2 instead.
        """
        return diversify(self._master, _key_input(uid, number))


def _key_input(uid: bytes, number: int) -> bytes:
    return uid + bytes((number, KEY_VERSION)) + _SYSTEM


def diversify(master: bytes, material: bytes) -> bytes:
    """Return the AES-128 key that a master key has for a card (NXP AN10922, 2.2).

    `material` is what names the card: 16 to 31 bytes. For so many the note's padding to two blocks is CMAC's own.
    """
    if not _INPUT_MIN <= len(material) <= _INPUT_MAX:
        raise ValueError(f"Key material has {_INPUT_MIN} to {_INPUT_MAX} bytes.")
    return _cmac(master, _DIVERSIFIED + material)


def message_of(address: str) -> SunMessage | None:
    """Return what a card mirrored into an address, as a reader types it; None for an address of no card."""
    if len(address) > ADDRESS_LENGTH_MAX:
        return None
    try:
        pairs = parse_qsl(urlsplit(address).query, keep_blank_values=True, strict_parsing=True, max_num_fields=8)
    except ValueError:
        return None
    found = dict(pairs)
    if len(found) != len(pairs) or "cmac" not in found or not found.keys() <= _PARTS.keys():
        return None
    message = SunMessage(**found)
    return message if is_spelled(message) else None


_PARTS: Final = {"uid": UID_SHOWN, "ctr": COUNTER_SHOWN, "picc_data": PICC_DATA, "enc": ENC, "cmac": CMAC_SHOWN}
_FORMS: Final = ({"uid", "ctr", "cmac"}, {"picc_data", "cmac"}, {"picc_data", "enc", "cmac"})


def is_spelled(message: SunMessage) -> bool:
    """Whether it is one of the forms, each part with its length in capital hexadecimal digits: one spelling each."""
    said = {name: text for name in _PARTS if (text := getattr(message, name)) is not None}
    return said.keys() in _FORMS and all(re.fullmatch(_PARTS[name][1:-1], text) for name, text in said.items())


def verify(message: SunMessage, keys: CardKeys) -> Seen | None:
    """Return which card made this message and its counter; None for one that no card of ours made."""
    seen = opened(message, keys.meta_read)
    if seen is None or not proven(message, seen, keys.of(seen.uid, FILE_READ_KEY)):
        return None
    return seen


def opened(message: SunMessage, meta_read_key: bytes) -> Seen | None:
    """Return what a message says of its card; nothing is proven by it yet. None if it says nothing under this key."""
    if not is_spelled(message):
        return None
    if message.uid is not None and message.ctr is not None:
        return Seen(bytes.fromhex(message.uid), int(message.ctr, 16))
    plain = _decrypted(meta_read_key, bytes.fromhex(message.picc_data or ""))
    if plain[0] != _UID_AND_COUNTER:
        return None
    counter_at = 1 + UID_BYTES
    return Seen(plain[1:counter_at], int.from_bytes(plain[counter_at : counter_at + _COUNTER_BYTES], "little"))


def proven(message: SunMessage, seen: Seen, file_read_key: bytes) -> bool:
    """Tell whether the card's key made the MAC: over nothing, or over `enc` and what stands between it and the MAC."""
    covered = "" if message.enc is None else message.enc + _MAC_SEPARATOR
    return hmac.compare_digest(_mac(seen, file_read_key, covered), bytes.fromhex(message.cmac))


def mirrored(seen: Seen, file_read_key: bytes) -> SunMessage:
    """Return what a chip with this key writes into its address when it is read, in plain letters."""
    counter = seen.counter.to_bytes(_COUNTER_BYTES, "big")
    cmac = _mac(seen, file_read_key, "")
    return SunMessage(uid=seen.uid.hex().upper(), ctr=counter.hex().upper(), cmac=cmac.hex().upper())


def _mac(seen: Seen, file_read_key: bytes, covered: str) -> bytes:
    session_key = _cmac(file_read_key, _MAC_SESSION + _named(seen))
    return _cmac(session_key, covered.encode())[1::2]


def look_id(message: SunMessage) -> UUID:
    """Return the id of the tap that a page makes of a message: asked again, the page is still the same look."""
    named = message.picc_data or f"{message.uid}{message.ctr}"
    return named_id(_LOOK, f"{named}{message.cmac}{message.enc or ''}")


def _named(seen: Seen) -> bytes:
    return seen.uid + seen.counter.to_bytes(_COUNTER_BYTES, "little")


def _cmac(key: bytes, text: bytes) -> bytes:
    mac = CMAC(AES(key))
    mac.update(text)
    return mac.finalize()


def _decrypted(key: bytes, text: bytes) -> bytes:
    cipher = Cipher(AES(key), CBC(_ZEROS)).decryptor()
    return cipher.update(text) + cipher.finalize()
