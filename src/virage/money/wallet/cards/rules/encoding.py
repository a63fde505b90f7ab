"""What an encoder writes into an NTAG 424 DNA: the address with its mirrors, and how the chip is set (NXP AN12196).

The names are those of the commands of NXP's data sheet. Offsets are bytes of the NDEF file, three bytes little-endian.
UID and counter are mirrored as they are, so that a till without network knows the card (docs/decisions/0016).
"""

from typing import Final

from msgspec import Struct

from virage.money.wallet.cards.rules.sun import FILE_READ_KEY, KEY_VERSION

MASTER_KEY: Final = 0
"""The key that changes keys and settings."""
KEYS: Final = 5
NDEF_FILE_BYTES: Final = 256

_UID_SIGNS, _COUNTER_SIGNS, _CMAC_SIGNS = 14, 6, 16
_PREFIXES: Final = {"https://": 4, "http://": 3}  # NFC Forum URI RTD, 3.2.2
_RECORD: Final = bytes.fromhex("D101")  # one short record of a well-known type, whose name has one letter
_SDM_ON_PLAIN: Final = "40"
_READ_BY_ALL: Final = "00E0"  # reading needs no key; writing and changing need key 0
_UID_COUNTER_ASCII: Final = "C1"
_META_READ_PLAIN: Final = 0xE
_NO_COUNTER_RETRIEVAL: Final = 0xF


class Template(Struct, frozen=True):
    """The address of a card. `ndef` is the content of file 2 in hexadecimal; each read overwrites the zeros in it.

    `mac_input_offset` equals `mac_offset`: the MAC covers the counter and the UID alone, and no part of the address.
    """

    address: str
    ndef: str
    uid_offset: int
    counter_offset: int
    mac_input_offset: int
    mac_offset: int


class Settings(Struct, frozen=True):
    """How the chip is set: the data of ChangeFileSettings for file 2, and what each of its keys is for."""

    file_settings: str
    key_version: int
    keys: dict[int, str]


def template(base: str) -> Template:
    """Return the template of an address, `base` being all before the question mark.

    Raises:
        ValueError: when it is no http(s) address, or too long for the file.
    """
    scheme = next((known for known in _PREFIXES if base.startswith(known)), None)
    if scheme is None or not base.isascii():
        raise ValueError("A card opens an http:// or https:// address.")
    to_uid = f"{base}?uid="
    to_counter = f"{to_uid}{'0' * _UID_SIGNS}&ctr="
    to_cmac = f"{to_counter}{'0' * _COUNTER_SIGNS}&cmac="
    address = to_cmac + "0" * _CMAC_SIGNS
    payload = bytes((_PREFIXES[scheme],)) + address[len(scheme) :].encode()
    record = _RECORD + bytes((len(payload) % NDEF_FILE_BYTES,)) + b"U" + payload
    ndef = len(record).to_bytes(2) + record
    if len(ndef) > NDEF_FILE_BYTES:
        raise ValueError(f"The address is too long for a card: its file has {NDEF_FILE_BYTES} bytes.")
    before = len(ndef) - len(payload) + 1 - len(scheme)  # how far a letter of the address stands from its place in it
    mac_offset = before + len(to_cmac)
    return Template(address, ndef.hex().upper(), before + len(to_uid), before + len(to_counter), mac_offset, mac_offset)


def settings(made: Template) -> Settings:
    """Return how a chip with this template is set."""
    rights = bytes((0xF0 | _NO_COUNTER_RETRIEVAL, _META_READ_PLAIN << 4 | FILE_READ_KEY)).hex().upper()
    offsets = (made.uid_offset, made.counter_offset, made.mac_input_offset, made.mac_offset)
    mirrors = "".join(offset.to_bytes(3, "little").hex().upper() for offset in offsets)
    purposes = dict.fromkeys(range(KEYS), "none: set per card, so that it cannot be set by others") | {
        MASTER_KEY: "changes keys and settings: made per card",
        FILE_READ_KEY: "SDMFileRead, signs each tap: made per card",
    }
    data = _SDM_ON_PLAIN + _READ_BY_ALL + _UID_COUNTER_ASCII + rights + mirrors
    return Settings(data, KEY_VERSION, purposes)
