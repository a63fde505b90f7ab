"""A kitchen in tests: an outlet that takes orders by phone on a match day, fans with money, two processes."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

from msgspec.structs import replace

from tests.matchday.food.menu.board import HERE, ITEMS, NOW, PRICES, a_match, line
from tests.money.wallet.ledger.books import books, loaded_wallet
from virage.demo.programme import done
from virage.identity.keys.acts import open_vault
from virage.matchday.food.menu.acts import catalogue as catalogue_acts
from virage.matchday.food.menu.acts.stock import record
from virage.matchday.food.menu.reads import catalogue as catalogue_reads
from virage.matchday.food.menu.reads.catalogue import Catalogues
from virage.matchday.food.menu.rules.catalogue import Item, Product, Station
from virage.matchday.food.menu.rules.stock import StockLine, StockRequest
from virage.matchday.food.orders.acts import kitchen as acts
from virage.matchday.food.orders.acts.kitchen import Step
from virage.matchday.food.orders.reads.kitchen import timing_stats
from virage.matchday.food.orders.reads.orders import FoodOrder
from virage.matchday.food.orders.routes.food_order_service import FoodOrderService
from virage.matchday.food.orders.rules.orders import FoodOrderRequest, KitchenCapacity, Order, OutletTimingStats
from virage.money.wallet.funding.acts import bonus
from virage.money.wallet.funding.rules.bonus import BonusGrant
from virage.platform.data.database import Connection, Database
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused
from virage.sale.ticketing.acts.pricing import set_pricing
from virage.sale.ticketing.rules.pricing import PriceCategory, Pricing
from virage.sale.ticketing.rules.terms import PRICED_TARIFFS
from virage.site.programme import acts as programme
from virage.site.programme.rules import NewEvent, Organiser

COOK = UUID("01970000-0000-7000-8000-00000000c00c")
LATE = timedelta(minutes=10)
WAITS = timedelta(minutes=10)
STATIONS = {"Hot dog": (Station.GRILL, 60), "Fries": (Station.FRYER, 90), "Coffee": (Station.COFFEE, 25)}
CAPACITY = KitchenCapacity({Station.GRILL: 4, Station.FRYER: 6, Station.COFFEE: 10}, open=True, delivers=True)


def _made(item: Item) -> Item:
    """The small board, with products made at a station and a second name in English."""
    if not isinstance(item, Product) or item.name["fr"] not in STATIONS:
        return item
    station, seconds = STATIONS[item.name["fr"]]
    return replace(
        item, station=station, preparation_s=seconds, name={"fr": item.name["fr"], "en": f"{item.name['en']} to go"}
    )


BOARD: Mapping[str, Item] = {item.name["fr"]: _made(item) for item in ITEMS}
HOT_DOG, FRIES, COLA, BEER, COFFEE = (BOARD[name] for name in ("Hot dog", "Fries", "Cola", "Beer", "Coffee"))
KETCHUP = {"sauce": "ketchup"}


class Kitchen:
    """The outlet `HERE` on a match day; `desks` are two processes that take orders."""

    def __init__(self, db: Database, clock: Clock, config: Config) -> None:
        self.db = db
        self.clock = clock
        self.vault = open_vault(config)
        self.desks = [FoodOrderService(db, clock, Catalogues(db), WAITS) for _ in range(2)]
        self.event = a_match()
        self.version = ""

    async def open(self, *outlets: str) -> None:
        """Start a match, publish the board, and set the capacity of the kitchens."""
        async with self.db.transaction() as conn:
            await programme.add_organiser(conn, Organiser(self.event.organiser_id, "The club"), None, NOW)
            fields = {
                name: getattr(self.event, name) for name in NewEvent.__struct_fields__ if hasattr(self.event, name)
            }
            await programme.create(conn, NewEvent(**fields), None, NOW)
            await set_pricing(conn, self.event.id, _free(), None, NOW)
            done(await programme.publish(conn, self.event.id, None, NOW))
            self.version = await _publish(conn)
        for outlet in outlets or (HERE,):
            await self.says(CAPACITY, outlet)
            await self.delivered(outlet)

    async def delivered(self, outlet: str, pieces: int = 100) -> None:
        """Deliver a quantity of all products with a stock level."""
        lines = [StockLine(item.id, pieces) for item in (HOT_DOG, FRIES, COLA, BEER)]
        done(await self.act(record, StockRequest(new_id(), "count", outlet, lines), None))

    async def says(self, capacity: KitchenCapacity, outlet: str = HERE) -> None:
        async with self.db.transaction() as conn:
            done(await acts.set_capacity(conn, self.vault, outlet, capacity, who=COOK, now=self.clock.now()))

    async def fan(self, cents: int = 5_000, bonus_cents: int = 0) -> UUID:
        """A fan with a wallet balance and a bonus."""
        person_id = new_id()
        async with self.db.transaction() as conn:
            wallet_id = await loaded_wallet(conn, cents, person_id)
            if bonus_cents:
                (given,) = await bonus.give(conn, [BonusGrant(new_id(), wallet_id, bonus_cents, "promotion")], NOW)
                done(given)
        return person_id

    def request(self, *lines: Any, outlet: str = HERE, **more: Any) -> FoodOrderRequest:
        """A request for a hot dog with fries, or for the given lines."""
        asked = list(lines) or [line(HOT_DOG, options=KETCHUP), line(FRIES)]
        return FoodOrderRequest(
            id=new_id(), event_id=self.event.id, outlet=outlet, version=self.version, lines=asked, **more
        )

    async def order(self, person_id: UUID, request: FoodOrderRequest, *, process: int = 0) -> FoodOrder | Refused:
        return await self.desks[process].order(person_id, request)

    async def placed(self, person_id: UUID, *lines: Any, **more: Any) -> FoodOrder:
        found = await self.order(person_id, self.request(*lines, **more))
        assert isinstance(found, FoodOrder), found
        return found

    async def step(self, name: str, order_id: UUID, outlet: str = HERE, **more: Any) -> Order | Refused:
        """A step of the kitchen with an order."""
        step, now = Step(outlet, order_id, COOK), self.clock.now()
        async with self.db.transaction() as conn:
            if name == "accept":
                return await acts.accept(conn, self.vault, step, now)
            if name == "ready":
                return await acts.ready(conn, step, LATE, now)
            if name == "decline":
                return await acts.decline(conn, step, "too_busy", now)
            if name == "refund":
                return await acts.refund(conn, self.vault, step, "quality", now)
            if name == "delivered":
                return await acts.delivered(conn, step, now, age_checked=more.get("age_checked", False))
            return await acts.hand_over(conn, step, more["code"], now, age_checked=more.get("age_checked", False))

    async def act(
        self, act: Callable[..., Awaitable[Any]], *values: Any, at_start: Sequence[Any] = (), at_end: Sequence[Any] = ()
    ) -> Any:
        """An act in a transaction of its own, at the clock's time; it must not need a rollback to refuse."""
        async with self.db.transaction() as conn:
            return await act(conn, *at_start, *values, self.clock.now(), *at_end)

    def like(self, request: FoodOrderRequest, **changes: Any) -> FoodOrderRequest:
        return replace(request, **changes)

    async def promises(self) -> list[OutletTimingStats]:
        async with self.db.connection() as conn:
            return await timing_stats(conn, None, LATE, event_id=self.event.id, since=None, until=None)

    async def money(self, person_id: UUID) -> tuple[int, int, int]:
        """The wallet of a fan: the balance, the held part, and the bonus."""
        async with self.db.connection() as conn:
            row = await conn.fetchrow(
                "select a.balance_cents, a.held_cents, coalesce(b.balance_cents - b.held_cents, 0) as bonus "
                "from wallet_accounts.purse p join wallet_ledger.account a on a.id = p.id "
                "left join wallet_ledger.account b on b.kind = 'bonus' and b.key = p.id::text where p.owner_id = $1",
                person_id,
            )
        assert row is not None
        return row["balance_cents"], row["held_cents"], row["bonus"]

    async def states(self) -> list[str]:
        return [row[0] for row in await self.rows("select state from food_orders.food_order order by number, id")]

    async def rows(self, query: str, *values: Any) -> list[Any]:
        async with self.db.connection() as conn:
            return list(await conn.fetch(query, *values))

    async def clean(self) -> None:
        """Check the books: they balance, holds belong to waiting orders, and clearing accounts are
        empty.
        """
        found = await books(self.db)
        assert found.clean, found
        assert found.kinds.get("clearing", 0) == 0
        held = await self.rows("select coalesce(sum(held_cents), 0)::bigint from wallet_ledger.account")
        waits = await self.rows(
            "select coalesce(sum(total_cents), 0)::bigint from food_orders.food_order where state = 'placed'"
        )
        assert held[0][0] == waits[0][0]


