"""Points for food at tills: what the wallet of a person pays earns like food that was ordered ahead."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.matchday.food.menu.board import BEER, BOARD, COLA, CUP, FRIES
from tests.matchday.food.orders.kitchen import Kitchen
from tests.matchday.food.till.bar import Bar, Fan, by_card, sent
from tests.money.fiscal.till import Till, refund_of
from virage.matchday.access.api import first_entries
from virage.matchday.food.menu.api import Catalogues
from virage.matchday.food.menu.rules.catalogue import Deposit, Product
from virage.matchday.food.orders.api import food_spent
from virage.matchday.food.till.api import TillSpends
from virage.matchday.food.till.rules.spent import left_to_earn
from virage.money.fiscal.rules.record import Kind, Line, Tender, TenderKind, VerifiedRecord
from virage.money.wallet.funding.acts import bonus
from virage.money.wallet.funding.rules.bonus import BonusGrant
from virage.platform.values.ids import new_id
from virage.sale.points.acts.earning import Sources
from virage.sale.points.acts.programmes import set_programme
from virage.sale.points.jobs import PointsJobs
from virage.sale.points.rules.terms import Account, EarningRule, Programme, ProgrammeContent
from virage.sale.points.store import accounts

NAME = {"fr": "Buvette", "en": "Food"}
PRICES: Mapping[UUID, int] = {FRIES.id: 400, COLA.id: 450, BEER.id: 700, CUP.id: 200}


def of(item: Product | Deposit, quantity: int = 1) -> Line:
    """A printed line of the board."""
    is_cup = isinstance(item, Deposit)
    rate = 0 if isinstance(item, Deposit) else item.vat_permille
    return Line(item.id, item.name["fr"], quantity, PRICES[item.id], rate, [], deposit=is_cup)


def total(lines: Sequence[Line]) -> int:
    return sum(line.cents for line in lines)


class PointsBar:
    """A bar on a match day whose fans take part: one point for each 10 cents of food."""

    def __init__(self, bar: Bar, kitchen: Kitchen) -> None:
        self.bar = bar
        self.kitchen = kitchen
        sources = Sources(first_entries, food_spent, TillSpends(Catalogues(kitchen.db)), 10)
        self.jobs = PointsJobs(kitchen.clock, ZoneInfo("Europe/Paris"), sources)

    async def open(self) -> None:
        rule = EarningRule(id=new_id(), name=NAME, basis="food", points=1)
        content = ProgrammeContent(name=NAME, is_open=True, rules=[rule])
        now = self.kitchen.clock.now()
        async with self.kitchen.db.transaction() as conn:
            stored = await set_programme(conn, self.kitchen.event.organiser_id, content, 0, who=None, now=now)
        assert isinstance(stored, Programme), stored

    async def fan(self, cents: int = 5_000) -> Fan:
        """A fan with a card of their own who takes part."""
        fan, person_id = await self.bar.fan(cents), new_id()
        joined_at = self.kitchen.clock.now() - timedelta(days=1)
        async with self.kitchen.db.transaction() as conn:
            await conn.execute("update wallet_accounts.purse set owner_id = $1 where id = $2", person_id, fan.wallet_id)
            account = Account(new_id(), self.kitchen.event.organiser_id, person_id, joined_at, None)
            await accounts.insert_account(conn, account)
        return fan

    def sale(self, till: Till, lines: Sequence[Line], tenders: Sequence[Tender], **changes: Any) -> VerifiedRecord:
        """A signed sale during the match, by the catalogue in force."""
        fields = {"event_id": self.kitchen.event.id, "catalogue": self.kitchen.version} | changes
        return till.write(Kind.SALE, lines=list(lines), tenders=list(tenders), **fields)

    async def sold(
        self, till: Till, lines: Sequence[Line], tenders: Sequence[Tender], **changes: Any
    ) -> VerifiedRecord:
        written = self.sale(till, lines, tenders, **changes)
        (answer,) = await self.bar.send(till, sent(written, offline=True))
        assert answer.outcome == "booked", answer
        return written

    async def refunded(self, till: Till, sale: VerifiedRecord, lines: Sequence[Line], kind: TenderKind) -> None:
        tenders = [Tender(kind, total(lines), None)]
        written = till.write(Kind.REFUND, lines=list(lines), tenders=tenders, refund_of=refund_of(sale))
        (answer,) = await self.bar.send(till, sent(written, offline=True))
        assert answer.outcome == "booked", answer

    async def points(self) -> list[int]:
        """What moved, after the job has followed the journal."""
        await self.jobs.earn(self.kitchen.db)
        query = "select points from points.movement order by at, account_id, number"
        return [row["points"] for row in await self.kitchen.rows(query)]


@pytest.fixture
async def counter(bar: Bar, kitchen: Kitchen) -> PointsBar:
    made = PointsBar(bar, kitchen)
    await made.open()
    return made


async def test_food_paid_by_card_earns_once_and_each_refund_takes_back_its_part(counter: PointsBar) -> None:
    till, fan = await counter.bar.till(), await counter.fan()
    lines = [of(FRIES, 2), of(COLA)]
    sale = await counter.sold(till, lines, by_card(total(lines), fan.tap()))
    await counter.bar.send(till, sent(sale, offline=True))
    assert await counter.points() == [125]
    await counter.refunded(till, sale, [of(FRIES, -1)], TenderKind.CARD)
    assert await counter.points() == [125, -40]
    await counter.refunded(till, sale, [of(FRIES, -1), of(COLA, -1)], TenderKind.CARD)
    assert await counter.points() == [125, -40, -85]


async def test_an_online_sale_earns_too_and_a_refused_one_nothing(counter: PointsBar) -> None:
    till, fan, poor = await counter.bar.till(), await counter.fan(), await counter.fan(0)
    fields = {"lines": [of(FRIES)], "event_id": counter.kitchen.event.id, "catalogue": counter.kitchen.version}
    _, refused = await counter.bar.sell_online(till, by_card(400, poor.tap()), **fields)
    _, booked = await counter.bar.sell_online(till, by_card(400, fan.tap()), **fields)
    assert (refused.reason, booked.outcome) == ("insufficient_funds", "booked")
    assert await counter.points() == [40]


async def test_deposits_tips_and_products_with_an_age_limit_earn_nothing(counter: PointsBar) -> None:
    till, fan = await counter.bar.till(), await counter.fan()
    lines = [of(BEER), of(CUP), of(FRIES)]
    await counter.sold(till, lines, by_card(total(lines) + 150, fan.tap()), tip_cents=150)
    assert await counter.points() == [40], "the fries alone"


async def test_bonus_credit_and_what_no_wallet_covered_earn_nothing(counter: PointsBar) -> None:
    till, fan, poor = await counter.bar.till(), await counter.fan(200), await counter.fan(100)
    async with counter.kitchen.db.transaction() as conn:
        await bonus.give(conn, [BonusGrant(new_id(), fan.wallet_id, 250, "promotion")], counter.kitchen.clock.now())
    await counter.sold(till, [of(FRIES)], by_card(400, fan.tap()))
    await counter.sold(till, [of(FRIES)], by_card(400, poor.tap()))
    assert sorted(await counter.points()) == [10, 15]


async def test_two_people_who_share_a_bill_earn_their_shares(counter: PointsBar) -> None:
    till, one, other = await counter.bar.till(), await counter.fan(), await counter.fan()
    lines = [of(FRIES, 2)]
    tenders = [*by_card(300, one.tap()), *by_card(400, other.tap()), Tender(TenderKind.CASH, 100, None)]
    sale = await counter.sold(till, lines, tenders)
    assert sorted(await counter.points()) == [30, 40]
    await counter.refunded(till, sale, [of(FRIES, -1)], TenderKind.CASH)
    assert sorted(await counter.points()) == [-20, -15, 30, 40], (
        "each loses a half, also when the money goes back in cash"
    )


async def test_cash_cards_of_no_person_and_sales_outside_a_match_earn_nothing(counter: PointsBar) -> None:
    till, fan, unlinked = await counter.bar.till(), await counter.fan(), await counter.bar.fan(2_000)
    await counter.sold(till, [of(FRIES)], [Tender(TenderKind.CASH, 400, None)])
    await counter.sold(till, [of(FRIES)], by_card(400, unlinked.tap()))
    await counter.sold(till, [of(FRIES)], by_card(400, fan.tap()), event_id=None)
    await counter.sold(till, [of(FRIES)], by_card(400, fan.tap()), catalogue="unknown")
    assert await counter.points() == []


async def test_a_refund_that_is_uploaded_before_its_sale_leaves_what_was_kept(counter: PointsBar) -> None:
    till, other, fan = await counter.bar.till(), await counter.bar.till(), await counter.fan()
    sale = counter.sale(till, [of(FRIES, 2)], by_card(800, fan.tap()))
    await counter.refunded(other, sale, [of(FRIES, -1)], TenderKind.CARD)
    assert await counter.points() == []
    await counter.bar.send(till, sent(sale, offline=True))
    assert await counter.points() == [40]


@given(
    st.lists(st.sampled_from([FRIES, COLA, BEER, CUP]), min_size=1, max_size=8),
    st.lists(st.integers(0, 2_000), min_size=1, max_size=4),
    st.integers(0, 500),
)
def test_shares_of_a_bill_never_earn_more_than_its_food(
    items: Sequence[Product | Deposit], weights: Sequence[int], tip_cents: int
) -> None:
    lines = [of(item) for item in items]
    due = total(lines) + tip_cents
    shares = [due * weight // (sum(weights) or 1) for weight in weights]
    tenders = [Tender(TenderKind.CASH, due, None)]
    sold = Till().record(lines=lines, tenders=tenders, tip_cents=tip_cents, catalogue=BOARD.version)
    food = sum(line.cents for line in lines if line.product in {FRIES.id, COLA.id})
    assert sum(left_to_earn(sold, (), share, BOARD) for share in shares) <= food
    back = Till().record(Kind.REFUND, lines=[of(item, -1) for item in items], tenders=tenders)
    assert left_to_earn(sold, (back,), due, BOARD) == 0
