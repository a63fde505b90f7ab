"""Failures between a till and the books; the fixture `bar` audits them at the end of each test.

Other failures of tills are tested beside their rule: docs/till.md lists the tests.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.matchday.food.till.bar import ROUND, ROUND_CENTS, by_card, sent
from tests.money.fiscal.till import Till
from virage.money.fiscal.rules.record import Kind, Tender, TenderKind
from virage.money.wallet.cards.acts import cards as card_acts
from virage.money.wallet.cards.acts.cards import Block
from virage.money.wallet.cards.rules.cards import BlockReason
from virage.platform.data.sql import Adapter

if TYPE_CHECKING:
    from tests.matchday.food.till.bar import Bar

MINUTE = timedelta(minutes=1)


class Crash(Exception):
    """Simulated end of the process."""


@contextmanager
def crashing_after(statements: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Fail after a number of statements; return the names of those that ran."""
    ran: list[str] = []

    def counted(original: Any) -> Any:
        if original.__name__ == "select":

            async def select(self: Any, conn: Any, name: str, *rest: Any) -> Any:
                note(name)
                async for row in original(self, conn, name, *rest):
                    yield row

            return select

        async def run(self: Any, conn: Any, name: str, *rest: Any) -> Any:
            note(name)
            return await original(self, conn, name, *rest)

        return run

    def note(name: str) -> None:
        if len(ran) >= statements:
            raise Crash
        ran.append(name)

    with monkeypatch.context() as patch:
        for method in ("select", "select_one", "select_value", "insert_returning", "insert_update_delete"):
            patch.setattr(Adapter, method, counted(getattr(Adapter, method)))
        yield ran


async def everything(bar: "Bar") -> list[Any]:
    """Return all rows that a sale changes."""
    tables = ["fiscal.record", "food_till.booking", "fiscal.anchor", "fiscal.till_head"]
    tables += [
        "wallet_ledger.transfer",
        "wallet_ledger.account",
        "wallet_cards.tap",
        "wallet_cards.card",
        "wallet_cards.card_day",
    ]
    async with bar.db.connection() as conn:
        return [await conn.fetch(f"select t::text from {table} t order by 1") for table in tables]


@pytest.mark.parametrize("is_offline", [False, True])
async def test_a_sale_cut_between_any_two_statements_is_rolled_back_and_the_same_bytes_are_one_sale(
    bar: "Bar", monkeypatch: pytest.MonkeyPatch, is_offline: bool
) -> None:
    till, fan = await bar.till(), await bar.fan(3000)
    await bar.sell_online(till, by_card(ROUND_CENTS, fan.tap()))
    sale = till.sign(till.record(lines=ROUND, tenders=by_card(ROUND_CENTS, fan.tap())))
    before = await everything(bar)
    for statements in range(100):
        with crashing_after(statements, monkeypatch) as ran:
            try:
                (answer,) = await bar.send(till, sent(sale, offline=is_offline))
            except Crash:
                answer = None
        if answer is not None:
            break
        assert await everything(bar) == before, f"after {ran}"
    assert answer is not None
    assert answer.outcome == "booked"
    assert len(ran) > 10, "the sale has that many statements between which it can end"
    assert [one.outcome for one in await bar.send(till, sent(sale, offline=True))] == ["known"]
    assert await bar.balance_of(fan) == 3000 - 2 * ROUND_CENTS


async def test_a_card_blocked_while_tills_are_offline_loses_what_was_sold_after(bar: "Bar") -> None:
    till, fan, thief = await bar.till(), await bar.fan(9000), await bar.till()
    before = till.write(lines=ROUND, tenders=by_card(ROUND_CENTS, fan.tap()))
    blocked_at = till.at + MINUTE
    async with bar.db.transaction() as conn:
        block = Block(fan.card_id, BlockReason.OWNER, None)
        assert await card_acts.block_cards(conn, [block], blocked_at) == [None]
    thief.at = blocked_at + MINUTE
    after = thief.write(lines=ROUND, tenders=by_card(ROUND_CENTS, fan.tap()))
    await bar.send(thief, sent(after, offline=True))
    await bar.send(till, sent(before, offline=True))
    assert (await bar.lost(till.id), await bar.lost(thief.id)) == ([], [(ROUND_CENTS, "card_blocked")])
    assert await bar.balance_of(fan) == 9000 - ROUND_CENTS


async def test_a_till_that_lost_its_storage_resumes_and_loses_only_records_not_uploaded(bar: "Bar") -> None:
    till, fan = await bar.till(), await bar.fan(9000)
    first = till.write(lines=ROUND, tenders=by_card(ROUND_CENTS, fan.tap()))
    await bar.send(till, sent(first, offline=True))
    till.write(lines=ROUND, tenders=by_card(ROUND_CENTS, fan.tap()))  # lost with the storage
    empty = Till(till.id, till.signer)
    empty.at = till.at + MINUTE
    cash = [Tender(TenderKind.CASH, ROUND_CENTS, None)]
    (fork,) = await bar.send(till, sent(empty.sign(empty.record(lines=ROUND, tenders=cash))))
    assert fork.reason == "chain_forked"
    going_on = empty.record(
        lines=ROUND, tenders=cash, number=fork.data["expected"], previous=fork.data["previous"], kind=Kind.SALE
    )
    (answer,) = await bar.send(till, sent(empty.sign(going_on)))
    assert (answer.outcome, answer.number) == ("booked", 2)
    (again,) = await bar.send(till, sent(till.written[1], offline=True))
    assert again.reason == "chain_forked", "the recovered storage is reported and not booked"
    assert await bar.balance_of(fan) == 9000 - ROUND_CENTS
