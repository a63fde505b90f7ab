"""Places of a bundle: the same seats at every event where they are free, else the best equal ones."""

from collections import Counter
from collections.abc import Sequence
from uuid import UUID

import numpy as np
import numpy.typing as npt
from msgspec import Struct
from msgspec.structs import replace

from virage.platform.values.money import Cents
from virage.platform.values.refusals import Refused
from virage.sale.ticketing.rules.moving import GONE, new_places
from virage.sale.ticketing.rules.open_sale import OpenSale
from virage.sale.ticketing.rules.places import label
from virage.sale.ticketing.rules.plan import WHEELCHAIR
from virage.sale.ticketing.rules.sale import check_chosen, propose
from virage.sale.ticketing.rules.terms import Assigned, BestSeats, ChosenSeat, Party, Seats, StandingPlaces, Tariff


class BundleSeats(Struct, frozen=True):
    """The places of one event of a bundle; `same` says whether they are those of the first event."""

    assigned: list[Assigned]
    same: bool


def bundle_seats(sales: Sequence[OpenSale], seats: Seats) -> list[BundleSeats] | Refused:
    """Propose places at each event of a bundle, for a request that is about the first one.

    Best seats are searched where they are free at every event; if there are none, they are the best ones of the first
    event. Where a party cannot have the same seats, it gets the best ones of the same block, else of the same category.
    A refusal names the event that is sold out (data.event_id).
    """
    first, others = sales[0], sales[1:]
    wanted = None
    if isinstance(seats, BestSeats):
        everywhere = np.logical_and.reduce([_free_as_in(first, other) for other in sales])
        with first.inventory.limited_to(everywhere):
            found = propose(first.inventory, seats, first.blocks, first.areas)
        wanted = None if isinstance(found, Refused) else found
    if wanted is None:
        found = propose(first.inventory, seats, first.blocks, first.areas)
        if isinstance(found, Refused):
            return found
        wanted = found
    bundle = [BundleSeats(wanted, same=True)]
    for other in others:
        same = _same(first, other, wanted)
        found = _best_equal(first, other, wanted, seats) if isinstance(same, Refused) else same
        if isinstance(found, Refused):
            return Refused(found.reason, {"event_id": other.event.event_id})
        bundle.append(BundleSeats(found, same=found is same or isinstance(seats, StandingPlaces)))
    return bundle


class CategoryOffer(Struct, frozen=True):
    """A price category of the first event of a bundle. `free` counts the places that are free at every event.

    `prices` has, for each of its blocks and areas that every event sells, what an adult pays at each event.
    """

    category_id: UUID
    free: int
    prices: list[list[Cents]]


def bundle_offer(sales: Sequence[OpenSale]) -> list[CategoryOffer]:
    """Return what a bundle costs place by place, by the categories of its first event."""
    first = sales[0]
    everywhere = np.logical_and.reduce([_free_as_in(first, other) for other in sales])
    of_category = np.array(first.inventory.category_of)
    prices: dict[UUID, list[list[Cents]]] = {id_: [] for id_ in first.inventory.categories}
    starts = [first.venue.blocks[index].first_seat for index in first.blocks.values()]
    for place in starts + [start for start, _ in first.areas.values()]:
        category = first.category_id(place)
        costs = _full_prices(sales, place)
        if category is not None and costs is not None:
            prices[category].append(costs)
    return [
        CategoryOffer(id_, int((everywhere & (of_category == index)).sum()), prices[id_])
        for index, id_ in enumerate(first.inventory.categories)
    ]


def _full_prices(sales: Sequence[OpenSale], place: int) -> list[Cents] | None:
    """Return what an adult pays for a place of the first event at each event; None if one does not sell it."""
    prices = []
    for sale in sales:
        places = _places(sales[0], sale)
        there = place if places is None else int(places[place])
        if there == GONE or not sale.inventory.is_sellable(there):
            return None
        prices.append(sale.amounts_of([Assigned(there, Tariff.FULL)]).prices[0])
    return prices


def _places(first: OpenSale, other: OpenSale) -> npt.NDArray[np.int32] | None:
    """Return the places of another event by those of the first; None if both number them alike."""
    return None if first.venue.version == other.venue.version else new_places(first.venue, other.venue)


def _free_as_in(first: OpenSale, other: OpenSale) -> npt.NDArray[np.bool_]:
    """Return which places of the first event are free at another one."""
    free, places = other.inventory.free(), _places(first, other)
    return free if places is None else (places != GONE) & free[places]


def _same(first: OpenSale, other: OpenSale, wanted: Sequence[Assigned]) -> list[Assigned] | Refused:
    """Return the same places at another event, or why a party cannot have all of them."""
    places = _places(first, other)
    same = [ChosenSeat(one.place if places is None else int(places[one.place]), one.tariff) for one in wanted]
    return check_chosen(other.inventory, same)


def _best_equal(first: OpenSale, other: OpenSale, wanted: Sequence[Assigned], seats: Seats) -> list[Assigned] | Refused:
    """Return other places of an event: in the same block, else in the category that the same seat has there."""
    if isinstance(seats, StandingPlaces):
        return propose(other.inventory, seats, other.blocks, other.areas)
    tariffs = Counter(one.tariff for one in wanted)
    needs = seats.needs if isinstance(seats, BestSeats) else ()
    if any(first.venue.features[one.place] & WHEELCHAIR for one in wanted if one.place < first.venue.seats):
        needs = (*needs, "wheelchair")
    places = _places(first, other)
    place = wanted[0].place if places is None else int(places[wanted[0].place])
    asked = BestSeats(
        party=Party(
            full=tariffs[Tariff.FULL],
            child=tariffs[Tariff.CHILD],
            reduced=tariffs[Tariff.REDUCED],
            access=tariffs[Tariff.ACCESS],
            companions=tariffs[Tariff.COMPANION],
        ),
        category_id=None if place == GONE else other.category_id(place),
        together=not isinstance(seats, BestSeats) or seats.together,
        needs=needs,
    )
    block = label(first.venue, wanted[0].place).block
    near = replace(asked, block=block) if block in other.blocks else asked
    found = propose(other.inventory, near, other.blocks, other.areas)
    return propose(other.inventory, asked, other.blocks, other.areas) if isinstance(found, Refused) else found
