"""Records of tills, the heads of their chains, anchors and closings."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from virage.money.fiscal.rules.chain import Anchor, Head
from virage.money.fiscal.rules.closing import (
    Closing,
    PeriodKind,
    Range,
    Subject,
    Tally,
    TenderTotal,
    read_closing,
    tally,
)
from virage.money.fiscal.rules.record import GENESIS, TenderKind, VatTotal, Written, check, stamp
from virage.platform.data.database import Connection
from virage.platform.data.sql import load

queries = load(__file__)

ChainKey = tuple[UUID, bool]
"""A till, and whether it is its row of rehearsals."""


class StoredRecord(NamedTuple):
    """A record in the bytes that its till signed."""

    number: int
    body: bytes
    signature: bytes


class AnchorSpan(NamedTuple):
    """Anchors of a till: the first and the last sequence, and the hash of the last one."""

    first: int
    last: int
    head: str


class StoredClosing(NamedTuple):
    """A closing in the bytes that the server signed."""

    body: bytes
    kid: bytes
    signature: bytes


async def lock_heads(conn: Connection, keys: Sequence[ChainKey]) -> dict[ChainKey, Head]:
    """The heads of chains, locked in order until the transaction ends."""
    return {
        (row["device_id"], row["training"]): Head(row["number"], row["hash"].hex())
        async for row in queries.lock_heads(conn, **_keys(sorted(keys)))
    }


async def records_known(conn: Connection, wanted: Sequence[tuple[ChainKey, int]]) -> dict[ChainKey, dict[int, str]]:
    """The hashes of those of the records that are in their chains."""
    found: dict[ChainKey, dict[int, str]] = {}
    numbers = [number for _, number in wanted]
    async for row in queries.records_known(conn, **_keys([key for key, _ in wanted]), numbers=numbers):
        found.setdefault((row["device_id"], row["training"]), {})[row["number"]] = row["hash"].hex()
    return found


async def ids_used(conn: Connection, wanted: Sequence[tuple[UUID, UUID]]) -> dict[UUID, set[UUID]]:
    """Those of the ids that a record of the same till has, by till."""
    tills, ids = [till for till, _ in wanted], [id_ for _, id_ in wanted]
    found: dict[UUID, set[UUID]] = {}
    async for row in queries.ids_used(conn, device_ids=tills, ids=ids):
        found.setdefault(row["device_id"], set()).add(row["id"])
    return found


async def insert_records(conn: Connection, written: Sequence[Written], now: datetime) -> None:
    """Write the records of a batch; UniqueViolationError where another transaction has taken an id meanwhile."""
    records = [one.record for one in written]
    defects = [check(record) for record in records]
    await queries.insert_records(
        conn,
        **_keys([(record.till, record.training) for record in records]),
        numbers=[record.number for record in records],
        ids=[record.id for record in records],
        kinds=[record.kind.value for record in records],
        times=[record.moment for record in records],
        now=now,
        outlets=[record.outlet for record in records],
        event_ids=[record.event_id for record in records],
        cashiers=[record.cashier for record in records],
        totals=[record.total_cents for record in records],
        sums=[msgspec.to_builtins(tally(record)) for record in records],
        defects=[None if defect is None else str(defect.reason) for defect in defects],
        hashes=[bytes.fromhex(one.hash) for one in written],
        bodies=[one.body for one in written],
        signatures=[one.signature for one in written],
    )


async def move_heads(conn: Connection, heads: Mapping[ChainKey, Head]) -> None:
    """Write new heads of chains that are locked."""
    await queries.move_heads(
        conn,
        **_keys(list(heads)),
        numbers=[head.number for head in heads.values()],
        hashes=[bytes.fromhex(head.hash) for head in heads.values()],
    )


async def last_anchors(conn: Connection, tills: Sequence[UUID]) -> dict[UUID, Anchor]:
    """The last anchor of each till that has one."""
    return {row["device_id"]: _anchor(row) async for row in queries.last_anchors(conn, device_ids=tills)}


async def insert_anchors(conn: Connection, anchors: Sequence[Anchor]) -> None:
    """Write anchors."""
    await queries.insert_anchors(
        conn,
        device_ids=[one.till for one in anchors],
        sequences=[one.sequence for one in anchors],
        numbers=[one.number for one in anchors],
        hashes=[bytes.fromhex(one.hash) for one in anchors],
        times=[datetime.fromisoformat(one.at) for one in anchors],
        previouses=[bytes.fromhex(one.previous) for one in anchors],
        own_hashes=[bytes.fromhex(one.own_hash) for one in anchors],
    )


async def lock_all_heads(conn: Connection) -> dict[UUID, int]:
    """The number of the last record of each till; nobody appends or closes until the transaction ends."""
    return {row["device_id"]: row["number"] async for row in queries.lock_all_heads(conn)}


async def numbers_before(conn: Connection, until: datetime) -> dict[UUID, int]:
    """The number of the last record of each till that came before a moment."""
    return {row["device_id"]: row["number"] async for row in queries.numbers_before(conn, until=until)}


async def real_heads(conn: Connection) -> dict[UUID, int]:
    """The number of the last record of each till that wrote something."""
    return {row["device_id"]: row["number"] async for row in queries.real_heads(conn)}


async def first_received(conn: Connection, numbers: Mapping[UUID, int]) -> datetime | None:
    """When the first of some records, one a till, came."""
    found: datetime | None = await queries.first_received(
        conn, device_ids=list(numbers), numbers=list(numbers.values())
    )
    return found


async def first_closed_from(conn: Connection, kind: PeriodKind, since: date) -> date | None:
    """The first day of the first closed period that begins on a day or later."""
    found: date | None = await queries.first_closed_from(conn, period=kind.value, since=since)
    return found


async def closings_listed(
    conn: Connection, subject: str, kind: PeriodKind, days: tuple[date, date], *, ids: Sequence[str] | None, most: int
) -> list[bytes]:
    """The bytes of closings that start on some days, both named ones too, the latest first; None asks for all."""
    rows = queries.closings_listed(
        conn,
        subject=subject,
        period=kind.value,
        since=days[0],
        until=days[1],
        all_of_them=ids is None,
        subject_ids=list(ids or ()),
        most=most,
    )
    return [row["body"] async for row in rows]


async def outlets_of_till(conn: Connection, till: UUID) -> set[str]:
    """Where a till wrote what is in its real chain."""
    return {row["outlet"] async for row in queries.outlets_of_till(conn, device_id=till)}


async def last_closed(conn: Connection) -> dict[PeriodKind, date]:
    """The first day of the last period of each kind that was closed."""
    found = {kind: await queries.last_closed(conn, period=kind.value) for kind in PeriodKind}
    return {kind: day for kind, day in found.items() if day is not None}


async def last_closings(conn: Connection, subjects: Sequence[Subject], kind: PeriodKind) -> dict[Subject, Closing]:
    """The last closing of each subject that has one."""
    rows = queries.last_closings(
        conn,
        subjects=[subject.kind for subject in subjects],
        subject_ids=[subject.id for subject in subjects],
        period=kind.value,
    )
    found = [_closing(row["body"]) async for row in rows]
    return {closing.of: closing for closing in found}


async def closings_between(conn: Connection, kind: PeriodKind, since: date, until: date) -> list[Closing]:
    """The closings that start on some days, `until` not among them, by subject and in order."""
    rows = queries.closings_between(conn, period=kind.value, since=since, until=until)
    return [_closing(row["body"]) async for row in rows]


async def tallies(conn: Connection, ranges: Sequence[Range]) -> list[tuple[str, Range, Tally]]:
    """What ranges of records come to: by till and outlet, with the first and the last record at that outlet."""
    asked = {
        "device_ids": [one.till for one in ranges],
        "firsts": [one.first for one in ranges],
        "lasts": [one.last for one in ranges],
    }
    rates: dict[tuple[UUID, str], list[VatTotal]] = {}
    async for row in queries.vat_tallies(conn, **asked):
        rate = VatTotal(row["vat_permille"], row["gross_cents"], row["vat_cents"])
        rates.setdefault((row["device_id"], row["outlet"]), []).append(rate)
    tenders: dict[tuple[UUID, str], list[TenderTotal]] = {}
    async for row in queries.tender_tallies(conn, **asked):
        tender = TenderTotal(TenderKind(row["kind"]), row["cents"])
        tenders.setdefault((row["device_id"], row["outlet"]), []).append(tender)
    found = []
    async for row in queries.tallies(conn, **asked):
        key = (row["device_id"], row["outlet"])
        totals, paid = tuple(rates.get(key, ())), tuple(tenders.get(key, ()))
        sums = Tally(row["records"], totals, paid, row["tip_cents"], row["total_cents"], row["absolute_cents"])
        found.append((row["outlet"], Range(row["device_id"], row["first"], row["last"]), sums))
    return found


async def insert_closings(conn: Connection, closings: Sequence[tuple[Closing, StoredClosing]]) -> None:
    """Write closings, all under one key."""
    made = [closing for closing, _ in closings]
    await queries.insert_closings(
        conn,
        subjects=[one.subject for one in made],
        subject_ids=[one.subject_id for one in made],
        periods=[one.period.value for one in made],
        sequences=[one.sequence for one in made],
        days=[one.starts_on for one in made],
        bodies=[stored.body for _, stored in closings],
        kid=closings[0][1].kid,
        signatures=[stored.signature for _, stored in closings],
    )


async def head_of(conn: Connection, till: UUID) -> Head:
    """The head of a till's real chain; of a till without one the empty head."""
    row = await queries.head_of(conn, device_id=till)
    return Head() if row is None else Head(row["number"], row["hash"].hex())