class Dying:
    """A connection that is cut before the next statement, once so many have run, as if its process
    died there.
    """

    def __init__(self, conn: Connection, statements: int) -> None:
        self._conn = conn
        self.left = statements

    @property
    def as_connection(self) -> Connection:
        return cast("Connection", self)

    def die(self) -> None:
        self._conn.terminate()

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._conn, name)
        if name not in ("fetch", "fetchrow", "fetchval", "execute", "executemany"):
            return found

        async def counted(*values: Any, **more: Any) -> Any:
            if self.left == 0:
                self.die()
            self.left -= 1
            return await found(*values, **more)

        return counted


def _free() -> Pricing:
    category = PriceCategory(new_id(), {"fr": "Libre", "en": "Free"}, "#14387f", dict.fromkeys(PRICED_TARIFFS, 0))
    return Pricing(categories=[category], blocks={"103": category.id}, fee_cents=0)


async def _publish(conn: Connection) -> str:
    for item in BOARD.values():
        done(await catalogue_acts.put_item(conn, item, None, NOW))
    for item_id, prices in PRICES.items():
        done(await catalogue_acts.set_prices(conn, item_id, prices, None, NOW))
    view = await catalogue_reads.draft_view(conn)
    done(await catalogue_acts.publish(conn, new_id(), view.version, None, NOW))
    return view.version
