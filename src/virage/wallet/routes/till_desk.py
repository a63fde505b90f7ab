"""A till as a desk: it looks into a purse, loads it, and pays out what came in cash or by its terminal."""

from typing import Annotated
from uuid import UUID

from litestar import Router, post
from msgspec import Meta, Struct

from virage.kernel.guard import Principal, device_at
from virage.wallet.reads.desk import LoadBooked, PurseAtDesk
from virage.wallet.routes.card_desk import CardDesk
from virage.wallet.rules.desk import LOAD_CENTS_MAX, DeskTender
from virage.wallet.rules.sun import ADDRESS_LENGTH_MAX

Pin = Annotated[str, Meta(max_length=40)]


class CardShown(Struct, frozen=True, forbid_unknown_fields=True):
    """How a card is known: `tap` is the query string of its SUN message, `code` what is printed on it; one of them."""

    tap: Annotated[str, Meta(max_length=ADDRESS_LENGTH_MAX)] | None = None
    code: Annotated[str, Meta(max_length=40)] | None = None


class PurseLook(Struct, frozen=True, forbid_unknown_fields=True):
    """Whose purse. It stands in the body, for addresses end up in logs."""

    by: CardShown


class LoadWish(Struct, frozen=True, forbid_unknown_fields=True):
    """Money that a desk took (`cents` above zero) or pays out (below). The till makes `id`: sent twice, it is one.

    `slip`: the number of the terminal's slip. `pin`: the card's, to pay out more than one tap pays.
    """

    id: UUID
    cashier: UUID
    by: CardShown
    cents: Annotated[int, Meta(ge=-LOAD_CENTS_MAX, le=LOAD_CENTS_MAX)]
    tender: DeskTender
    slip: Annotated[str, Meta(min_length=1, max_length=100)] | None = None
    pin: Pin | None = None


@post("/purse", status_code=200, guards=[device_at("till")], opt={"rate": "gate"})
async def look_into_purse(data: PurseLook, principal: Principal, card_desk: CardDesk) -> PurseAtDesk:
    """What is in a purse, and what a desk may take for it or pay out. The same tap loads it within five minutes."""
    raise NotImplementedError


@post("/loads", status_code=200, guards=[device_at("till")], opt={"rate": "gate"})
async def load_purse(data: LoadWish, principal: Principal, card_desk: CardDesk) -> LoadBooked:
    """Load a purse at a desk, or pay out of it: between the till's own drawer or terminal and the purse; no sale."""
    raise NotImplementedError


router = Router("/api/till", route_handlers=[look_into_purse, load_purse])
