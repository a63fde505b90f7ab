"""Stream topics of ticketing: the availability of an event, and an order."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from msgspec import Struct

from virage.platform.data.database import Database
from virage.platform.data.journal import Entry, head
from virage.platform.realtime.hub import Opened, Opening
from virage.platform.values.ids import id_of
from virage.platform.values.refusals import Refused
from virage.sale.ticketing.reads.open_sales import AvailabilityUpdate, OpenSales, update_of
from virage.sale.ticketing.rules.terms import AWAITING_SETTLEMENT, MONEY_RETURNED, STATE_FACTS, Reason, State
from virage.sale.ticketing.store import orders as store


class OrderUpdate(Struct, frozen=True, omit_defaults=True):
    """The new state of an order, or what else is new: its state is unchanged.

    `returned`: a payment of it is returned. `debited`: a debit under way pays it.
    """

    state: State | None = None
    returned: bool = False
    debited: bool = False


class AvailabilityTopic:
    """`availability:<event_id>`: {taken: [place, …], freed: [place, …]}, or {reload: true}."""

    name = "availability"
    message = AvailabilityUpdate

    def __init__(self, sales: OpenSales) -> None:
        self._sales = sales

    async def open(self, argument: str, opening: Opening) -> Opened | Refused:
        """Continue from the version of a bitmap; a client that is too far behind reloads it. Public."""
        event_id = id_of(argument)
        found = None if event_id is None else await self._sales.at(event_id)
        if event_id is None or found is None:
            return Refused(Reason.NOT_FOUND)
        if opening.since is None:
            return Opened(found[1])
        missed = await self._sales.deltas_since(event_id, opening.since)
        if missed is None:
            return Opened(found[1], [AvailabilityUpdate(reload=True)])
        return Opened(missed[0], missed[1])

    async def on_entries(self, entries: Sequence[Entry]) -> Mapping[str, Any]:
        """Return one delta per event."""
        by_event: dict[UUID, list[Entry]] = {}
        reload: set[UUID] = set()
        for entry in entries:
            if entry.what in ("places_taken", "places_freed"):
                by_event.setdefault(entry.about, []).append(entry)
            elif entry.what in ("prices_set", "event_cancelled", "event_amended", "event_version_changed"):
                reload.add(entry.about)
        messages: dict[str, Any] = {str(event_id): update_of(news) for event_id, news in by_event.items()}
        return messages | {str(event_id): AvailabilityUpdate(reload=True) for event_id in reload}


class OrderTopic:
    """`order:<order_id>`: {state}, {returned: true} or {debited: true}; only for the order's owner."""

    name = "order"
    message = OrderUpdate

    def __init__(self, db: Database) -> None:
        self._db = db

    async def open(self, argument: str, opening: Opening) -> Opened | Refused:
        """Return the current state of the order."""
        principal = opening.principal
        order_id = id_of(argument)
        if order_id is None or principal.kind == "api_client":
            return Refused(Reason.NOT_FOUND)
        mine = {principal.id, principal.session_id, principal.guest_session_id} - {None}
        async with self._db.connection() as conn:
            position = await head(conn)
            order = (await store.orders(conn, [order_id])).get(order_id)
        if order is None or order.owner_id not in mine:
            return Refused(Reason.NOT_FOUND)
        return Opened(position, [OrderUpdate(order.state)])

    async def on_entries(self, entries: Sequence[Entry]) -> Mapping[str, Any]:
        """Return the latest event of each order."""
        news: dict[str, Any] = {}
        for entry in entries:
            if entry.what in STATE_FACTS:
                news[str(entry.about)] = OrderUpdate(STATE_FACTS[entry.what])
            elif entry.what == MONEY_RETURNED:
                news[str(entry.about)] = OrderUpdate(returned=True)
            elif entry.what == AWAITING_SETTLEMENT:
                news[str(entry.about)] = OrderUpdate(debited=True)
        return news