async def heads_of(conn: Connection, till: UUID) -> dict[bool, Head]:
    """The heads of a till's chains, by whether it is the row of rehearsals; a row without a record is missing."""
    rows = queries.heads_of(conn, device_id=till)
    return {row["training"]: Head(row["number"], row["hash"].hex()) async for row in rows}


async def hash_at(conn: Connection, till: UUID, number: int) -> str:
    """The hash of a record that there is; that of number 0 is 64 zeros."""
    if number == 0:
        return Head().hash
    found: bytes = await queries.hash_at(conn, device_id=till, number=number)
    return found.hex()


async def records_page(conn: Connection, till: UUID, first: int, last: int, most: int) -> list[StoredRecord]:
    """Up to `most` records of a real chain, by number."""
    rows = queries.records_page(conn, device_id=till, first=first, last=last, most=most)
    return [StoredRecord(row["number"], row["body"], row["signature"]) async for row in rows]


async def anchor_span(conn: Connection, till: UUID, first: int, last: int) -> AnchorSpan:
    """The anchors of heads from `first` to `last`; from 0 to 0 where there are none."""
    row = await queries.anchor_span(conn, device_id=till, first=first, last=last)
    if row["first"] is None:
        return AnchorSpan(0, 0, GENESIS)
    return AnchorSpan(row["first"], row["last"], row["head"].hex())


