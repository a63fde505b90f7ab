"""What an encoder writes into an NTAG 424 DNA: the address with its mirrors, and how the chip is set (NXP AN12196).

The names are those of the commands of NXP's data sheet. Offsets are bytes of the NDEF file, three bytes little-endian.
"""

from typing import Final

from msgspec import Struct

from virage.wallet.rules.sun import FILE_READ_KEY, KEY_VERSION, META_READ_KEY

MASTER_KEY: Final = 0
"""The key that changes keys and settings: made per card, as are the ones that nothing uses."""
KEYS: Final = 5
NDEF_FILE: Final = 2
NDEF_FILE_BYTES: Final = 256

_PICC_DATA_SIGNS, _CMAC_SIGNS = 32, 16
_PREFIXES: Final = {"https://": 4, "http://": 3}  # NFC Forum URI RTD, 3.2.2
_RECORD: Final = bytes.fromhex("D101")  # one short record of a well-known type, whose name has one letter
_SDM_ON_PLAIN: Final = "40"
_READ_BY_ALL: Final = "00E0"  # reading needs no key; writing and changing need key 0
_UID_COUNTER_ASCII: Final = "C1"
_NO_COUNTER_RETRIEVAL: Final = 0xF


class Template(Struct, frozen=True):
    """The address of a card. `ndef` is the content of file 2 in hexadecimal; each read overwrites the zeros in it.

    `mac_input_offset` equals `mac_offset`: the MAC covers the counter and the UID alone, and no part of the address.
    """

    address: str
    ndef: str
    picc_data_offset: int
    mac_input_offset: int
    mac_offset: int


class Settings(Struct, frozen=True):
    """How the chip is set: the data of ChangeFileSettings for file 2, and what each of its keys is for."""

    file_settings: str
    key_version: int
    keys: dict[int, str]


def template(base: str, *, picc_data: str = "picc_data", cmac: str = "cmac") -> Template:
    """Return the template of an address, `base` being all before the question mark.

    Raises:
        ValueError: when it is no http(s) address, or too long for the file.
    """
    scheme = next((known for known in _PREFIXES if base.startswith(known)), None)
    if scheme is None or not base.isascii():
        raise ValueError("A card opens an http:// or https:// address.")
    to_picc_data = f"{base}?{picc_data}="
    to_cmac = f"{to_picc_data}{'0' * _PICC_DATA_SIGNS}&{cmac}="
    address = to_cmac + "0" * _CMAC_SIGNS
    payload = bytes((_PREFIXES[scheme],)) + address[len(scheme) :].encode()
    record = _RECORD + bytes((len(payload) % NDEF_FILE_BYTES,)) + b"U" + payload
    ndef = len(record).to_bytes(2) + record
    if len(ndef) > NDEF_FILE_BYTES:
        raise ValueError(f"The address is too long for a card: its file has {NDEF_FILE_BYTES} bytes.")
    before = len(ndef) - len(payload) + 1 - len(scheme)  # how far a letter of the address stands from its place in it
    mac_offset = before + len(to_cmac)
    return Template(address, ndef.hex().upper(), before + len(to_picc_data), mac_offset, mac_offset)


def settings(made: Template, *, file_read: int = FILE_READ_KEY, counter: int = _NO_COUNTER_RETRIEVAL) -> Settings:
    """Return how a chip with this template is set."""
    rights = bytes((0xF0 | counter, META_READ_KEY << 4 | file_read)).hex().upper()
    offsets = (made.picc_data_offset, made.mac_input_offset, made.mac_offset)
    mirrors = "".join(offset.to_bytes(3, "little").hex().upper() for offset in offsets)
    purposes = dict.fromkeys(range(KEYS), "none: made per card, so that nobody else sets it") | {
        MASTER_KEY: "changes keys and settings: made per card",
        FILE_READ_KEY: "SDMFileRead, signs each tap: made per card",
        META_READ_KEY: "SDMMetaRead, hides the UID: the same for every card",
    }
    data = _SDM_ON_PLAIN + _READ_BY_ALL + _UID_COUNTER_ASCII + rights + mirrors
    return Settings(data, KEY_VERSION, purposes)
