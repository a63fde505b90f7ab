"""The journal: the facts of every act, written in the transaction of the act, append-only, read in order.

A position is `xid-seq`. Readers see only what lies below the oldest transaction that still runs, so a transaction that
commits late is never skipped. Facts of two transactions about the same row can be in the opposite order (the one that
began first committed last); they nearly always arrive in the same call, and `as_written` sorts them. A call of a tail
never ends within a transaction, so the position of a reader is always between two transactions.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from msgspec import Struct, field

from virage.platform.data.database import Connection, Database, Unavailable
from virage.platform.data.sql import load
from virage.platform.settings.logs import log

POLL_S = 0.05
RETRY_MAX_S = 1.0
PAGE = 1000
PAGES_A_CALL_MAX = 20

_sql = load(__file__)


class Fact(Struct, frozen=True):
    """An event (`order_paid`), the person who caused it, its subject. `data` holds ids and numbers only."""

    what: str
    who: UUID | None
    about: UUID
    data: dict[str, Any] = field(default_factory=dict)


class Entry(Struct, frozen=True):
    """A stored fact. `position` orders the journal as (xid, seq); `seq` is the order of writing."""

    position: str
    seq: int
    at: datetime
    what: str
    who: UUID | None
    about: UUID
    data: dict[str, Any]


OnEntries = Callable[[Sequence[Entry]], None]


class Key(NamedTuple):
    """A parsed position, which can be compared; its text is the position again."""

    xid: int
    seq: int

    @property
    def xid_next(self) -> int:
        """The transaction before which everything is complete; transactions are never sent in part (decision 0038)."""
        return self.xid + (self.seq > 0)

    def __str__(self) -> str:
        return f"{self.xid}-{self.seq}"


def position_key(position: str) -> Key:
    """Return a position parsed, for comparison. Raises ValueError for a text that is not a position."""
    xid, _, seq = position.partition("-")
    if not (xid.isascii() and xid.isdigit() and seq.isascii() and seq.isdigit()):
        raise ValueError(f"{position!r} is no position of the journal.")
    key = Key(int(xid), int(seq))
    if key.xid >= 1 << 64 or key.seq >= 1 << 63:
        raise ValueError(f"{position!r} is no position of the journal.")
    return key


def as_written(entries: Sequence[Entry]) -> list[Entry]:
    """Return the entries of one call in the order of writing, so that the last entry about a row is the latest."""
    return sorted(entries, key=lambda entry: entry.seq)


async def append(conn: Connection, facts: Sequence[Fact], now: datetime) -> None:
    """Append the facts of an act within its transaction, in one statement."""
    if facts:
        await _sql.append_facts(
            conn,
            at=now,
            what=[fact.what for fact in facts],
            who=[fact.who for fact in facts],
            about=[fact.about for fact in facts],
            data=[fact.data for fact in facts],
        )


async def head(conn: Connection) -> str:
    """Return the position up to which everything is visible. Call it before reading the state to be followed."""
    return f"{await _sql.journal_head(conn)}-0"


async def rest_of_transaction(conn: Connection, position: str) -> list[Entry]:
    """Return the entries after a position within its transaction."""
    xid, seq = position_key(position)
    return [_entry(row) async for row in _sql.facts_of_transaction_after(conn, xid=str(xid), seq=seq)]


async def read_after(conn: Connection, position: str, limit: int = PAGE) -> list[Entry]:
    """Return the next entries after a position, in order of (xid, seq)."""
    xid, seq = position_key(position)
    return [_entry(row) async for row in _sql.facts_after(conn, xid=str(xid), seq=seq, limit_=limit)]


def _entry(row: Any) -> Entry:
    return Entry(f"{row['xid']}-{row['seq']}", *tuple(row)[1:])


class _Listener:
    """A callback and the position that it has received; `key` None means "from now on"."""

    def __init__(self, on_entries: OnEntries, key: Key | None) -> None:
        self.on_entries = on_entries
        self.key = key

    def deliver(self, entries: Sequence[Entry]) -> None:
        """Call back with the entries new to this listener; an exception is logged and does not reach the others."""
        news = [entry for entry in entries if self.key is None or position_key(entry.position) > self.key]
        if not news:
            return
        self.key = position_key(news[-1].position)
        try:
            self.on_entries(news)
        except Exception:  # noqa: BLE001 - one listener must not end the tail for the others
            log.exception("journal_listener_failed")


class Tail:
    """The poller of a process: every 50 ms while it has listeners, without a connection between polls."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._listeners: list[_Listener] = []
        self._poller: asyncio.Task[None] | None = None
        self._position: str | None = None

    @property
    def position(self) -> str | None:
        """The position that all listeners have received; None without listeners."""
        return self._position

    def listen(self, on_entries: OnEntries, since: str | None = None) -> Callable[[], None]:
        """Call `on_entries` with the entries after `since`, or from now on. Return the function that ends it.

        Raises ValueError if `since` is not a position. `on_entries` gets entries in order of (xid, seq), and
        must neither block nor await.
        """
        start = self._position if since is None else since
        listener = _Listener(on_entries, None if start is None else position_key(start))
        self._listeners.append(listener)
        if self._poller is None:
            self._poller = asyncio.create_task(self._poll(), name="journal tail")

        def end() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return end

    async def close(self) -> None:
        """Remove all listeners and stop polling."""
        self._listeners.clear()
        poller = self._poller
        if poller is not None:
            poller.cancel()
            with suppress(asyncio.CancelledError):
                await poller

    async def _poll(self) -> None:
        pause = POLL_S
        try:
            while self._listeners:
                try:
                    await self._tell_all()
                    pause = POLL_S
                except Unavailable:
                    pause = min(pause * 2, RETRY_MAX_S)
                await asyncio.sleep(pause)
        finally:
            self._poller = None
            self._position = None

    async def _tell_all(self) -> None:
        """Let listeners that are behind catch up first; then send the new entries to all."""
        if self._position is None:
            async with self._db.connection() as conn:
                self._position = await head(conn)
        for listener in list(self._listeners):
            if listener.key is None:
                listener.key = position_key(self._position)
            elif listener.key < position_key(self._position):
                await self._catch_up(listener, position_key(self._position))
        entries = await self._read(self._position)
        if entries:
            self._position = entries[-1].position
            for listener in list(self._listeners):
                listener.deliver(entries)

    async def _catch_up(self, listener: _Listener, until: Key) -> None:
        """Send one listener what the others have received already."""
        while listener.key is not None and listener.key < until and listener in self._listeners:
            entries = await self._read(str(listener.key))
            known = [entry for entry in entries if position_key(entry.position) <= until]
            listener.deliver(known)
            if len(known) < PAGE * PAGES_A_CALL_MAX:
                listener.key = max(listener.key, until)

    async def _read(self, position: str) -> list[Entry]:
        """Return page after page up to a bound, in one call, so that a transaction is never divided."""
        entries: list[Entry] = []
        async with self._db.connection() as conn:
            for _ in range(PAGES_A_CALL_MAX):
                page = await read_after(conn, entries[-1].position if entries else position, PAGE)
                entries += page
                if len(page) < PAGE:
                    return entries
            return entries + await rest_of_transaction(conn, entries[-1].position)
