"""A contactless card as its chip behaves: it mirrors its UID and its counter, and signs them with
its own keys.
"""

import secrets

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.cmac import CMAC
from msgspec import to_builtins

from virage.money.wallet.cards.rules.sun import FILE_READ_KEY, CardKeys, SunMessage


def cmac(key: bytes, text: bytes) -> bytes:
    mac = CMAC(AES(key))
    mac.update(text)
    return mac.finalize()


def shown(message: SunMessage) -> dict[str, str]:
    """The content of a message, as a page sends it."""
    return {name: value for name, value in to_builtins(message).items() if value is not None}


class Chip:
    """An NTAG 424 DNA with the keys that an encoder wrote; each read raises its counter."""

    def __init__(self, keys: CardKeys, uid: bytes, *, file_read_key: bytes | None = None) -> None:
        self.uid = uid
        self.counter = 0
        self._meta_read = keys.meta_read
        self._file_read = file_read_key or keys.of(uid, FILE_READ_KEY)

    def tap(self) -> SunMessage:
        """The message of the next read of the card."""
        self.counter += 1
        return self.mirrored(self.counter)

    def mirrored(self, counter: int) -> SunMessage:
        """The message of the card at a counter; a clone can repeat any recorded one."""
        return SunMessage(uid=self.uid.hex().upper(), ctr=f"{counter:06X}", cmac=self._mac(counter))

    def hidden(self, counter: int, tag: int = 0xC7) -> SunMessage:
        """The message of a card configured to encrypt its UID and counter.

        `tag` names the content of `picc_data`: UID and counter, unless the chip is configured
        differently.
        """
        encryptor = Cipher(AES(self._meta_read), CBC(bytes(16))).encryptor()
        picc_data = encryptor.update(bytes((tag,)) + self._named(counter) + secrets.token_bytes(5))
        return SunMessage(picc_data=picc_data.hex().upper(), cmac=self._mac(counter))

    def _named(self, counter: int) -> bytes:
        return self.uid + counter.to_bytes(3, "little")

    def _mac(self, counter: int) -> str:
        session_key = cmac(self._file_read, bytes.fromhex("3CC300010080") + self._named(counter))
        return cmac(session_key, b"")[1::2].hex().upper()
