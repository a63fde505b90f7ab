"""Places of a bundle: the same seats at every event of a venue where they are free, else the best equal ones."""

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
from virage.sale.ticketing.rules.terms import (
    TARIFF_CODE,
    Assigned,
    BestSeats,
    ChosenSeat,
    Party,
    Seats,
    StandingPlaces,
    Tariff,
)


class BundleSeats(Struct, frozen=True):
    """The places of one event of a bundle; `same` says whether they are those of the first event at its venue."""

    assigned: list[Assigned]
    same: bool


class CategoryOffer(Struct, frozen=True):
    """A price category of the first event of a bundle.

    `free` counts the places that are free at every event of a venue; of several venues, the fewest. `prices` has, for
    each of its blocks and areas that every event sells, what an adult pays at each event.
    """

    category_id: UUID
    free: int
    prices: list[list[Cents]]


def bundle_seats(sales: Sequence[OpenSale], seats: Seats) -> list[BundleSeats] | Refused:
    """Propose places at each event of a bundle, in order, for a request that is about the first one.

    Best seats are searched where they are free at every event of the venue; if there are none, they are the best ones
    of its first event. Where a party cannot have the same seats, it gets the best ones of the same block, else of the
    same category. At another venue it gets the best seats of the category with the same name, else the best ones.
    A refusal names the event that is sold out (data.event_id).
    """
    found: dict[UUID, BundleSeats] = {}
    wanted: list[Assigned] | None = None
    for group in _by_venue(sales):
        first = group[0]
        asked = seats if wanted is None else _elsewhere(sales[0], first, wanted, seats)
        places = _first_places(group, asked)
        if isinstance(places, Refused):
            return places if first is sales[0] else Refused(places.reason, {"event_id": first.event.event_id})
        wanted = wanted or places
        found[first.event.event_id] = BundleSeats(places, same=True)
        for other in group[1:]:
            same = _same(first, other, places)
            equal = _best_equal(first, other, places, asked) if isinstance(same, Refused) else same
            if isinstance(equal, Refused):
                return Refused(equal.reason, {"event_id": other.event.event_id})
            is_same = equal is same or isinstance(asked, StandingPlaces)
            found[other.event.event_id] = BundleSeats(equal, same=is_same)
    return [found[sale.event.event_id] for sale in sales]


def bundle_offer(sales: Sequence[OpenSale]) -> list[CategoryOffer]:
    """Return what a bundle costs place by place, by the categories of its first event."""
    first, groups = sales[0], _by_venue(sales)
    prices: dict[UUID, list[list[Cents]]] = {id_: [] for id_ in first.inventory.categories}
    starts = [first.venue.blocks[index].first_seat for index in first.blocks.values()]
    for place in starts + [start for start, _ in first.areas.values()]:
        category = first.category_id(place)
        costs = None if category is None else _full_prices(sales, place, category)
        if category is not None and costs is not None:
            prices[category].append(costs)
    everywhere = [np.logical_and.reduce([_free_as_in(group[0], other) for other in group]) for group in groups]
    offers = []
    for id_ in first.inventory.categories:
        free = []
        for group, places in zip(groups, everywhere, strict=True):
            there, inventory = _category_at(first, group[0], id_), group[0].inventory
            index = None if there is None else inventory.categories.index(there)
            free.append(int((places & (np.array(inventory.category_of) == index)).sum()))
        offers.append(CategoryOffer(id_, min(free), prices[id_]))
    return offers


def _by_venue(sales: Sequence[OpenSale]) -> list[list[OpenSale]]:
    """Return the sales of each venue, in the order of their first events."""
    groups: dict[str, list[OpenSale]] = {}
    for sale in sales:
        groups.setdefault(sale.venue.code, []).append(sale)
    return list(groups.values())


def _category_at(first: OpenSale, other: OpenSale, category_id: UUID | None) -> UUID | None:
    """Return the category of another event that is this one of the first: the same id, else the same name."""
    ids = {category.id: category for category in first.pricing.categories}
    if category_id is None or category_id not in ids or category_id in other.inventory.categories:
        return category_id
    names = {text.casefold() for text in ids[category_id].name.values()}
    equal = (one.id for one in other.pricing.categories if names & {text.casefold() for text in one.name.values()})
    return next(equal, None)


