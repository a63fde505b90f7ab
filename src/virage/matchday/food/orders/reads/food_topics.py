"""Stream topics of food orders: a fan's own orders, and the orders of a kitchen."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from virage.matchday.food.menu.types import has_outlet
from virage.matchday.food.orders.rules.orders import FACT, KITCHEN_ROLES, Reason
from virage.platform.data.database import Database
from virage.platform.data.journal import Entry, head
from virage.platform.realtime.hub import Opened, Opening
from virage.platform.values.refusals import Refused
from virage.platform.web.guard import Principal, holds
from virage.site.venue import api as venue
from virage.site.venue.types import Venue

CAPACITY_FACT: Final = "kitchen_said"


class FoodOrderEvent(Struct, frozen=True):
    """An event of an order: its new state, or `voucher` for a granted bonus."""

    id: UUID
    what: str


class FoodOrderNews(Struct, frozen=True):
    """Events of orders. `reload` asks the client to fetch everything: missed events are not repeated."""

    orders: list[FoodOrderEvent] = []
    reload: bool = False


class FoodTopic:
    """A topic of order events; `of` is the fact member that holds its argument. Streams begin with `reload`."""

    message = FoodOrderNews

    def __init__(
        self, db: Database, name: str, of: str, may: Callable[[Principal, str, Sequence[Venue]], bool]
    ) -> None:
        self.name = name
        self._db = db
        self._of = of
        self._may = may

    async def open(self, argument: str, opening: Opening) -> Opened | Refused:
        """Open a stream, beginning with `reload`."""
        async with self._db.connection() as conn:
            if not self._may(opening.principal, argument, await venue.venues(conn)):
                return Refused(Reason.NOT_FOUND)
            position = await head(conn)
        return Opened(position, [FoodOrderNews(reload=True)])

    async def on_entries(self, entries: Sequence[Entry]) -> Mapping[str, Any]:
        """Return one message for each argument that these entries concern."""
        moved: dict[str, list[FoodOrderEvent]] = {}
        said: set[str] = set()
        for entry in entries:
            argument = entry.data.get(self._of)
            if entry.what.startswith(FACT) and argument is not None:
                moved.setdefault(str(argument), []).append(FoodOrderEvent(entry.about, entry.what.removeprefix(FACT)))
            elif entry.what == CAPACITY_FACT and argument is not None:
                said.add(str(argument))
        return {argument: FoodOrderNews(moved.get(argument, []), argument in said) for argument in {*moved, *said}}


def food_topics(db: Database) -> list[FoodTopic]:
    """Return the topics `food_orders:<person_id>` for fans and `kitchen:<outlet>` for its staff."""
    return [FoodTopic(db, "food_orders", "person", _is), FoodTopic(db, "kitchen", "outlet", _works_at)]


def _is(principal: Principal, argument: str, _venues: Sequence[Venue]) -> bool:
    return principal.kind in ("fan", "staff") and str(principal.id) == argument


def _works_at(principal: Principal, argument: str, venues: Sequence[Venue]) -> bool:
    if principal.kind not in ("staff", "api_client") or not has_outlet(venues, argument):
        return False
    return any(holds(principal, role, scope="outlet", scope_id=argument) for role in KITCHEN_ROLES)
