"""A card as the chip behaves: it mirrors its UID and its counter, and signs them with its own keys."""

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
    """What a message says, as a page sends it."""
    return {name: value for name, value in to_builtins(message).items() if value is not None}


class Chip:
    """An NTAG 424 DNA with the keys that an encoder wrote; each read raises its counter."""

    def __init__(self, keys: CardKeys, uid: bytes, *, file_read_key: bytes | None = None) -> None:
        self.uid = uid
        self.counter = 0
        self._meta_read = keys.meta_read
        self._file_read = file_read_key or keys.of(uid, FILE_READ_KEY)

    def tap(self) -> SunMessage:
        """What the next read of the card shows."""
        self.counter += 1
        return self.mirrored(self.counter)

    def mirrored(self, counter: int) -> SunMessage:
        """What the card shows at a counter; a clone can be made to show any that it recorded."""
        return SunMessage(uid=self.uid.hex().upper(), ctr=f"{counter:06X}", cmac=self._mac(counter))

    def hidden(self, counter: int, tag: int = 0xC7) -> SunMessage:
        """What a card shows that was set to encrypt its UID and counter.

        `tag` says what `picc_data` holds: UID and counter, unless the chip is set otherwise.
        """
        encryptor = Cipher(AES(self._meta_read), CBC(bytes(16))).encryptor()
        picc_data = encryptor.update(bytes((tag,)) + self._named(counter) + secrets.token_bytes(5))
        return SunMessage(picc_data=picc_data.hex().upper(), cmac=self._mac(counter))

    def _named(self, counter: int) -> bytes:
        return self.uid + counter.to_bytes(3, "little")

    def _mac(self, counter: int) -> str:
        session_key = cmac(self._file_read, bytes.fromhex("3CC300010080") + self._named(counter))
        return cmac(session_key, b"")[1::2].hex().upper()
