"""Rules of a sale: window, limits, chosen seats and payment."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from virage.platform.values.refusals import Refused
from virage.sale.ticketing.rules.best_seats import best_seats
from virage.sale.ticketing.rules.early import EarlySale
from virage.sale.ticketing.rules.inventory import SeatInventory
from virage.sale.ticketing.rules.plan import COMPANION, WHEELCHAIR
from virage.sale.ticketing.rules.terms import (
    PARTY_MAX,
    Assigned,
    Basket,
    BestSeats,
    ChosenSeat,
    ChosenSeats,
    OnSale,
    Reason,
    Seats,
    StandingPlaces,
    State,
    Tariff,
)

HOLD_FOR = timedelta(minutes=10)
PAYING_FOR = timedelta(minutes=10)
LIVES_AT_MOST = timedelta(minutes=30)
GUESTS_PLACES = 200
DEBIT_LEAD = timedelta(days=14)
"""How long before an event its tickets may be paid by a debit, which a bank pays or refuses days later."""
OPEN_STATES: tuple[State, ...] = ("held", "paying")


def sale_window(
    event: OnSale, now: datetime, early: EarlySale | None = None, fan_id: UUID | None = None
) -> Refused | None:
    """Return why this buyer cannot buy now, or None. Before the public sale, `early` are the members' windows.

    The refusal of a buyer without an open window names the windows that there are, and the buyer's own.
    """
    if event.cancelled:
        return Refused(Reason.EVENT_CANCELLED)
    if now < event.opens_at and (early is None or early.tickets_max(fan_id, now) is None):
        data: dict[str, Any] = {"opens_at": event.opens_at}
        if early is not None:
            data |= {"windows": early.windows, "mine": early.windows_of(fan_id)}
        return Refused(Reason.SALE_NOT_OPEN, data)
    if now >= event.closes_at:
        return Refused(Reason.SALE_CLOSED, {"closed_at": event.closes_at})
    return None


def within_limit(event: OnSale, bought: int, wanted: int, own_max: int | None = None) -> Refused | None:
    """Return the refusal if a buyer would exceed the limit of the event, or in a members' window their own, or None."""
    limit = event.limit_per_buyer if own_max is None else min(event.limit_per_buyer, own_max)
    if bought + wanted > limit:
        return Refused(Reason.LIMIT_REACHED, {"limit": limit, "left": max(0, limit - bought)})
    return None


