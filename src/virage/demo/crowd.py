"""Earlier sales of the demo: parties of neighbouring seats all over the venue, paid through the provider.

Places are held, paid at the sandbox provider with its card, and settled by the same acts as everybody's. These orders
were sold at a counter: they belong to ids without an account.
"""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import datetime
from random import Random
from uuid import UUID

import aiohttp
import msgspec

from virage.demo.ids import demo_id
from virage.demo.programme import Planned
from virage.demo.venues.drawing import venue
from virage.money.payments import api as payments
from virage.money.payments.api import Checkout, Handlers, PaymentProvider
from virage.money.payments.types import PaymentIntent, Reference
from virage.platform.data.database import Database
from virage.platform.values.refusals import Refused
from virage.sale.ticketing import api as ticketing
from virage.sale.ticketing.api import Hold, Pay, Paying, load_sale, orders
from virage.sale.ticketing.types import (
    BestSeats,
    Buyer,
    ChosenSeat,
    ChosenSeats,
    HoldRequest,
    OpenSale,
    OrderRow,
    Party,
    Seats,
    StandingPlaces,
    Tariff,
)
from virage.site.pages.api import terms_in_force
from virage.site.venue.types import Feature
from virage_sandbox.cards import Card
from virage_sandbox.wire import CardPayment

PARTY_SIZES = (1, 2, 3, 4, 4, 5, 6, 8)
TARIFFS = (Tariff.FULL,) * 6 + (Tariff.REDUCED, Tariff.CHILD)
BATCH = 250
CARDS_AT_ONCE = 16
_RESERVED = int(Feature.WHEELCHAIR | Feature.COMPANION)


class Purchase(msgspec.Struct, frozen=True):
    """A planned order and its payment."""

    request: HoldRequest
    owner_id: UUID
    payment_id: UUID


class Till:
    """Buys many orders at once, as browsers with cards would."""

    def __init__(self, db: Database, provider: PaymentProvider, handlers: Handlers, return_url: str) -> None:
        self._db = db
        self._provider = provider
        self._handlers = handlers
        self._checkout = Checkout(db, provider)
        self._return_url = return_url

    async def sold(self, purchases: Sequence[Purchase]) -> bool:
        """Return whether the last of these purchases exists; they are made in order."""
        async with self._db.connection() as conn:
            found = await orders(conn, [purchases[-1].request.id])
        return any(row.state not in ("held", "paying") for row, _ in found.values())

    async def buy(self, sale: OpenSale, purchases: Sequence[Purchase], now: datetime) -> None:
        """Hold, pay and settle each purchase; those whose places are taken are skipped."""
        held = await self._db.transact(
            ticketing.hold, [Hold(p.request, Buyer(None, p.owner_id), p.owner_id, sale) for p in purchases], now
        )
        open_ = [p for p, row in zip(purchases, held, strict=True) if isinstance(row, OrderRow) and row.state != "paid"]
        async with self._db.connection() as conn:
            terms = next(iter(sorted(await terms_in_force(conn))), None)
        pays = [
            Pay(p.request.id, p.payment_id, Buyer(None, p.owner_id), p.owner_id, self._return_url, terms) for p in open_
        ]
        begun = await self._db.transact(ticketing.pay, pays, now)
        starts = [answer.start for answer in begun if isinstance(answer, Paying) and answer.start is not None]
        await self._pay_by_card(starts)
        outcomes = await self._provider.fetch([Reference(start.payment_id) for start in starts])
        async with self._db.transaction() as conn:
            await payments.settle(conn, outcomes, now, self._handlers)

    async def _pay_by_card(self, starts: Sequence[PaymentIntent]) -> None:
        """Open the payment pages and pay each by card."""
        pages = [page for page in await self._checkout.open_many(starts) if not isinstance(page, Refused)]
        card = msgspec.json.encode(CardPayment(Card.ACCEPTED.value))
        headers = {"content-type": "application/json"}
        connector = aiohttp.TCPConnector(limit=CARDS_AT_ONCE)
        async with aiohttp.ClientSession(connector=connector, headers=headers) as browser:

            async def pay(url: str) -> None:
                async with browser.post(url, data=card) as answer:
                    await answer.read()

            await asyncio.gather(*(pay(page.payment_url) for page in pages))


async def fill(db: Database, till: Till, plan: Planned, now: datetime) -> int:
    """Sell the planned share of an event. Return the number of orders; 0 if it was done before."""
    purchases = list(_purchases(plan))
    if await till.sold(purchases):
        return 0
    async with db.connection() as conn:
        sale = await load_sale(conn, plan.event.id)
    if sale is None:
        raise RuntimeError(f"Event {plan.event.id} of the demo is not on sale.")
    for first in range(0, len(purchases), BATCH):
        await till.buy(sale, purchases[first : first + BATCH], now)
    return len(purchases)


async def buy_for(db: Database, till: Till, plan: Planned, fan_id: UUID, now: datetime) -> None:
    """Buy two good seats together for a fan without tickets to this event."""
    bought = purchase(plan, "fan", BestSeats(Party(full=2)), fan_id)
    if await till.sold([bought]):
        return
    async with db.connection() as conn:
        sale = await load_sale(conn, plan.event.id)
    if sale is not None:
        await till.buy(sale, [bought], now)


def purchase(plan: Planned, name: str, seats: Seats, owner_id: UUID | None = None) -> Purchase:
    """Return a purchase with ids derived from its name."""
    at = plan.event.sale_opens_at
    key = f"{plan.event.id} {name}"
    return Purchase(
        HoldRequest(demo_id(f"order {key}", at), plan.event.id, seats),
        owner_id or demo_id(f"counter {key}", at),
        demo_id(f"payment {key}", at),
    )


def _purchases(plan: Planned) -> Iterator[Purchase]:
    """Yield parties in the stands, then in the standing areas; always the same for an event."""
    chance = Random(plan.event.id.int)  # noqa: S311 - not a secret
    for number, places in enumerate(_parties(plan, chance)):
        chosen = tuple(ChosenSeat(place, chance.choice(TARIFFS)) for place in places)
        yield purchase(plan, f"seats {number}", ChosenSeats(chosen))
    for area in plan.pricing.areas:
        left = int(area.capacity * plan.standing_share)
        while left > 0:
            size = min(chance.choice(PARTY_SIZES), left, plan.event.rules.limit_per_buyer)
            yield purchase(plan, f"{area.area} {left}", StandingPlaces(area.area, Party(full=size)))
            left -= size


def _parties(plan: Planned, chance: Random) -> Iterator[list[int]]:
    """Yield neighbouring seats of a row: some blocks are nearly full, others nearly empty."""
    ground = venue(plan.venue_code)
    segments = ground.row_segments
    for block in ground.blocks:
        if block.code not in plan.pricing.blocks:
            continue
        share = min(0.97, plan.seated_share * chance.uniform(0.35, 1.65))
        for index in range(block.first_segment, block.first_segment + block.segment_count):
            first, count = int(segments.first_seat[index]), int(segments.seat_count[index])
            if any(int(feature) & _RESERVED for feature in ground.features[first : first + count]):
                continue
            seat = first
            while seat < first + count:
                size = min(chance.choice(PARTY_SIZES), first + count - seat, plan.event.rules.limit_per_buyer)
                if chance.random() < share:
                    yield list(range(seat, seat + size))
                seat += size
