"""The batcher that places concurrent orders, and the alternatives for full outlets."""

import secrets
from collections.abc import Sequence
from datetime import timedelta
from hashlib import sha256
from typing import Final
from uuid import UUID

import msgspec
from msgspec.structs import replace

from virage.matchday.food.menu.api import Catalogues
from virage.matchday.food.orders.acts.ordering import PlacementContext, place
from virage.matchday.food.orders.reads.orders import FoodOrder, FoodReads, food_order, ordering_window
from virage.matchday.food.orders.rules.orders import CODE_DIGITS, FoodOrderRequest, Reason
from virage.matchday.food.orders.rules.placing import PlacementRequest
from virage.platform.data.batching import Batcher
from virage.platform.data.database import Database
from virage.platform.values.clock import Clock
from virage.platform.values.refusals import Refused
from virage.site.programme import api as programme
from virage.site.venue import api as venue

ORDERS_PER_BATCH: Final = 128


class FoodOrderService:
    """Places orders in batches. An order expires after `waits` unless a kitchen accepts it."""

    def __init__(self, db: Database, clock: Clock, catalogues: Catalogues, waits: timedelta) -> None:
        self._db = db
        self._clock = clock
        self._catalogues = catalogues
        self._waits = waits
        self.reads = FoodReads(db, catalogues)
        self.orders: Batcher[PlacementRequest, FoodOrder | Refused] = Batcher(
            self._place_batch, batch_max=ORDERS_PER_BATCH
        )

    async def order(self, person_id: UUID, request: FoodOrderRequest) -> FoodOrder | Refused:
        """Place an order. `outlet_full` carries alternatives."""
        digest = sha256(msgspec.json.encode(request, order="sorted")).digest()
        code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
        placements = PlacementRequest(person_id, request, digest, code, await self.reads.delivery_s(request))
        placed = await self.orders.submit(placements)
        if isinstance(placed, FoodOrder) or placed.reason != Reason.OUTLET_FULL:
            return placed
        return Refused(Reason.OUTLET_FULL, {"next": await self.reads.alternatives(request, self._clock.now())})

    async def _place_batch(self, placements: Sequence[PlacementRequest]) -> list[FoodOrder | Refused]:
        """Place a batch, one transaction for each event: plans start at the doors of the event."""
        answers: dict[int, FoodOrder | Refused] = {}
        for event_id in {placement.request.event_id for placement in placements}:
            places = [at for at, placement in enumerate(placements) if placement.request.event_id == event_id]
            answers |= dict(
                zip(places, await self._place_for(event_id, [placements[at] for at in places]), strict=True)
            )
        return [answers[at] for at in range(len(placements))]

    async def _place_for(self, event_id: UUID, placements: Sequence[PlacementRequest]) -> list[FoodOrder | Refused]:
        async with self._db.transaction() as conn:
            now = self._clock.now()
            event = await programme.event(conn, event_id)
            if event is None:
                return [Refused(Reason.EVENT_NOT_ON)] * len(placements)
            ground = await venue.venue_at(conn, event.venue_version)
            window = await ordering_window(conn, event, now)
            catalogue = await self._catalogues.in_force(conn)
            outlets = ground.outlet_by_code.keys() - (await venue.closures(conn, event_id)).outlets
            context = PlacementContext(catalogue, None, (), outlets, now)
            if window is not None:
                context = replace(context, event=window.event, permits=window.permits, at=window.at)
            found = await place(conn, placements, context, self._waits, now)
        return [order if isinstance(order, Refused) else food_order(order, ground) for order in found]
