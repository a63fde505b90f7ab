"""Queries of records, chain heads, anchors and closings."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from virage.money.fiscal.rules.chain import Anchor, Head
from virage.money.fiscal.rules.closing import (
    PART_OF,
    Closing,
    PeriodKind,
    Range,
    Subject,
    Tally,
    TenderTotal,
    read_closing,
    tally,
)
from virage.money.fiscal.rules.record import GENESIS, TenderKind, VatTotal, VerifiedRecord, check, stamp
from virage.platform.data.database import Connection
from virage.platform.data.sql import load

queries = load(__file__)

ChainKey = tuple[UUID, bool]
"""Till, and whether it is its training chain."""


class StoredRecord(NamedTuple):
    """Record in its signed bytes."""

    number: int
    body: bytes
    signature: bytes


class AnchorSpan(NamedTuple):
    """First and last sequence of anchors of a till, and the hash of the last one."""

    first: int
    last: int
    head: str


class StoredClosing(NamedTuple):
    """Closing in its signed bytes."""

    body: bytes
    kid: bytes
    signature: bytes


async def lock_heads(conn: Connection, keys: Sequence[ChainKey]) -> dict[ChainKey, Head]:
    """Return the heads of chains, locked in order until the transaction ends."""
    return {
        (row["device_id"], row["training"]): Head(row["number"], row["hash"].hex())
        async for row in queries.lock_heads(conn, **_keys(sorted(keys)))
    }


async def records_known(conn: Connection, wanted: Sequence[tuple[ChainKey, int]]) -> dict[ChainKey, dict[int, str]]:
    """Return the hashes of the stored ones among these records."""
    found: dict[ChainKey, dict[int, str]] = {}
    numbers = [number for _, number in wanted]
    async for row in queries.records_known(conn, **_keys([key for key, _ in wanted]), numbers=numbers):
        found.setdefault((row["device_id"], row["training"]), {})[row["number"]] = row["hash"].hex()
    return found


async def ids_used(conn: Connection, wanted: Sequence[tuple[UUID, UUID]]) -> dict[UUID, set[UUID]]:
    """Return the ids already used by records of the same till, by till."""
    tills, ids = [till for till, _ in wanted], [id_ for _, id_ in wanted]
    found: dict[UUID, set[UUID]] = {}
    async for row in queries.ids_used(conn, device_ids=tills, ids=ids):
        found.setdefault(row["device_id"], set()).add(row["id"])
    return found


async def insert_records(conn: Connection, written: Sequence[VerifiedRecord], now: datetime) -> None:
    """Store the records of a batch; UniqueViolationError if another transaction has taken an id."""
    records = [verified.record for verified in written]
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
        hashes=[bytes.fromhex(verified.hash) for verified in written],
        bodies=[verified.body for verified in written],
        signatures=[verified.signature for verified in written],
    )


async def move_heads(conn: Connection, heads: Mapping[ChainKey, Head]) -> None:
    """Store new heads of locked chains."""
    await queries.move_heads(
        conn,
        **_keys(list(heads)),
        numbers=[head.number for head in heads.values()],
        hashes=[bytes.fromhex(head.hash) for head in heads.values()],
    )


async def last_anchors(conn: Connection, tills: Sequence[UUID]) -> dict[UUID, Anchor]:
    """Return the last anchor of each till that has one."""
    return {row["device_id"]: _anchor(row) async for row in queries.last_anchors(conn, device_ids=tills)}


async def insert_anchors(conn: Connection, anchors: Sequence[Anchor]) -> None:
    """Store anchors."""
    await queries.insert_anchors(
        conn,
        device_ids=[anchor.till for anchor in anchors],
        sequences=[anchor.sequence for anchor in anchors],
        numbers=[anchor.number for anchor in anchors],
        hashes=[bytes.fromhex(anchor.hash) for anchor in anchors],
        times=[datetime.fromisoformat(anchor.at) for anchor in anchors],
        previouses=[bytes.fromhex(anchor.previous) for anchor in anchors],
        own_hashes=[bytes.fromhex(anchor.own_hash) for anchor in anchors],
    )


async def lock_all_heads(conn: Connection) -> dict[UUID, int]:
    """Return the last record number of each till, with all chains locked until the transaction ends."""
    return {row["device_id"]: row["number"] async for row in queries.lock_all_heads(conn)}


async def numbers_before(conn: Connection, until: datetime) -> dict[UUID, int]:
    """Return the number of the last record of each till received before a moment."""
    return {row["device_id"]: row["number"] async for row in queries.numbers_before(conn, until=until)}


async def real_heads(conn: Connection) -> dict[UUID, int]:
    """Return the last record number of each till with records."""
    return {row["device_id"]: row["number"] async for row in queries.real_heads(conn)}


async def records_at(conn: Connection, numbers: Mapping[UUID, int]) -> dict[UUID, tuple[str, datetime]]:
    """Return outlet and time of receipt of some records, one per till, by till."""
    rows = queries.records_at(conn, device_ids=list(numbers), numbers=list(numbers.values()))
    return {row["device_id"]: (row["outlet"], row["received_at"]) async for row in rows}


async def first_closed_from(conn: Connection, kind: PeriodKind, since: date) -> date | None:
    """Return the first day of the first closed period that begins on a day or later."""
    found: date | None = await queries.first_closed_from(conn, period=kind.value, since=since)
    return found


async def closings_listed(
    conn: Connection, subject: str, kind: PeriodKind, days: tuple[date, date], *, ids: Sequence[str] | None, most: int
) -> list[bytes]:
    """Return the bytes of closings that start within some days, inclusive, latest first; `ids` None: all subjects."""
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
    """Return the outlets in a till's chain, training excluded."""
    return {row["outlet"] async for row in queries.outlets_of_till(conn, device_id=till)}


