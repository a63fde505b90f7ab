"""Points for food: what is paid in the app earns, without deposits, bonus credit and products with an age limit."""

from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from tests.matchday.food.menu.board import line
from tests.matchday.food.orders.kitchen import COLA, FRIES, Kitchen
from virage.matchday.access.api import first_entries
from virage.matchday.food.menu.api import Catalogues
from virage.matchday.food.orders.api import food_spent
from virage.matchday.food.till.api import TillSpends
from virage.platform.values.ids import new_id
from virage.sale.points.acts.earning import Sources
from virage.sale.points.acts.programmes import set_programme
from virage.sale.points.jobs import PointsJobs
from virage.sale.points.rules.terms import Account, EarningRule, Programme, ProgrammeContent
from virage.sale.points.store import accounts

NAME = {"fr": "Buvette", "en": "Food"}


class Members:
    """Fans of a kitchen who take part in the points of the club: 2 for each 10 cents of food."""

    def __init__(self, kitchen: Kitchen) -> None:
        self.kitchen = kitchen
        sources = Sources(first_entries, food_spent, TillSpends(Catalogues(kitchen.db)), 10)
        self.jobs = PointsJobs(kitchen.clock, ZoneInfo("Europe/Paris"), sources)

    async def open(self) -> None:
        rule = EarningRule(id=new_id(), name=NAME, basis="food", points=2)
        content = ProgrammeContent(name=NAME, is_open=True, rules=[rule])
        async with self.kitchen.db.transaction() as conn:
            stored = await set_programme(
                conn, self.kitchen.event.organiser_id, content, 0, who=None, now=self.kitchen.clock.now()
            )
        assert isinstance(stored, Programme), stored

    async def fan(self, bonus_cents: int = 0) -> UUID:
        """A fan with 20 euros who takes part."""
        person_id = await self.kitchen.fan(2_000, bonus_cents)
        joined_at = self.kitchen.clock.now() - timedelta(days=1)
        account = Account(new_id(), self.kitchen.event.organiser_id, person_id, joined_at, None)
        async with self.kitchen.db.transaction() as conn:
            await accounts.insert_account(conn, account)
        return person_id

    async def points(self) -> list[int]:
        """What moved, after the job has followed the journal."""
        await self.jobs.earn(self.kitchen.db)
        return [row["points"] for row in await self.kitchen.rows("select points from points.movement order by number")]


@pytest.fixture
async def members(kitchen: Kitchen) -> Members:
    made = Members(kitchen)
    await made.open()
    return made


async def test_accepted_food_earns_once_and_its_refund_takes_it_back(members: Members) -> None:
    kitchen = members.kitchen
    order = await kitchen.placed(await members.fan(), line(FRIES))
    assert await members.points() == [], "the kitchen has not accepted it"
    await kitchen.step("accept", order.id)
    earned = order.total_cents // 10 * 2
    assert earned > 0
    assert await members.points() == [earned]
    await kitchen.step("refund", order.id)
    assert await members.points() == [earned, -earned]


async def test_deposits_bonus_credit_and_products_with_an_age_limit_earn_nothing(members: Members) -> None:
    kitchen = members.kitchen
    fries = await kitchen.placed(await members.fan(), line(FRIES))
    cola = await kitchen.placed(await members.fan(), line(COLA))  # in a cup with a deposit
    beer = await kitchen.placed(await members.fan(), line(COLA))
    given = await kitchen.placed(await members.fan(bonus_cents=5_000), line(FRIES))
    async with kitchen.db.transaction() as conn:  # as a beer is stored, which needs a permit to be ordered
        changed = "update food_orders.food_order set lines = jsonb_set(lines, '{0,age_limit}', '16') where id = $1"
        await conn.execute(changed, beer.id)
    for order in (fries, cola, beer, given):
        await kitchen.step("accept", order.id)
    food, soft = [
        sum(one.gross_cents for one in order.lines if one.kind != "deposit") // 10 * 2 for order in (fries, cola)
    ]
    assert soft < cola.total_cents // 10 * 2, "the cup is a deposit"
    assert sorted(await members.points()) == sorted([food, soft])
