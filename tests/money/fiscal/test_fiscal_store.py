import asyncio
import random
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from tests.money.fiscal.till import NOW, Till, append, beer, fries
from virage.money.fiscal import store
from virage.money.fiscal.rules.chain import Anchor, Appended, Known, Outcome
from virage.money.fiscal.rules.record import GENESIS, FiscalRefusal, Kind, Tender, TenderKind, VatTotal, VerifiedRecord
from virage.platform.data.database import Connection, Database
from virage.platform.values.refusals import Refused


async def append_records(
    db: Database, written: Sequence[VerifiedRecord], later: timedelta = timedelta()
) -> list[Outcome]:
    async with db.transaction() as conn:
        return await append(conn, written, NOW + later)


def appended(written: Sequence[VerifiedRecord]) -> list[Appended]:
    return [Appended(one.record.number, one.hash) for one in written]


async def tables(conn: Connection) -> dict[str, Any]:
    """All stored records and heads, without the time and the portions of their uploads."""
    records = await conn.fetch("select * from fiscal.record order by device_id, training, number")
    heads = await conn.fetch("select * from fiscal.till_head order by device_id, training")
    return {"records": [dict(row) for row in records], "heads": [dict(row) for row in heads]}


async def test_a_record_is_stored_in_its_signed_bytes(db: Database, conn: Connection) -> None:
    written = Till().write()
    assert await append_records(db, [written], timedelta(hours=1)) == appended([written])
    row = await conn.fetchrow("select * from fiscal.record")
    assert row is not None
    record = written.record
    assert (row["body"], row["signature"], row["hash"].hex()) == (written.body, written.signature, written.hash)
    assert (row["device_id"], row["number"], row["id"], row["kind"]) == (record.till, 1, record.id, "sale")
    assert (row["at"], row["received_at"]) == (record.moment, NOW + timedelta(hours=1))
    assert (row["outlet"], row["total_cents"], row["defect"], row["training"]) == ("01", 1500, None, False)


async def test_many_tills_are_stored_in_one_transaction_each_with_its_own_answers(db: Database) -> None:
    tills = [Till() for _ in range(5)]
    mixed = [one for till in tills for one in till.sells(6)]
    random.Random(4).shuffle(mixed)  # noqa: S311 - an order, no secret
    assert await append_records(db, mixed) == appended(mixed)
    async with db.connection() as conn:
        heads = {till.id: await store.head_of(conn, till.id) for till in tills}
    assert heads == {till.id: till.heads[False] for till in tills}


async def test_a_record_that_is_sent_again_is_known_and_has_no_second_effect(db: Database, conn: Connection) -> None:
    till = Till()
    first = till.sells(3)
    await append_records(db, first)
    before, facts = await tables(conn), await conn.fetchval("select count(*) from kernel.journal")
    anchors = await conn.fetchval("select count(*) from fiscal.anchor")
    assert (
        await append_records(db, [*first, *first], timedelta(hours=1))
        == [Known(one.record.number, one.hash) for one in first] * 2
    )
    assert await tables(conn) == before
    assert await conn.fetchval("select count(*) from kernel.journal") == facts
    assert await conn.fetchval("select count(*) from fiscal.anchor") == anchors


async def test_any_order_repetition_and_splitting_gives_the_same_tables(db: Database, conn: Connection) -> None:
    """Random uploads, until all is accepted: the tables equal those of one upload in order."""
    chance = random.Random(7)  # noqa: S311 - an order, no secret
    tills = [Till() for _ in range(3)]
    for till in tills:
        for _ in range(9):
            till.write(chance.choice([Kind.SALE, Kind.SALE, Kind.REFUND, Kind.TRAINING_SALE]))
    everything = [one for till in tills for one in till.written]
    missing = {one.hash for one in everything}
    while missing:
        upload = chance.choices(everything, k=chance.randint(1, 8))
        for one, outcome in zip(upload, await append_records(db, upload), strict=True):
            if isinstance(outcome, Refused):
                assert outcome.reason == FiscalRefusal.CHAIN_GAP
            else:
                missing.discard(one.hash)
    shuffled = await tables(conn)
    stood = [(row["device_id"], row["training"], row["number"], row["body"]) for row in shuffled["records"]]
    assert stood == sorted((one.record.till, one.record.training, one.record.number, one.body) for one in everything)
    heads = {(row["device_id"], row["training"]): row["number"] for row in shuffled["heads"]}
    assert heads == {(till.id, training): till.heads[training].number for till in tills for training in (False, True)}


