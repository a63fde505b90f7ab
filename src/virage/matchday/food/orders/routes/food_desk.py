"""Where fans order: a batcher that places what arrived together, and what each is told instead of a full outlet."""

import secrets
from collections.abc import Sequence
from datetime import timedelta
from hashlib import sha256
from typing import Final
from uuid import UUID

import msgspec

from virage.matchday.food.menu.api import Catalogues
from virage.matchday.food.orders.acts.ordering import Offer, place
from virage.matchday.food.orders.reads.orders import FoodOrder, FoodReads, opening, view_of
from virage.matchday.food.orders.rules.orders import CODE_DIGITS, FoodWish, Order, Reason
from virage.matchday.food.orders.rules.placing import Asked
from virage.platform.data.batching import Batcher
from virage.platform.data.database import Database
from virage.platform.values.clock import Clock
from virage.platform.values.refusals import Refused

ORDERS_A_BATCH: Final = 128


class FoodDesk:
    """Places orders. `waits` is how long one waits for its kitchen."""

    def __init__(self, db: Database, clock: Clock, catalogues: Catalogues, waits: timedelta) -> None:
        self._db = db
        self._clock = clock
        self._catalogues = catalogues
        self._waits = waits
        self.reads = FoodReads(db, catalogues)
        self.orders: Batcher[Asked, Order | Refused] = Batcher(self._place, batch_max=ORDERS_A_BATCH)

    async def order(self, person_id: UUID, wish: FoodWish) -> FoodOrder | Refused:
        """Place an order; a full outlet is told with what is next."""
        digest = sha256(msgspec.json.encode(wish, order="sorted")).digest()
        code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
        asked = Asked(person_id, wish, digest, code, await self.reads.delivery_s(wish))
        placed = await self.orders.submit(asked)
        if isinstance(placed, Order):
            return view_of(placed)
        if placed.reason != Reason.OUTLET_FULL:
            return placed
        return Refused(Reason.OUTLET_FULL, {"next": await self.reads.next_best(wish, self._clock.now())})

    async def _place(self, asked: Sequence[Asked]) -> list[Order | Refused]:
        """Those for one event in one transaction: kitchens are planned from when it lets people in."""
        answers: dict[int, Order | Refused] = {}
        for event_id in {one.wish.event_id for one in asked}:
            places = [at for at, one in enumerate(asked) if one.wish.event_id == event_id]
            answers |= dict(zip(places, await self._place_for(event_id, [asked[at] for at in places]), strict=True))
        return [answers[at] for at in range(len(asked))]

    async def _place_for(self, event_id: UUID, asked: Sequence[Asked]) -> list[Order | Refused]:
        async with self._db.transaction() as conn:
            now = self._clock.now()
            opened = await opening(conn, event_id, now)
            catalogue = await self._catalogues.in_force(conn)
            offer = Offer(catalogue, None, (), now)
            if opened is not None:
                offer = Offer(catalogue, opened.event, opened.derogations, opened.at)
            return await place(conn, asked, offer, self._waits, now)
