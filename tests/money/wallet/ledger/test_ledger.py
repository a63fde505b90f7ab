"""The ledger on a real database: each entry once, completely, and correctly beside other processes."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import asyncpg
import pytest

from tests.money.wallet.ledger.books import NOW, TILL, books, loaded_wallet, payment, posted
from virage.money.wallet.ledger import acts as ledger
from virage.money.wallet.ledger import store
from virage.money.wallet.ledger.rules import (
    AccountKind,
    Entry,
    Outcome,
    Posted,
    Reason,
    Step,
    Transfer,
    account,
    wallet_account,
)
from virage.platform.data.batching import Batcher
from virage.platform.data.database import Database
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused


async def test_posted_transfers_are_in_the_ledger(db: Database) -> None:
    async with db.transaction() as conn:
        wallet_id = await loaded_wallet(conn, 2000)
    assert await posted(db, [payment(wallet_id, 650)], [payment(wallet_id, 1351)]) == [
        Posted(1350),
        Refused(Reason.INSUFFICIENT_FUNDS, {"available_cents": 1350}),
    ]
    found = await books(db)
    assert found.clean
    assert found.kinds == {"cash": -2000, "purse": 1350, "revenue": 650}


async def test_the_same_transfer_from_two_processes_at_once_happens_once(db: Database) -> None:
    async with db.transaction() as conn:
        wallet_id = await loaded_wallet(conn, 1000)
    transfer = payment(wallet_id, 600)
    answers = await asyncio.gather(*(posted(db, [transfer]) for _ in range(8)))
    assert answers == [[Posted(400)]] * 8
    assert (await books(db)).kinds["revenue"] == 600


async def test_a_wallet_is_not_spent_twice_by_processes_that_race(db: Database) -> None:
    async with db.transaction() as conn:
        wallet_id = await loaded_wallet(conn, 1000)
    outcomes = await asyncio.gather(*(posted(db, [payment(wallet_id, 300)]) for _ in range(8)))
    assert sum(isinstance(one, Posted) for (one,) in outcomes) == 3
    assert (await books(db)).clean


async def test_processes_that_open_the_same_accounts_do_not_lock_each_other_out(db: Database) -> None:
    async with db.transaction() as conn:
        wallets = [await loaded_wallet(conn, 1000) for _ in range(6)]

    async def sell(mine: int) -> list[Outcome]:
        tills = [account(AccountKind.REVENUE, f"till {(mine + step) % 6}") for step in range(6)]
        return await posted(
            db,
            *[[Transfer(new_id(), wallet_account(wallets[mine]), till, 100, "sale", wallets[mine])] for till in tills],
        )

    outcomes = await asyncio.gather(*(sell(mine) for mine in range(6)))
    assert all(isinstance(one, Posted) for answer in outcomes for one in answer)
    assert (await books(db)).clean


async def test_a_hold_of_one_batch_is_captured_by_another_and_ends_once(db: Database) -> None:
    async with db.transaction() as conn:
        wallet_id = await loaded_wallet(conn, 1000)
    held = Transfer(new_id(), wallet_account(wallet_id), TILL, 800, "order", wallet_id, Step.HOLD)
    assert await posted(db, [held]) == [Posted(200)]
    ends = [
        Transfer(
            new_id(), held.debit, held.credit, 700 if step is Step.CAPTURE else 800, "order", wallet_id, step, held.id
        )
        for step in (Step.CAPTURE, Step.VOID, Step.CAPTURE)
    ]
    outcomes = [one for answer in await asyncio.gather(*(posted(db, [end]) for end in ends)) for one in answer]
    assert sum(isinstance(one, Posted) for one in outcomes) == 1
    assert {one.reason for one in outcomes if isinstance(one, Refused)} == {Reason.HOLD_ENDED}
    assert (await books(db)).clean


async def test_one_bad_item_of_a_batch_fails_alone(db: Database) -> None:
    """Two things with the same id in two concurrent batches: the table refuses the second, and the
    other items succeed.
    """
    async with db.transaction() as conn:
        first, second = [await loaded_wallet(conn, 1000) for _ in range(2)]
    id_ = new_id()
    tills = [account(AccountKind.REVENUE, f"till {number}") for number in range(2)]
    clash = [
        Transfer(id_, wallet_account(one), till, 100, "sale", one)
        for one, till in zip((first, second), tills, strict=True)
    ]

    async def act(entries: Sequence[Entry]) -> list[Outcome]:
        return await posted(db, *entries)

    batcher: Batcher[Entry, Outcome] = Batcher(act)
    outcomes = await asyncio.gather(
        posted(db, [clash[0]]), *(batcher.submit([one]) for one in (clash[1], payment(second, 50)))
    )
    assert (outcomes[0], isinstance(outcomes[2], Posted)) in (
        ([Posted(900)], True),
        ([Refused(Reason.TRANSFER_ID_TAKEN)], True),
    )
    assert (await books(db)).kinds["revenue"] == 150


async def test_the_table_itself_refuses_a_wallet_below_zero_and_an_account_to_itself(db: Database) -> None:
    async with db.transaction() as conn:
        wallet_id = await loaded_wallet(conn, 100)
    for statement in (
        "update wallet_ledger.account set balance_cents = -1 where id = $1",
        "update wallet_ledger.account set held_cents = 101 where id = $1",
    ):
        async with db.connection() as conn:
            with pytest.raises(asyncpg.CheckViolationError):
                await conn.execute(statement, wallet_id)


async def test_the_audit_finds_a_cent_that_was_moved_by_hand(db: Database) -> None:
    async with db.transaction() as conn:
        wallet_id = await loaded_wallet(conn, 1000)
    await posted(db, [payment(wallet_id, 300)])
    async with db.connection() as conn:
        await conn.execute(
            "update wallet_ledger.account set balance_cents = balance_cents + 1 where id = $1", wallet_id
        )
    found = await books(db)
    assert not found.clean
    assert found.sum_cents == 1
    assert [(one.id, one.balance_cents, one.told_balance_cents) for one in found.balance_mismatches] == [
        (wallet_id, 701, 700)
    ]


async def test_the_audit_finds_a_transfer_that_is_gone_and_a_hold_that_is_forgotten(db: Database) -> None:
    async with db.transaction() as conn:
        wallet_id = await loaded_wallet(conn, 1000)
    held = Transfer(new_id(), wallet_account(wallet_id), TILL, 800, "order", wallet_id, Step.HOLD)
    paid = payment(wallet_id, 100)
    await posted(db, [held], [paid])
    async with db.connection() as conn:
        await conn.execute("delete from wallet_ledger.transfer where id = any($1::uuid[])", [held.id, paid.id])
    balance_mismatches = {one.id: one for one in (await books(db)).balance_mismatches}
    assert balance_mismatches.keys() == {wallet_id, TILL.id}
    assert (balance_mismatches[wallet_id].held_cents, balance_mismatches[wallet_id].told_held_cents) == (800, 0)


async def test_a_wallets_history_is_its_own_and_comes_in_pages(db: Database) -> None:
    async with db.transaction() as conn:
        mine, other = [await loaded_wallet(conn, 1000) for _ in range(2)]
    for minute in range(3):
        async with db.transaction() as conn:
            await ledger.post(conn, [[payment(mine, 100)], [payment(other, 50)]], NOW + timedelta(minutes=minute + 1))
    async with db.connection() as conn:
        rows = await store.history(conn, mine, NOW + timedelta(hours=1), 2)
        older = await store.history(conn, mine, rows[-1].at, 10)
    assert [row.at for row in rows] == [NOW + timedelta(minutes=3), NOW + timedelta(minutes=2)]
    assert [row.cents for row in older] == [100, 1000]