async def test_a_fork_a_gap_and_a_broken_link_are_refused_and_change_nothing(db: Database, conn: Connection) -> None:
    till, good = Till(), Till()
    first, second = till.sells(2)
    await append_records(db, [first])
    before = await tables(conn)
    forked = till.sign(till.record(number=1, previous=GENESIS, lines=[fries()]))
    broken = till.sign(till.record(number=2, previous="f" * 64))
    gap = till.sign(till.record(number=4))
    taken = till.sign(till.record(number=2, previous=first.hash, id=first.record.id))
    outcomes = await append_records(db, [forked, gap, broken, taken])
    expected = {"expected": 2, "previous": first.hash}
    assert outcomes == [
        Refused(FiscalRefusal.CHAIN_FORKED, {"hash": first.hash, **expected}),
        Refused(FiscalRefusal.CHAIN_GAP, expected),
        Refused(FiscalRefusal.CHAIN_BROKEN, expected),
        Refused(FiscalRefusal.ID_TAKEN, expected),
    ]
    assert await tables(conn) == before
    other = good.write()
    assert await append_records(db, [gap, other, second]) == [
        Refused(FiscalRefusal.CHAIN_GAP, {"expected": 3, "previous": second.hash}),
        *appended([other, second]),
    ]


async def test_an_id_is_unique_per_till_and_may_be_used_by_another_till(db: Database) -> None:
    till, other = Till(), Till()
    written = till.write()
    await append_records(db, [written])
    copy = other.write(id=written.record.id)
    again = till.sign(till.record(Kind.TRAINING_SALE, id=written.record.id))
    refusal = Refused(FiscalRefusal.ID_TAKEN, {"expected": 1, "previous": GENESIS})
    assert await append_records(db, [copy, again]) == [*appended([copy]), refusal]
    both = [Till().write(id=BOTH), Till().write(id=BOTH)]
    assert await append_records(db, both) == appended(both)


BOTH = Till().id


async def test_concurrent_uploads_of_one_till_are_stored_one_after_the_other(db: Database) -> None:
    till = Till()
    first = till.sells(6)
    answers = await asyncio.gather(*(append_records(db, first) for _ in range(6)))
    for outcomes in zip(*answers, strict=True):
        assert sorted(type(one).__name__ for one in outcomes) == ["Appended", *["Known"] * 5]


async def test_tills_in_opposite_orders_never_deadlock(db: Database) -> None:
    tills = [Till() for _ in range(4)]
    uploads = [[one for till in order for one in till.sells(1)] for order in [tills, tills[::-1]] * 8]
    await asyncio.gather(*(_until_taken(db, upload) for upload in uploads))


async def _until_taken(db: Database, upload: Sequence[VerifiedRecord]) -> None:
    while any(isinstance(outcome, Refused) for outcome in await append_records(db, upload)):
        continue


async def test_an_inconsistent_record_is_chained_with_its_defect(db: Database, conn: Connection) -> None:
    till = Till()
    wrong = till.write(lines=[beer()], totals=[VatTotal(200, 600, 100)], tenders=[Tender(TenderKind.CASH, 600, None)])
    after = till.write()
    assert await append_records(db, [wrong, after]) == appended([wrong, after])
    defects = await conn.fetch("select defect from fiscal.record order by number")
    assert [row["defect"] for row in defects] == ["totals_wrong", None]


async def test_each_upload_anchors_the_head_once_and_training_never(db: Database) -> None:
    till = Till()
    await append_records(db, [*till.sells(3), till.write(Kind.TRAINING_SALE)])
    await append_records(db, till.sells(2), timedelta(minutes=5))
    await append_records(db, [till.write(Kind.TRAINING_SALE)])
    async with db.connection() as conn:
        found = await store.anchors_page(conn, till.id, 1, 99, after=0, most=99)
    first, second = found
    assert first == Anchor(
        till=till.id, sequence=1, number=3, hash=till.written[2].hash, at="2026-05-09T18:00:00.000Z", previous=GENESIS
    )
    assert (second.sequence, second.number, second.hash) == (2, 5, till.heads[False].hash)
    assert (second.at, second.previous) == ("2026-05-09T18:05:00.000Z", first.own_hash)


@pytest.mark.parametrize("table", ["record", "anchor", "closing"])
async def test_stored_records_are_never_changed_or_deleted(db: Database, conn: Connection, table: str) -> None:
    await append_records(db, [Till().write()])
    column = "sequence" if table != "record" else "number"
    for statement in (
        f"update fiscal.{table} set {column} = {column} + 1",
        f"delete from fiscal.{table}",
        f"truncate fiscal.{table}",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await conn.execute(statement)


async def test_journal_facts_of_records_have_ids_and_numbers_only(db: Database, conn: Connection) -> None:
    till = Till()
    await append_records(db, [*till.sells(2), till.write(Kind.TRAINING_SALE)])
    rows = await conn.fetch("select what, who, about, data from kernel.journal order by data ->> 'training'")
    assert [(row["what"], row["who"], row["about"], row["data"]) for row in rows] == [
        ("till_records_appended", till.id, till.id, {"first": 1, "last": 2, "training": False}),
        ("till_records_appended", till.id, till.id, {"first": 1, "last": 1, "training": True}),
    ]
