"""Archives of a till with three closed days, and ways to damage them."""

import base64
import gzip
import json
from datetime import date, timedelta
from typing import Any

from tests.money.fiscal.till import NOW, Till, append, beer
from virage.identity.keys.rules.vault import KeyVault
from virage.money.fiscal.acts.records import close
from virage.money.fiscal.reads.archive import archive
from virage.money.fiscal.rules.closing import Period, PeriodKind
from virage.money.fiscal.rules.record import Kind
from virage.platform.data.database import Database

FIRST = date(2026, 5, 30)
RECORDS = 12

Lines = list[bytes]


async def file_of(
    db: Database, vault: KeyVault, till: Till, since: date | None = None, until: date | None = None
) -> bytes | None:
    async with db.transaction() as conn:
        made = await archive(conn, vault, till.id, since=since, until=until, now=NOW)
    return None if made is None else b"".join([piece async for piece in made.gzip(db)])


def lines_of(file: bytes) -> Lines:
    return gzip.decompress(file).removesuffix(b"\n").split(b"\n")


async def three_days(db: Database, vault: KeyVault, till: Till) -> None:
    """Twelve records: three closed days, closings of May, June and the year, and three records
    after them.
    """
    async with db.transaction() as conn:
        await till.pair(conn)
    for number in range(4):
        till.write(lines=[beer(1 + number)])
        till.write(Kind.TRAINING_SALE)
        till.write(Kind.REFUND, lines=[beer(-1)]) if number % 2 else till.write(Kind.SHIFT_COUNTED)
        async with db.transaction() as conn:
            await append(conn, till.written, NOW + timedelta(hours=number))
        till.write(Kind.SHIFT_CLOSED)
        async with db.transaction() as conn:
            await append(conn, till.written, NOW + timedelta(hours=number))
            if number < 3:
                await close(conn, vault, Period(PeriodKind.DAY, FIRST + timedelta(days=number)), NOW)
    async with db.transaction() as conn:
        for month in (5, 6):
            await close(conn, vault, Period(PeriodKind.MONTH, date(2026, month, 1)), NOW)
        await close(conn, vault, Period(PeriodKind.YEAR, date(2026, 1, 1)), NOW)


def changed(line: bytes, **members: Any) -> bytes:
    """The line with some members replaced, encoded as an archive encodes them."""
    return json.dumps(json.loads(line) | members, sort_keys=True, separators=(",", ":")).encode()


def body_changed(line: bytes, before: str, after: str) -> bytes:
    body = json.loads(line)["body"]
    text = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)).decode().replace(before, after)
    return changed(line, body=base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode())


def at(lines: Lines, index: int, line: bytes) -> Lines:
    return [*lines[:index], line, *lines[index + 1 :]]


def without(lines: Lines, *indices: int) -> Lines:
    return [line for index, line in enumerate(lines) if index not in indices]


def swapped(lines: Lines, one: int, other: int) -> Lines:
    return at(at(lines, one, lines[other]), other, lines[one])
