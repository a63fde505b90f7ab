"""The contactless cards of a demonstration. No chip stands behind them: the machine itself shows what a chip would."""

from typing import Final
from urllib.parse import urlencode

from virage.money.wallet.cards.rules.sun import FILE_READ_KEY, UID_BYTES, CardKeys, Seen, mirrored

_MAKER: Final = b"\x04DEMO"


def _chip(number: int) -> bytes:
    return _MAKER + number.to_bytes(UID_BYTES - len(_MAKER), "big")


NOBODYS: Final = _chip(1)
"""The card without a name, with money on it."""
FANS: Final = _chip(2)
"""The card of the demonstration's fan."""
FRESH: Final = _chip(3)
"""The card that is not linked yet."""
CHIPS: Final = (NOBODYS, FANS, FRESH)


def tapped(uid: bytes, counter: int, keys: CardKeys) -> str:
    """Return the query string that a card shows when it is read for the `counter`-th time."""
    message = mirrored(Seen(uid, counter), keys.of(uid, FILE_READ_KEY))
    return urlencode({"uid": message.uid, "ctr": message.ctr, "cmac": message.cmac})