async def last_days(conn: Connection) -> dict[str, date]:
    """Return the last closed day by the prefix of the outlets' codes."""
    return {row["prefix"]: row["day"] async for row in queries.last_days(conn)}


async def last_closed(conn: Connection) -> dict[PeriodKind, date]:
    """Return the first day of the last closed month and year; days are closed per time zone (`last_days`)."""
    found = {kind: await queries.last_closed(conn, period=kind.value) for kind in PART_OF}
    return {kind: day for kind, day in found.items() if day is not None}


async def last_closings(conn: Connection, subjects: Sequence[Subject], kind: PeriodKind) -> dict[Subject, Closing]:
    """Return the last closing of each subject that has one."""
    rows = queries.last_closings(
        conn,
        subjects=[subject.kind for subject in subjects],
        subject_ids=[subject.id for subject in subjects],
        period=kind.value,
    )
    found = [_closing(row["body"]) async for row in rows]
    return {closing.of: closing for closing in found}


async def closings_between(conn: Connection, kind: PeriodKind, since: date, until: date) -> list[Closing]:
    """Return the closings that start from `since` until before `until`, by subject and in order."""
    rows = queries.closings_between(conn, period=kind.value, since=since, until=until)
    return [_closing(row["body"]) async for row in rows]


async def outlets_in(conn: Connection, ranges: Sequence[Range]) -> dict[UUID, dict[str, int]]:
    """Return the number of the first record of each outlet within record ranges, by till."""
    found: dict[UUID, dict[str, int]] = {}
    async for row in queries.outlets_in(conn, **_ranges(ranges)):
        found.setdefault(row["device_id"], {})[row["outlet"]] = row["first"]
    return found


async def tallies(conn: Connection, ranges: Sequence[Range]) -> list[tuple[str, Range, Tally]]:
    """Return the totals of record ranges by till and outlet, with the first and last record there."""
    asked = _ranges(ranges)
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
    """Store closings that are signed by one key."""
    made = [closing for closing, _ in closings]
    await queries.insert_closings(
        conn,
        subjects=[closing.subject for closing in made],
        subject_ids=[closing.subject_id for closing in made],
        periods=[closing.period.value for closing in made],
        sequences=[closing.sequence for closing in made],
        days=[closing.starts_on for closing in made],
        bodies=[stored.body for _, stored in closings],
        kid=closings[0][1].kid,
        signatures=[stored.signature for _, stored in closings],
    )


async def head_of(conn: Connection, till: UUID) -> Head:
    """Return the head of a till's chain, training excluded; the empty head if it has none."""
    row = await queries.head_of(conn, device_id=till)
    return Head() if row is None else Head(row["number"], row["hash"].hex())


async def heads_of(conn: Connection, till: UUID) -> dict[bool, Head]:
    """Return the heads of a till's chains by training flag; empty chains are left out."""
    rows = queries.heads_of(conn, device_id=till)
    return {row["training"]: Head(row["number"], row["hash"].hex()) async for row in rows}


async def hash_at(conn: Connection, till: UUID, number: int) -> str:
    """Return the hash of a stored record; 64 zeros for number 0."""
    if number == 0:
        return Head().hash
    found: bytes = await queries.hash_at(conn, device_id=till, number=number)
    return found.hex()


async def records_page(conn: Connection, till: UUID, first: int, last: int, most: int) -> list[StoredRecord]:
    """Return up to `most` records of a chain, by number."""
    rows = queries.records_page(conn, device_id=till, first=first, last=last, most=most)
    return [StoredRecord(row["number"], row["body"], row["signature"]) async for row in rows]


async def anchor_span(conn: Connection, till: UUID, first: int, last: int) -> AnchorSpan:
    """Return the span of anchors of heads from `first` to `last`; 0 to 0 if there are none."""
    row = await queries.anchor_span(conn, device_id=till, first=first, last=last)
    if row["first"] is None:
        return AnchorSpan(0, 0, GENESIS)
    return AnchorSpan(row["first"], row["last"], row["head"].hex())


async def anchors_page(conn: Connection, till: UUID, first: int, last: int, *, after: int, most: int) -> list[Anchor]:
    """Return up to `most` anchors of heads from `first` to `last` with a sequence above `after`."""
    rows = queries.anchors_page(conn, device_id=till, first=first, last=last, after=after, most=most)
    return [_anchor(row) async for row in rows]


async def till_closings(conn: Connection, till: UUID, since: date, until: date) -> list[StoredClosing]:
    """Return the closings of a till that start from `since` until before `until`: days, then months, then years."""
    rows = queries.till_closings(conn, device_id=str(till), since=since, until=until)
    return [StoredClosing(row["body"], row["kid"], row["signature"]) async for row in rows]


def _keys(keys: Sequence[ChainKey]) -> dict[str, Any]:
    return {"device_ids": [till for till, _ in keys], "trainings": [training for _, training in keys]}


def _ranges(ranges: Sequence[Range]) -> dict[str, Any]:
    return {
        "device_ids": [range_.till for range_ in ranges],
        "firsts": [range_.first for range_ in ranges],
        "lasts": [range_.last for range_ in ranges],
    }


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