def _full_prices(sales: Sequence[OpenSale], place: int, category_id: UUID) -> list[Cents] | None:
    """Return what an adult pays for a place of the first event at each event; None if one does not sell it."""
    prices = []
    for sale in sales:
        there: UUID | None
        if sale.venue.code == sales[0].venue.code:
            places = _places(sales[0], sale)
            same = place if places is None else int(places[place])
            there = None if same == GONE else sale.category_id(same)
        else:
            there = _category_at(sales[0], sale, category_id)
        if there is None:
            return None
        prices.append(sale.prices[sale.inventory.categories.index(there)][TARIFF_CODE[Tariff.FULL]])
    return prices


def _places(first: OpenSale, other: OpenSale) -> npt.NDArray[np.int32] | None:
    """Return the places of another event at a venue by those of the first; None if both number them alike."""
    return None if first.venue.version == other.venue.version else new_places(first.venue, other.venue)


def _free_as_in(first: OpenSale, other: OpenSale) -> npt.NDArray[np.bool_]:
    """Return which places of the first event at a venue are free at another one."""
    free, places = other.inventory.free(), _places(first, other)
    return free if places is None else (places != GONE) & free[places]


def _first_places(group: Sequence[OpenSale], seats: Seats) -> list[Assigned] | Refused:
    """Return places at the first event of a venue: best seats that are free at its others too, if there are any."""
    first = group[0]
    if isinstance(seats, BestSeats):
        everywhere = np.logical_and.reduce([_free_as_in(first, other) for other in group])
        with first.inventory.limited_to(everywhere):
            found = propose(first.inventory, seats, first.blocks, first.areas)
        if not isinstance(found, Refused):
            return found
    return propose(first.inventory, seats, first.blocks, first.areas)


def _same(first: OpenSale, other: OpenSale, wanted: Sequence[Assigned]) -> list[Assigned] | Refused:
    """Return the same places at another event, or why a party cannot have all of them."""
    places = _places(first, other)
    same = [ChosenSeat(one.place if places is None else int(places[one.place]), one.tariff) for one in wanted]
    return check_chosen(other.inventory, same)


def _best_equal(first: OpenSale, other: OpenSale, wanted: Sequence[Assigned], seats: Seats) -> list[Assigned] | Refused:
    """Return other places of an event: in the same block, else in the category that the same seat has there."""
    if isinstance(seats, StandingPlaces):
        return propose(other.inventory, seats, other.blocks, other.areas)
    places = _places(first, other)
    place = wanted[0].place if places is None else int(places[wanted[0].place])
    asked = replace(_best(first, wanted, seats), category_id=None if place == GONE else other.category_id(place))
    block = label(first.venue, wanted[0].place).block
    near = replace(asked, block=block) if block in other.blocks else asked
    found = propose(other.inventory, near, other.blocks, other.areas)
    return propose(other.inventory, asked, other.blocks, other.areas) if isinstance(found, Refused) else found


def _elsewhere(first: OpenSale, other: OpenSale, wanted: Sequence[Assigned], seats: Seats) -> Seats:
    """Return what a party asks for at another venue: its area there, else seats of the category with the same name."""
    if isinstance(seats, StandingPlaces) and seats.area in other.areas:
        return seats
    category = _category_at(first, other, first.category_id(wanted[0].place))
    return replace(_best(first, wanted, seats), category_id=category)


def _best(first: OpenSale, wanted: Sequence[Assigned], seats: Seats) -> BestSeats:
    """Return a search for seats for the people of these places, with the same needs."""
    tariffs = Counter(one.tariff for one in wanted)
    needs = seats.needs if isinstance(seats, BestSeats) else ()
    if any(first.venue.features[one.place] & WHEELCHAIR for one in wanted if one.place < first.venue.seats):
        needs = tuple(dict.fromkeys((*needs, "wheelchair")))
    return BestSeats(
        party=Party(
            full=tariffs[Tariff.FULL],
            child=tariffs[Tariff.CHILD],
            reduced=tariffs[Tariff.REDUCED],
            access=tariffs[Tariff.ACCESS],
            companions=tariffs[Tariff.COMPANION],
        ),
        together=not isinstance(seats, BestSeats) or seats.together,
        needs=needs,
    )
