"""What may be followed of food by phone: a fan's own orders, and what happens before a kitchen."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from virage.matchday.food.menu.types import outlet_codes
from virage.matchday.food.orders.rules.orders import FACT, KITCHEN_ROLES, Reason
from virage.platform.data.database import Database
from virage.platform.data.journal import Entry, head
from virage.platform.realtime.hub import Opened, Opening
from virage.platform.values.refusals import Refused
from virage.platform.web.guard import Principal, holds

CAPACITY_FACT: Final = "kitchen_said"


class FoodMoved(Struct, frozen=True):
    """What happened to an order: its new state, or that a `voucher` was given for it."""

    id: UUID
    what: str


class FoodNews(Struct, frozen=True):
    """What happened; `reload`: fetch it anew, for what was missed is not told."""

    orders: list[FoodMoved] = []
    reload: bool = False


class FoodTopic:
    """News of orders for whoever an argument names; `of` is what facts call it. Each stream begins with `reload`."""

    def __init__(self, db: Database, name: str, of: str, may: Callable[[Principal, str], bool]) -> None:
        self.name = name
        self._db = db
        self._of = of
        self._may = may

    async def open(self, argument: str, opening: Opening) -> Opened | Refused:
        """Begin with the word to fetch what stands."""
        if not self._may(opening.principal, argument):
            return Refused(Reason.NOT_FOUND)
        async with self._db.connection() as conn:
            position = await head(conn)
        return Opened(position, [FoodNews(reload=True)])

    async def on_entries(self, entries: Sequence[Entry]) -> Mapping[str, Any]:
        """One message for each that these entries concern."""
        moved: dict[str, list[FoodMoved]] = {}
        said: set[str] = set()
        for entry in entries:
            argument = entry.data.get(self._of)
            if entry.what.startswith(FACT) and argument is not None:
                moved.setdefault(str(argument), []).append(FoodMoved(entry.about, entry.what.removeprefix(FACT)))
            elif entry.what == CAPACITY_FACT and argument is not None:
                said.add(str(argument))
        return {argument: FoodNews(moved.get(argument, []), argument in said) for argument in {*moved, *said}}


def food_topics(db: Database) -> list[FoodTopic]:
    """`food_orders:<person_id>`, what happens to one's own orders, and `kitchen:<outlet>` for whoever works there."""
    return [FoodTopic(db, "food_orders", "person", _is), FoodTopic(db, "kitchen", "outlet", _works_at)]


def _is(principal: Principal, argument: str) -> bool:
    return principal.kind in ("fan", "staff") and str(principal.id) == argument


def _works_at(principal: Principal, argument: str) -> bool:
    if principal.kind not in ("staff", "program") or argument not in outlet_codes():
        return False
    return any(holds(principal, role, scope="outlet", scope_id=argument) for role in KITCHEN_ROLES)
