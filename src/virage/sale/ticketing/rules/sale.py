"""Whether something may be sold, to whom and how much of it: windows, limits, chosen seats."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from virage.platform.values.refusals import Refused
from virage.sale.ticketing.rules.best_seats import best_seats
from virage.sale.ticketing.rules.hall import Hall
from virage.sale.ticketing.rules.plan import COMPANION, WHEELCHAIR
from virage.sale.ticketing.rules.terms import (
    PARTY_MAX,
    Assigned,
    Basket,
    Best,
    ChosenPlace,
    OnSale,
    Reason,
    Seats,
    Standing,
    State,
    Tariff,
)

HOLD_FOR = timedelta(minutes=10)
PAYING_FOR = timedelta(minutes=10)
LIVES_AT_MOST = timedelta(minutes=30)
GUESTS_PLACES = 200
OPEN_STATES: tuple[State, ...] = ("held", "paying")


def sale_window(event: OnSale, now: datetime) -> Refused | None:
    """Why nothing of this event is sold now, or None."""
    if event.cancelled:
        return Refused(Reason.EVENT_CANCELLED)
    if now < event.opens_at:
        return Refused(Reason.SALE_NOT_OPEN, {"opens_at": event.opens_at})
    if now >= event.closes_at:
        return Refused(Reason.SALE_CLOSED, {"closed_at": event.closes_at})
    return None


def within_limit(event: OnSale, bought: int, wanted: int) -> Refused | None:
    """Why this buyer may not have so many more places of this event, or None."""
    if bought + wanted > event.limit_per_buyer:
        return Refused(Reason.LIMIT_REACHED, {"limit": event.limit_per_buyer, "left": event.limit_per_buyer - bought})
    return None


def guests_share(open_places: int) -> int:
    """How many places of a pool guests may hold together, of so many that are free or that guests hold.

    Guests cost nothing to make, so all of them together are bounded: a tenth of the pool, and of a small one 200
    places, but never more than half, so that whoever signs in finds some.
    """
    return max(open_places // 10, min(GUESTS_PLACES, open_places // 2))


def guests_may_hold(hall: Hall, held: Counter[int], wanted: Counter[int]) -> Refused | None:
    """Why a guest may not hold so many more places without signing in, or None.

    `held` counts what guests hold, `wanted` what this one asks for, both by pool: the bound holds in the whole event,
    in each category, and for wheelchair spaces with their companions, so that none of them is emptied.
    """
    within = [(hall.free_count, held.total(), wanted.total())]
    within += [(hall.free_by_pool[pool], held[pool], count) for pool, count in wanted.items()]
    if any(has + count > guests_share(free + has) for free, has, count in within):
        return Refused(Reason.SIGN_IN_FIRST, {"because": "guests_hold_their_share"})
    return None


def propose(
    hall: Hall, seats: Seats, blocks: dict[str, int], areas: dict[str, tuple[int, int]]
) -> list[Assigned] | Refused:
    """Propose places for a request: `blocks` maps codes to indices, `areas` to (first place, places open)."""
    if isinstance(seats, Best):
        if not seats.party.valid:
            return Refused(Reason.PARTY_INVALID, {"size_max": PARTY_MAX})
        if seats.block is not None and seats.block not in blocks:
            return Refused(Reason.BLOCK_UNKNOWN)
        return best_seats(hall, seats, None if seats.block is None else blocks[seats.block])
    if isinstance(seats, Standing):
        return _standing(hall, seats, areas)
    return check_chosen(hall, seats.places)


def _standing(hall: Hall, seats: Standing, areas: dict[str, tuple[int, int]]) -> list[Assigned] | Refused:
    if not seats.party.valid:
        return Refused(Reason.PARTY_INVALID, {"size_max": PARTY_MAX})
    if seats.area not in areas:
        return Refused(Reason.AREA_UNKNOWN)
    first, count = areas[seats.area]
    places = hall.standing(first, count, seats.party.size)
    if places is None:
        return Refused(Reason.SOLD_OUT)
    return [Assigned(place, tariff) for place, tariff in zip(places, seats.party.tariffs(), strict=True)]


def check_chosen(hall: Hall, chosen: Sequence[ChosenPlace]) -> list[Assigned] | Refused:
    """Check seats that were touched on the map: for sale, free, and wheelchair spaces for whom they are there.

    A single seat may be left alone: somebody chose, nobody computed.
    """
    places = [choice.place for choice in chosen]
    if len(set(places)) != len(places):
        return Refused(Reason.PARTY_INVALID, {"places": "named twice"})
    not_sold = [place for place in places if not hall.is_sellable(place)]
    if not_sold:
        return Refused(Reason.NOT_FOR_SALE, {"places": not_sold})
    tariffs = [choice.tariff for choice in chosen]
    if tariffs.count(Tariff.COMPANION) > tariffs.count(Tariff.ACCESS):
        return Refused(Reason.COMPANION_ALONE)
    reserved = [choice.place for choice in chosen if not _may_sit(hall, choice, places)]
    if reserved:
        return Refused(Reason.PLACE_NEEDS_ACCESS, {"places": reserved})
    taken = [place for place in places if not hall.is_free(place)]
    if taken:
        return Refused(Reason.PLACE_TAKEN, {"places": taken})
    return [Assigned(choice.place, choice.tariff) for choice in chosen]


def _may_sit(hall: Hall, choice: ChosenPlace, places: Sequence[int]) -> bool:
    """A wheelchair space needs the access tariff; a companion seat its space in the same order, or already gone."""
    if choice.place >= hall.plan.seats:
        return True
    features = hall.plan.features[choice.place]
    if features & WHEELCHAIR:
        return choice.tariff is Tariff.ACCESS
    if features & COMPANION and choice.place in hall.plan.unit_of:
        space = hall.plan.units[hall.plan.unit_of[choice.place]].space
        return space in places or not hall.is_free(space)
    return True


def paying_until(order: Basket, now: datetime) -> datetime:
    """How long a hold lasts once its buyer goes to pay: ten minutes from now, and that only the first time."""
    return max(order.expires_at, now + PAYING_FOR) if order.payment_id is None else order.expires_at


def may_pay(order: Basket, now: datetime) -> Refused | None:
    """Why this order cannot be paid now, or None."""
    if order.state in ("paid", "refunded"):
        return Refused(Reason.ALREADY_PAID)
    if order.state == "released":
        return Refused(Reason.NOT_OPEN)
    if order.state == "expired" or now >= order.expires_at:
        return Refused(Reason.HOLD_EXPIRED)
    return None
