"""Audit of drawers and terminals against records and top-ups."""

from typing import TYPE_CHECKING

from tests.matchday.food.till.bar import CAP_CENTS, ROUND, ROUND_CENTS, sent
from tests.money.fiscal.till import CASHIER, NOW, Till
from tests.money.wallet.funding.desks import load_said, signed_load
from tests.zones import PARIS
from virage.control.books.reads.takings import TillMismatch, till_mismatches
from virage.money.fiscal.rules.record import Kind, Tender, TenderKind
from virage.money.wallet.accounts.rules.wallets import DeskTender
from virage.money.wallet.funding.acts import desk
from virage.money.wallet.funding.acts.desk import DeskRequest
from virage.money.wallet.funding.rules.desk import BookedDeskTransaction, DeskLimits, drawer
from virage.platform.data.database import Connection

if TYPE_CHECKING:
    from tests.matchday.food.till.bar import Bar, Fan

LIMITS = DeskLimits(500, 15_000, 25_000, 15_000, 15_000, PARIS)


async def top_up_at_desk(bar: "Bar", till: Till, fan: "Fan", cents: int, tender: DeskTender) -> None:
    said = load_said(till.id, CASHIER, fan.wallet_id, cents, tender=tender)
    ask = DeskRequest(signed_load(till.signer, said), fan.card_id, None)
    async with bar.db.transaction() as conn:
        assert isinstance(
            await desk.book_at_desk(conn, ask, LIMITS, cap_cents=CAP_CENTS, now=NOW), BookedDeskTransaction
        )


async def found(conn: Connection, till: Till) -> list[TillMismatch]:
    return [one for one in await till_mismatches(conn) if one.till == str(till.id)]


async def test_records_and_top_ups_equal_the_balances_of_drawers_and_terminals(bar: "Bar") -> None:
    till, fan = await bar.till(), await bar.fan(0)
    split = [Tender(TenderKind.CASH, 1_000, None), Tender(TenderKind.TERMINAL, ROUND_CENTS - 1_000, "0042")]
    sale, answer = await bar.sell_online(till, split)
    assert answer.outcome == "booked"
    assert (await bar.refund(till, sale, 450, TenderKind.CASH)).outcome == "booked"
    wrong = till.write(Kind.SALE, lines=ROUND, tenders=[Tender(TenderKind.CASH, 900, None)])
    assert (await bar.send(till, sent(wrong, offline=True)))[0].outcome == "booked"
    rehearsed = till.write(Kind.TRAINING_SALE, lines=ROUND, tenders=[Tender(TenderKind.CASH, ROUND_CENTS, None)])
    assert (await bar.send(till, sent(rehearsed)))[0].outcome == "booked"
    await top_up_at_desk(bar, till, fan, 2_000, DeskTender.CASH)
    await top_up_at_desk(bar, till, fan, 3_000, DeskTender.TERMINAL)
    async with bar.db.connection() as conn:
        assert await found(conn, till) == []
        account_id = drawer(till.id, DeskTender.CASH).id
        stands = await conn.fetchval("select balance_cents from wallet_ledger.account where id = $1", account_id)
        assert stands == -(1_000 - 450 + 900 + 2_000)
        damage = conn.transaction()
        await damage.start()
        await conn.execute(
            "update wallet_ledger.account set balance_cents = balance_cents + 1 where id = $1", account_id
        )
        assert await found(conn, till) == [TillMismatch(str(till.id), "cash", 3_449, 3_450)]
        await damage.rollback()