async def anchors_page(conn: Connection, till: UUID, first: int, last: int, *, after: int, most: int) -> list[Anchor]:
    """Up to `most` anchors of heads from `first` to `last` whose sequence is above `after`."""
    rows = queries.anchors_page(conn, device_id=till, first=first, last=last, after=after, most=most)
    return [_anchor(row) async for row in rows]


async def till_closings(conn: Connection, till: UUID, since: date, until: date) -> list[StoredClosing]:
    """The closings of a till that start on some days, `until` not among them: days, then months, then years."""
    rows = queries.till_closings(conn, device_id=str(till), since=since, until=until)
    return [StoredClosing(row["body"], row["kid"], row["signature"]) async for row in rows]


def _keys(keys: Sequence[ChainKey]) -> dict[str, Any]:
    return {"device_ids": [till for till, _ in keys], "trainings": [training for _, training in keys]}


def _anchor(row: Any) -> Anchor:
    return Anchor(
        till=row["device_id"],
        sequence=row["sequence"],
        number=row["number"],
        hash=row["hash"].hex(),
        at=stamp(row["at"]),
        previous=row["previous"].hex(),
    )


def _closing(body: bytes) -> Closing:
    closing = read_closing(body)
    if closing is None:
        raise ValueError("A stored closing is none.")
    return closing
