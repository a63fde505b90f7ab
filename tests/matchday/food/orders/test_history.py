"""A fan's payments at counters and by phone: each shown once, with its place."""

from typing import Final
from uuid import UUID

from tests.matchday.food.orders.kitchen import Kitchen
from tests.matchday.food.till.bar import CAP_CENTS, Bar
from tests.matchday.food.till.test_virtual_card import a_fan, ask, by_phone
from tests.money.fiscal.till import NOW, beer, cup, fries
from tests.zones import PARIS
from virage.demo.venues.drawing import stadium
from virage.matchday.food.orders.reads.orders import FoodOrder, outlet_name
from virage.matchday.food.orders.reads.paid_at import outlets
from virage.money.fiscal.rules.record import TenderKind
from virage.money.wallet.accounts.reads import WalletTransaction
from virage.money.wallet.funding.reads.wallets import export, wallet_view
from virage.money.wallet.funding.rules.top_ups import Limits
from virage.platform.data.database import Database

LIMITS: Final = Limits(500, 15_000, 25_000)
BAR: Final = outlet_name(stadium(), "01")
MIXED: Final = [beer(1), fries(1), cup(1)]  # 12.50 at three rates


async def history(db: Database, fan_id: UUID) -> list[WalletTransaction]:
    async with db.connection() as conn:
        return (await wallet_view(conn, fan_id, LIMITS, zone=PARIS, now=NOW, paid_at=[outlets])).history


async def test_a_sale_with_several_vat_rates_is_one_line_with_its_outlet(bar: Bar) -> None:
    fan, till = await a_fan(bar, CAP_CENTS), await bar.till()
    sale = by_phone(till, (fan, 1_250), lines=MIXED)
    await ask(bar, till, sale)
    paid, loaded = await history(bar.db, fan.id)
    assert (paid.cents, paid.purpose, paid.subject, paid.place) == (-1_250, "sale", sale.record.id, BAR)
    assert (loaded.cents, loaded.place) == (CAP_CENTS, None)
    async with bar.db.connection() as conn:
        moved = await conn.fetchval("select count(*) from wallet_ledger.transfer where subject = $1", sale.record.id)
        assert moved > 1, "the ledger has one transfer for each rate"
        assert (await export(conn, fan.id, [outlets]))["purse"].history == [paid, loaded]


async def test_a_refund_is_a_separate_line(bar: Bar) -> None:
    fan, till = await a_fan(bar, CAP_CENTS), await bar.till()
    sale = by_phone(till, (fan, 1_150))
    await ask(bar, till, sale)
    await bar.refund(till, sale, 700, TenderKind.VIRTUAL_CARD)
    lines = [(line.purpose, line.cents, line.place) for line in await history(bar.db, fan.id)]
    assert sorted(lines) == [("refund", 700, BAR), ("sale", -1_150, BAR), ("top_up", CAP_CENTS, None)]


async def test_a_phone_order_in_the_history_has_its_outlet_and_bonus(kitchen: Kitchen) -> None:
    fan = await kitchen.fan(cents=5_000, bonus_cents=300)
    order = await kitchen.order(fan, kitchen.request())
    assert isinstance(order, FoodOrder), order
    held = [line for line in await history(kitchen.db, fan) if line.purpose == "food_order"]
    assert {(line.step, line.bonus) for line in held} == {("hold", False), ("hold", True)}
    assert sum(line.cents for line in held) == -order.total_cents
    assert all(line.place == BAR for line in held)