def guests_share(open_places: int) -> int:
    """Return how many places of a pool all guests together may hold, of those that are free or held by guests.

    A bot can create guests at no cost, so their total is bounded: a tenth of the pool or 200 places, whichever is
    more, but never more than half, so that signed-in buyers find places.
    """
    return max(open_places // 10, min(GUESTS_PLACES, open_places // 2))


def guests_may_hold(inventory: SeatInventory, held: Counter[int], wanted: Counter[int]) -> Refused | None:
    """Return the refusal if a guest must sign in to hold these places, or None.

    `held` counts the places of all guests, `wanted` those of this request, both by pool. The bound applies to the
    whole event, to each category, and to wheelchair spaces with companion seats.
    """
    within = [(inventory.free_count, held.total(), wanted.total())]
    within += [(inventory.free_by_pool[pool], held[pool], count) for pool, count in wanted.items()]
    if any(has + count > guests_share(free + has) for free, has, count in within):
        return Refused(Reason.SIGN_IN_FIRST, {"because": "guests_hold_their_share"})
    return None


def propose(
    inventory: SeatInventory, seats: Seats, blocks: dict[str, int], areas: dict[str, tuple[int, int]]
) -> list[Assigned] | Refused:
    """Propose places for a request; `blocks` maps codes to indices, `areas` to (first place, capacity)."""
    if isinstance(seats, BestSeats):
        if not seats.party.valid:
            return Refused(Reason.PARTY_INVALID, {"size_max": PARTY_MAX})
        if seats.block is not None and seats.block not in blocks:
            return Refused(Reason.BLOCK_UNKNOWN)
        return best_seats(inventory, seats, None if seats.block is None else blocks[seats.block])
    if isinstance(seats, StandingPlaces):
        return _standing(inventory, seats, areas)
    return check_chosen(inventory, seats.places)


def chosen_at(version: str, seats: Seats) -> Refused | None:
    """Refuse seats that were chosen on a map of another version of the venue; their numbers mean other seats now."""
    if isinstance(seats, ChosenSeats) and seats.venue_version not in (None, version):
        return Refused(Reason.PLACE_TAKEN, {"places": [seat.place for seat in seats.places]})
    return None


def _standing(
    inventory: SeatInventory, seats: StandingPlaces, areas: dict[str, tuple[int, int]]
) -> list[Assigned] | Refused:
    if not seats.party.valid:
        return Refused(Reason.PARTY_INVALID, {"size_max": PARTY_MAX})
    if seats.area not in areas:
        return Refused(Reason.AREA_UNKNOWN)
    first, count = areas[seats.area]
    places = inventory.standing(first, count, seats.party.size)
    if places is None:
        return Refused(Reason.SOLD_OUT)
    return [Assigned(place, tariff) for place, tariff in zip(places, seats.party.tariffs(), strict=True)]


def check_chosen(inventory: SeatInventory, chosen: Sequence[ChosenSeat]) -> list[Assigned] | Refused:
    """Check chosen seats: for sale, free, and wheelchair spaces only with the access tariff.

    Chosen seats may leave a single seat free.
    """
    places = [choice.place for choice in chosen]
    if len(set(places)) != len(places):
        return Refused(Reason.PARTY_INVALID, {"places": "named twice"})
    not_sold = inventory.not_for_sale(places)
    if not_sold:
        return Refused(Reason.NOT_FOR_SALE, {"places": not_sold})
    tariffs = [choice.tariff for choice in chosen]
    if tariffs.count(Tariff.COMPANION) > tariffs.count(Tariff.ACCESS):
        return Refused(Reason.COMPANION_ALONE)
    reserved = [choice.place for choice in chosen if not _may_sit(inventory, choice, places)]
    if reserved:
        return Refused(Reason.PLACE_NEEDS_ACCESS, {"places": reserved})
    taken = inventory.taken(places)
    if taken:
        return Refused(Reason.PLACE_TAKEN, {"places": taken})
    return [Assigned(choice.place, choice.tariff) for choice in chosen]


def _may_sit(inventory: SeatInventory, choice: ChosenSeat, places: Sequence[int]) -> bool:
    """A wheelchair space needs the access tariff; a companion seat needs its space in the order, or already taken."""
    if choice.place >= inventory.plan.seats:
        return True
    features = inventory.plan.features[choice.place]
    if features & WHEELCHAIR:
        return choice.tariff is Tariff.ACCESS
    if features & COMPANION and choice.place in inventory.plan.unit_of:
        space = inventory.plan.units[inventory.plan.unit_of[choice.place]].space
        return space in places or not inventory.is_free(space)
    return True


def paying_until(order: Basket, now: datetime) -> datetime:
    """Return when a hold expires once its payment starts: ten minutes from now, extended only once."""
    return max(order.expires_at, now + PAYING_FOR) if order.payment_id is None else order.expires_at


def may_debit(starts_at: datetime, paying_ends_at: datetime) -> bool:
    """Return whether an event begins late enough for a debit, also one that is authorised at the end of the hold."""
    return starts_at - paying_ends_at > DEBIT_LEAD


def may_pay(order: Basket, now: datetime) -> Refused | None:
    """Return why this order cannot be paid now, or None."""
    if order.bundle_id is not None:
        return Refused(Reason.IN_BUNDLE)
    if order.state in ("paid", "refunded"):
        return Refused(Reason.ALREADY_PAID)
    if order.state == "released":
        return Refused(Reason.NOT_OPEN)
    if order.state == "expired" or now >= order.expires_at:
        return Refused(Reason.HOLD_EXPIRED)
    if order.debit == "awaiting":
        return Refused(Reason.AWAITING_SETTLEMENT)
    return None
