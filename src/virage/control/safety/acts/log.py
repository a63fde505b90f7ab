"""Add records to the log of an event, and delete the texts of old ones, in the caller's transaction."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from virage.control.safety.rules.log import (
    CONTENTS_DELETED,
    RECORD_PURPOSE,
    SALT_BYTES,
    LogHead,
    LogRecord,
    SaltedContent,
    SignedRecord,
    Written,
    hash_of,
    read_record,
)
from virage.control.safety.store import log as store
from virage.control.safety.store import teams
from virage.identity.keys import api as keys
from virage.identity.keys.types import KeyVault
from virage.money.fiscal.types import canonical, stamp
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.values.ids import new_id


class Log:
    """Adds records to the locked log of one event."""

    def __init__(self, conn: Connection, vault: KeyVault, event_id: UUID, head: LogHead, now: datetime) -> None:
        self._conn = conn
        self._vault = vault
        self._event_id = event_id
        self.head = head
        self._now = now

    async def has(self, record_id: UUID, about: UUID, who: UUID | None, written: Written) -> bool | None:
        """Return whether the record with this id is this one: None if there is none, False if it is another.

        Not compared are the time, which the server sets when the client gives none, and a deleted content.
        """
        known = await store.record_by_id(self._conn, record_id)
        if known is None:
            return None
        record = read_record(known.signed.body)
        if record is None:
            raise RuntimeError(f"A record of a log cannot be read: {record_id}")
        if known.content is not None or record.content is None:
            stored = None if known.content is None else known.content.body
            if stored != (None if written.content is None else canonical(written.content)):
                return False
        return (record.event, record.about, record.who, record.kind, _timeless(record.data)) == (
            self._event_id,
            about,
            who,
            written.kind,
            _timeless(written.data),
        )

    async def add(self, record_id: UUID, about: UUID, who: UUID | None, written: Written) -> None:
        """Sign and store the next record, and its content beside it."""
        content = None
        if written.content is not None:
            content = SaltedContent(secrets.token_bytes(SALT_BYTES), canonical(written.content))
        record = LogRecord(
            event=self._event_id,
            number=self.head.number + 1,
            id=record_id,
            kind=written.kind,
            about=about,
            who=who,
            at=stamp(self._now),
            data=written.data,
            content=None if content is None else content.digest,
            previous=self.head.hash,
        )
        body = canonical(record)
        _, signature = await keys.sign_document(
            self._conn, self._vault, self._event_id, RECORD_PURPOSE + body, self._now
        )
        signed = SignedRecord(record.number, body, signature)
        await store.insert_record(self._conn, record, signed, content, self._now)
        self.head = LogHead(record.number, hash_of(body))
        await store.set_head(self._conn, self._event_id, self.head)
        fact = Fact(written.kind, who, about, {"event": str(self._event_id), "number": record.number})
        await append(self._conn, [fact], self._now)


def _timeless(data: Mapping[str, str | int]) -> dict[str, str | int]:
    return {name: value for name, value in data.items() if name != "occurred_at"}


async def lock_log(conn: Connection, vault: KeyVault, event_id: UUID, now: datetime) -> Log:
    """Lock the log of an event, so that its records have one order."""
    return Log(conn, vault, event_id, await store.lock_log(conn, event_id), now)


async def delete_contents(conn: Connection, vault: KeyVault, event_id: UUID, through: int, now: datetime) -> None:
    """Delete the texts and places of all records up to `through`; the log says so, so that a verification knows it.

    The members of the teams that these records made are deleted too.
    """
    log = await lock_log(conn, vault, event_id, now)
    await store.delete_contents(conn, event_id, through)
    await teams.remove_old_members(conn, event_id, through)
    await log.add(new_id(), event_id, None, Written(CONTENTS_DELETED, {"through": through}))
