"""Cards as tills without network know them: the chip's number, its last counter, whether it is blocked.

All cards at first, then those that changed. A position is a transaction of the database below which all had ended, so
it means the same in every process, and no late committer is skipped; a change may be told twice. Rows carry the
transaction that wrote them (`xmin`), so that a tap writes nothing more for it.
"""

import asyncio
from time import monotonic
from typing import Final, NamedTuple

import msgspec
from msgspec import Struct

from virage.money.wallet.cards.store import cards as store
from virage.platform.data.database import Database

KEPT_S: Final = 2.0
ALL_KEPT_S: Final = 30.0
BEHIND_MAX: Final = 200_000
"""Transactions. Who is further behind gets all cards: that many changes are not told one by one."""


class TillCards(Struct, frozen=True):
    """Cards as `[number of the chip, last counter, blocked]`. `all`: these are all, else what changed since.

    `position` is what to ask with the next time.
    """

    position: str
    all: bool
    cards: list[tuple[str, int, bool]]


class _Told(NamedTuple):
    """A card that changed, the transaction that wrote it, and up to which position this process had read with it."""

    shown: tuple[str, int, bool]
    xid: int
    until: int


class CardNews:
    """What one process has read."""

    def __init__(self, db: Database, kept_s: float = KEPT_S, all_kept_s: float = ALL_KEPT_S) -> None:
        self._db = db
        self._kept_s = kept_s
        self._all_kept_s = all_kept_s
        self._one_at_a_time = asyncio.Lock()
        self._since = 0
        self._until = 0
        self._read_at = float("-inf")
        self._changed: dict[str, _Told] = {}
        self._all: tuple[float, bytes] = (float("-inf"), b"")

    async def since(self, position: str | None) -> bytes:
        """What changed since a position, or all cards where there is none that is known; as JSON of `TillCards`."""
        asked = int(position) if position and position.isascii() and position.isdigit() else None
        async with self._one_at_a_time:
            if asked is not None and await self._follow(asked):
                return msgspec.json.encode(TillCards(str(self._until), all=False, cards=self._news(asked)))
            if monotonic() >= self._all[0]:
                async with self._db.connection() as conn:
                    everything = await store.all_cards(conn)
                self._all = (monotonic() + self._all_kept_s, everything)
            return self._all[1]

    def _news(self, asked: int) -> list[tuple[str, int, bool]]:
        """Cards that changed from a position on; they stand in the order in which they were read.

        What was read up to that position and changed since was read again, and stands later.
        """
        found = []
        for told in reversed(self._changed.values()):
            if told.until <= asked:
                break
            if told.xid >= asked:
                found.append(told.shown)
        return found

    async def _follow(self, asked: int) -> bool:
        """Read on, if it is time to; whether a position is among what is known."""
        if monotonic() < self._read_at + self._kept_s and self._since <= asked <= self._until:
            return True
        async with self._db.connection() as conn:
            head = await store.card_position(conn)
            if not head - BEHIND_MAX <= asked <= head:
                return False
            if asked < self._since or self._until < head - BEHIND_MAX:
                self._since, self._until, self._changed = asked, asked, {}
            for shown, xid in await store.cards_changed(conn, self._until):
                self._changed.pop(shown[0], None)
                self._changed[shown[0]] = _Told(shown, xid, head)
        self._until, self._read_at = head, monotonic()
        return True
