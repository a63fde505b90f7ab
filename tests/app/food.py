"""Owned things of food by phone: the endpoints that name an order or a kitchen, and their orders."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from tests.matchday.food.menu.board import BOARD, COFFEE, a_match
from virage.identity.keys.acts import open_vault
from virage.matchday.food.menu.rules.pricing import BasketLine
from virage.matchday.food.orders.acts import kitchen, ordering
from virage.matchday.food.orders.acts.kitchen import Step
from virage.matchday.food.orders.acts.ordering import PlacementContext
from virage.matchday.food.orders.rules.orders import FoodOrderRequest, KitchenCapacity, Order
from virage.matchday.food.orders.rules.placing import PlacementRequest
from virage.money.wallet.accounts.acts import ensure_wallet
from virage.money.wallet.funding.acts.bonus import give
from virage.money.wallet.funding.rules.bonus import BonusGrant
from virage.platform.settings.config import Config
from virage.platform.values.ids import new_id

if TYPE_CHECKING:
    from tests.app.conftest import World


def capacity(_: "World") -> dict[str, Any]:
    return {"per_five_minutes": {"grill": 4}, "open": True}


COOKS = ("kitchen of 02", "cashier of 02")
FOOD: tuple[tuple[Any, ...], ...] = (
    ("GET /api/kitchen/{outlet}", "kitchen of 01", COOKS),
    ("PUT /api/kitchen/{outlet}/capacity", "kitchen of 01", COOKS, capacity),
    ("GET /api/kitchen/{outlet}/runs", "kitchen of 01", COOKS),
    ("GET /api/food/orders/{food_id}", "fan", ("friend", "guest", "kitchen of 01")),
    ("POST /api/kitchen/{outlet}/orders/{food_id}/accept", "kitchen of 01", COOKS),
    ("POST /api/kitchen/{outlet}/orders/{food_id}/ready", "kitchen of 01", COOKS),
    ("POST /api/kitchen/{outlet}/orders/{food_id}/delivered", "kitchen of 01", COOKS, lambda _: {}),
    (
        "POST /api/kitchen/{outlet}/orders/{food_id}/refund",
        "cashier of 01",
        ("kitchen of 01", *COOKS),
        lambda _: {"reason": "quality"},
    ),
    (
        "POST /api/kitchen/{outlet}/orders/{ready_food_id}/hand-over",
        "cashier of 01",
        ("kitchen of 01", *COOKS),
        lambda _: {"code": None},
    ),
    (
        "POST /api/kitchen/{outlet}/orders/{declined_food_id}/decline",
        "kitchen of 01",
        COOKS,
        lambda _: {"reason": "too_busy"},
    ),
    ("POST /api/food/orders/{waiting_food_id}/cancel", "fan", ("friend", "guest", "kitchen of 01")),
)


async def food_of(world: "World", email: str, secret: str) -> dict[str, str]:
    """Orders of this person at outlet 01: three that wait, one of them for a seat, and one that is
    ready.
    """
    now, person_id, names = world.clock.now(), await world.person(email), ("food", "declined_food", "waiting_food")
    vault = open_vault(Config(secret=secret, demo=True))
    offer = PlacementContext(BOARD, a_match(id=world.event), (), {"01"}, now)
    asked = []
    for name in (*names, "ready_food"):
        wish = FoodOrderRequest(
            id=new_id(), event_id=world.event, outlet="01", version=BOARD.version, lines=[BasketLine(COFFEE.id, 1)]
        )
        seat = 100 if name == "food" else None
        asked.append(PlacementRequest(person_id, replace(wish, deliver_to=seat), b"", "1234", 60 if seat else None))
    cook = Step("01", asked[-1].request.id, person_id)
    said = KitchenCapacity({}, open=True, delivers=True)
    async with world.db.transaction() as conn:
        await kitchen.set_capacity(conn, vault, "01", said, who=None, now=now)
    async with world.db.transaction() as conn:
        wallet_id = (await ensure_wallet(conn, person_id, now)).id
        await give(conn, [BonusGrant(new_id(), wallet_id, 5_000, "promotion")], now)
    async with world.db.transaction() as conn:
        placed = await ordering.place(conn, asked, offer, timedelta(hours=1), now)
        assert all(isinstance(one, Order) for one in placed), placed
    async with world.db.transaction() as conn:
        await kitchen.accept(conn, vault, cook, now)
    async with world.db.transaction() as conn:
        await kitchen.ready(conn, cook, timedelta(0), now)
    return {f"{name}_id": str(one.request.id) for name, one in zip((*names, "ready_food"), asked, strict=True)} | {
        "person_id": str(person_id)
    }
