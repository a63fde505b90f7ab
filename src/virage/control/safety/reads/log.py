"""The log of an event for export."""

from datetime import datetime

from virage.control.safety.rules.log import HEADER_PURPOSE, LogHeader
from virage.control.safety.rules.verifying import header_line, record_line
from virage.control.safety.store import log as store
from virage.identity.keys.types import KeyVault, SealedKey
from virage.money.fiscal.types import canonical, stamp
from virage.platform.data.database import Connection


async def export(conn: Connection, vault: KeyVault, key: SealedKey, now: datetime) -> bytes:
    """Return the log of the event of a key as JSON lines for `virage safety verify`.

    Call it in one REPEATABLE READ transaction: head, records and contents belong together.
    """
    head = await store.log_head(conn, key.event_id)
    header = LogHeader(event=key.event_id, made_at=stamp(now), key=key.public.hex(), number=head.number, hash=head.hash)
    body = canonical(header)
    lines = [header_line(body, vault.open(key).sign(HEADER_PURPOSE + body))]
    lines += [record_line(one.signed, one.content) for one in await store.records(conn, key.event_id)]
    return b"".join(line + b"\n" for line in lines)
