"""Streamed archive of a till. Records never change, so pages are read without holding a connection."""

import zlib
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from virage.identity.keys.api import ensure_keys
from virage.identity.keys.types import KeyVault
from virage.identity.people import api as people
from virage.money.fiscal import store
from virage.money.fiscal.rules.archive import (
    HEADER_PURPOSE,
    SEAL_PURPOSE,
    VERSION,
    Digest,
    Header,
    ServerKey,
    Signed,
    anchor_line,
    closing_line,
    header_line,
    record_line,
    seal_line,
)
from virage.money.fiscal.rules.closing import FISCAL_KEY, Closing, PeriodKind, read_closing
from virage.money.fiscal.rules.record import canonical, stamp
from virage.money.fiscal.store import StoredClosing
from virage.platform.data.database import Connection, Database
from virage.platform.values.jwk import base64url

PAGE: Final = 1_000
GZIP: Final = 31
"""zlib's window of 15 bits with gzip's header and trailer (RFC 1952)."""


class Archive(Struct, frozen=True):
    """Archive that is ready to be streamed; `sign` uses the server's fiscal key."""

    header: Header
    closings: list[StoredClosing]
    sign: Callable[[bytes], bytes]

    async def gzip(self, db: Database) -> AsyncIterator[bytes]:
        """Yield the file in pieces."""
        packer = zlib.compressobj(wbits=GZIP)
        digest = Digest()
        async for lines in self._lines(db):
            for line in lines:
                digest.add(line)
            yield packer.compress(b"".join(line + b"\n" for line in lines))
        seal = canonical(digest.body())
        yield packer.compress(seal_line(Signed(seal, self.sign(SEAL_PURPOSE + seal))) + b"\n") + packer.flush()

    async def _lines(self, db: Database) -> AsyncIterator[list[bytes]]:
        """Yield header, records, anchors and closings, page by page."""
        header, body = self.header, canonical(self.header)
        yield [header_line(Signed(body, self.sign(HEADER_PURPOSE + body)))]
        first = header.first
        while first <= header.last:
            async with db.connection() as conn:
                records = await store.records_page(conn, header.till, first, header.last, PAGE)
            yield [record_line(record.number, Signed(record.body, record.signature)) for record in records]
            first += len(records)
        sequence, last = header.anchors[0] - 1, header.anchors[1]
        while sequence < last:
            async with db.connection() as conn:
                anchors = await store.anchors_page(
                    conn, header.till, header.first, header.last, after=sequence, most=PAGE
                )
            yield [anchor_line(anchor) for anchor in anchors]
            sequence = anchors[-1].sequence
        yield [closing_line(closing.kid, Signed(closing.body, closing.signature)) for closing in self.closings]


async def archive(
    conn: Connection, vault: KeyVault, till: UUID, *, since: date | None, until: date | None, now: datetime
) -> Archive | None:
    """Return the archive of a till for the business days from `since` until before `until`; None if there is none.

    Without `since` it begins with the first record, without `until` it ends with the last one, closed or not. Needs a
    transaction, because the server's fiscal key is created at first use. The till must have been paired here.
    """
    paired = (await people.devices(conn, [till])).get(till)
    closings = await store.till_closings(conn, till, since or date.min, until or date.max)
    days = [closing for closing in map(_read, closings) if closing.period is PeriodKind.DAY]
    if paired is None or ((since or until) and not days):
        return None
    first = days[0].ranges[0].first if since else 1
    last = days[-1].ranges[-1].last if until else (await store.head_of(conn, till)).number
    if last < first:
        return None
    key = (await ensure_keys(conn, vault, [FISCAL_KEY], now))[FISCAL_KEY]
    server_key = ServerKey(base64url(key.kid), base64url(key.public))
    anchors = await store.anchor_span(conn, till, first, last)
    header = Header(
        version=VERSION,
        till=till,
        made_at=stamp(now),
        till_key=paired.public_key,
        server_key=server_key,
        first=first,
        last=last,
        previous=await store.hash_at(conn, till, first - 1),
        head=await store.hash_at(conn, till, last),
        anchors=(anchors.first, anchors.last),
        anchor_head=anchors.head,
        closings=_spans([_read(closing) for closing in closings]),
    )
    return Archive(header, closings, vault.open(key).sign)


def _read(stored: StoredClosing) -> Closing:
    closing = read_closing(stored.body)
    if closing is None:
        raise ValueError("A stored closing is invalid.")
    return closing


def _spans(closings: Sequence[Closing]) -> tuple[tuple[str, int, int], ...]:
    """Return (period, first sequence, last sequence) of closings, which are sorted by period and sequence."""
    spans: dict[str, tuple[int, int]] = {}
    for closing in closings:
        first, _ = spans.get(closing.period.value, (closing.sequence, 0))
        spans[closing.period.value] = (first, closing.sequence)
    return tuple((period, first, last) for period, (first, last) in spans.items())
