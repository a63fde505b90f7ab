"""Places of a bundle: the same seats at every event of a venue where they are free, else the best equal ones."""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Literal
from uuid import UUID

import numpy as np
import numpy.typing as npt
from msgspec import Meta, Struct
from msgspec.structs import replace

from virage.platform.values.money import Cents
from virage.platform.values.refusals import Refused
from virage.sale.ticketing.rules.best_seats import SeatSearch, seat_party, with_feature
from virage.sale.ticketing.rules.moving import GONE, new_places
from virage.sale.ticketing.rules.open_sale import OpenSale
from virage.sale.ticketing.rules.places import label
from virage.sale.ticketing.rules.plan import COMPANION, NEED_BITS, WHEELCHAIR
from virage.sale.ticketing.rules.runs import bits, starts_of, without_orphans
from virage.sale.ticketing.rules.sale import check_chosen, propose
from virage.sale.ticketing.rules.terms import (
    TARIFF_CODE,
    Assigned,
    BestSeats,
    ChosenSeat,
    ChosenSeats,
    Need,
    Party,
    Reason,
    SeatNeed,
    Seats,
    StandingPlaces,
    Tariff,
)
from virage.site.venue.types import Venue

FRONT_SHARE = 3


class BundleSeats(Struct, frozen=True):
    """The places of one event of a bundle; `same` says whether they are those of the first event at its venue."""

    assigned: list[Assigned]
    same: bool


class SeatWish(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a party would like to sit: a category, a block, or both. `front` is the first third of the rows of a block,
    `aisle` a row of seats that begins or ends at one.
    """

    category_id: UUID | None = None
    block: Annotated[str, Meta(max_length=16)] | None = None
    near: Literal["front", "aisle"] | None = None


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
            same = _same(first.venue, other, places)
            equal = _best_equal(first.venue, other, places, asked) if isinstance(same, Refused) else same
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
    everywhere = [free_everywhere(group) for group in groups]
    offers = []
    for id_ in first.inventory.categories:
        free = []
        for group, places in zip(groups, everywhere, strict=True):
            there, inventory = _category_at(first, group[0], id_), group[0].inventory
            index = None if there is None else inventory.categories.index(there)
            free.append(int((places & (np.array(inventory.category_of) == index)).sum()))
        offers.append(CategoryOffer(id_, min(free), prices[id_]))
    return offers


def renewed_seats(sales: Sequence[OpenSale], was: Venue, wanted: Sequence[Assigned]) -> list[BundleSeats] | Refused:
    """Propose places at each event of a bundle, in order, for people who had these places; `was` numbers them.

    At the events of that venue they have the same places (`same`), where they are free; else as in `bundle_seats`. If
    they are free at no event, these are the best equal ones. A place in a standing area is any place there.
    Refusals: `not_for_sale` if no event is at that venue, and those of `bundle_seats`.
    """
    group = [sale for sale in sales if sale.venue.code == was.code]
    if not group:
        return Refused(Reason.NOT_FOR_SALE)
    area = label(was, wanted[0].place).area
    asked = ChosenSeats(()) if area is None else StandingPlaces(area, _best(was, wanted, ChosenSeats(())).party)
    anchor, places = group[0], None
    if isinstance(asked, ChosenSeats):
        tried = ((sale, _same(was, sale, wanted)) for sale in group)
        anchor, places = next(((sale, same) for sale, same in tried if not isinstance(same, Refused)), (anchor, None))
        equal = _best_equal(was, anchor, wanted, asked) if places is None else places
        if isinstance(equal, Refused):
            return Refused(equal.reason, {"event_id": anchor.event.event_id})
        asked = ChosenSeats(tuple(ChosenSeat(one.place, one.tariff) for one in equal))
    ordered = [anchor, *(sale for sale in sales if sale is not anchor)]
    found = bundle_seats(ordered, asked)
    if isinstance(found, Refused):
        return found
    kept = places is not None or area is not None
    by_event = {
        sale.event.event_id: replace(seats, same=seats.same and (kept or sale.venue.code != was.code))
        for sale, seats in zip(ordered, found, strict=True)
    }
    return [by_event[sale.event.event_id] for sale in sales]


def free_everywhere(sales: Sequence[OpenSale]) -> npt.NDArray[np.bool_]:
    """Return which places of the first event of a venue are for sale and free at all of these events there."""
    free: npt.NDArray[np.bool_] = np.logical_and.reduce([_free_as_in(sales[0], other) for other in sales])
    return free


def places_at(first: Venue, other: OpenSale, places: Sequence[int]) -> list[int]:
    """Return the places of an event that are these of another version of its venue, `GONE` where there is none.

    At another venue there is none.
    """
    if first.code != other.venue.code:
        return [GONE] * len(places)
    there = _places(first, other.venue)
    return list(places) if there is None else [int(there[place]) for place in places]


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
            places = _places(sales[0].venue, sale.venue)
            same = place if places is None else int(places[place])
            there = None if same == GONE else sale.category_id(same)
        else:
            there = _category_at(sales[0], sale, category_id)
        if there is None:
            return None
        prices.append(sale.prices[sale.inventory.categories.index(there)][TARIFF_CODE[Tariff.FULL]])
    return prices


def _places(first: Venue, other: Venue) -> npt.NDArray[np.int32] | None:
    """Return the places of another version of a venue by those of the first; None if both are the same version."""
    return None if first.version == other.version else new_places(first, other)


def _free_as_in(first: OpenSale, other: OpenSale) -> npt.NDArray[np.bool_]:
    """Return which places of the first event at a venue are free at another one."""
    free, places = other.inventory.free(), _places(first.venue, other.venue)
    return free if places is None else (places != GONE) & free[places]


def _first_places(group: Sequence[OpenSale], seats: Seats) -> list[Assigned] | Refused:
    """Return places at the first event of a venue: best seats that are free at its others too, if there are any."""
    first = group[0]
    if isinstance(seats, BestSeats):
        with first.inventory.limited_to(free_everywhere(group)):
            found = propose(first.inventory, seats, first.blocks, first.areas)
        if not isinstance(found, Refused):
            return found
    return propose(first.inventory, seats, first.blocks, first.areas)


def _same(first: Venue, other: OpenSale, wanted: Sequence[Assigned]) -> list[Assigned] | Refused:
    """Return the same places at an event, or why a party cannot have all of them; `first` numbers the wanted ones."""
    places = _places(first, other.venue)
    same = [ChosenSeat(one.place if places is None else int(places[one.place]), one.tariff) for one in wanted]
    return check_chosen(other.inventory, same)


def _best_equal(first: Venue, other: OpenSale, wanted: Sequence[Assigned], seats: Seats) -> list[Assigned] | Refused:
    """Return other places of an event: in the same block, else in the category that the same seat has there."""
    if isinstance(seats, StandingPlaces):
        return propose(other.inventory, seats, other.blocks, other.areas)
    places = _places(first, other.venue)
    place = wanted[0].place if places is None else int(places[wanted[0].place])
    asked = replace(_best(first, wanted, seats), category_id=None if place == GONE else other.category_id(place))
    block = label(first, wanted[0].place).block
    near = replace(asked, block=block) if block in other.blocks else asked
    found = propose(other.inventory, near, other.blocks, other.areas)
    return propose(other.inventory, asked, other.blocks, other.areas) if isinstance(found, Refused) else found


def _elsewhere(first: OpenSale, other: OpenSale, wanted: Sequence[Assigned], seats: Seats) -> Seats:
    """Return what a party asks for at another venue: its area there, else seats of the category with the same name."""
    if isinstance(seats, StandingPlaces) and seats.area in other.areas:
        return seats
    category = _category_at(first, other, first.category_id(wanted[0].place))
    return replace(_best(first.venue, wanted, seats), category_id=category)


def search_for(venue: Venue, wanted: Sequence[Assigned], wheelchairs: int, needs: Sequence[SeatNeed]) -> BestSeats:
    """Return the search for seats that the people of these places make, without category and block.

    `wheelchairs` of them need a wheelchair space: they get the access tariff, and the others the free companion seats
    as far as they go; tickets of adults change first, then reduced ones. A wheelchair space that the party has stays a
    need. `needs` are features that a seat must have, one for each person with the access tariff, or one.
    """
    asked = _best(venue, wanted, ChosenSeats(()))
    party = asked.party
    if wheelchairs:
        access = min(party.size, max(party.access, wheelchairs))
        companions = min(access, party.size - access)
        others = party.size - access - companions
        child = min(party.child, others)
        reduced = min(party.reduced, others - child)
        party = Party(others - child - reduced, child, reduced, access, companions)
    spaces: tuple[Need, ...] = ("wheelchair",) if wheelchairs or asked.needs else ()
    return replace(asked, party=party, needs=(*spaces, *needs))


def may_help(sale: OpenSale, asked: BestSeats, places: Sequence[int]) -> bool:
    """Return whether a party with needs may find seats side by side now that these places are free.

    With a wheelchair, wheelchair spaces and companion seats may help, and others of a block with such spaces if there
    are more people. Without one, seats that are near enough to one with the features.
    """
    plan, party = sale.inventory.plan, asked.party
    seats = [place for place in places if place < plan.seats]
    if "wheelchair" in asked.needs:
        others = party.size - party.access - party.companions_coming
        blocks = {unit.block for unit in plan.units} if others else set()
        return any(plan.features[seat] & (WHEELCHAIR | COMPANION) or plan.block_of(seat) in blocks for seat in seats)
    featured = plan.featured.get(sum(NEED_BITS[need] for need in set(asked.needs)))
    if featured is None:
        return False
    for seat in seats:
        segment = plan.segment_of[seat]
        at = seat - plan.first[segment]
        lowest = max(0, at - party.size + 1)
        if featured[segment] >> lowest & (1 << at + party.size - lowest) - 1:
            return True
    return False


def wished_seats(sale: OpenSale, asked: BestSeats, wish: SeatWish) -> list[Assigned] | Refused:
    """Propose the best adjacent seats that fit a wish, for a party with its needs.

    Places that a party with a wheelchair has near the front or an aisle are those of its category and block.
    """
    block = sale.blocks.get(wish.block or "")
    if wish.block is not None and block is None:
        return Refused(Reason.BLOCK_UNKNOWN)
    if wish.category_id is not None and wish.category_id not in sale.inventory.categories:
        return Refused(Reason.CATEGORY_UNKNOWN)
    best = replace(asked, category_id=wish.category_id, block=wish.block)
    if wish.near is None or "wheelchair" in best.needs:
        return propose(sale.inventory, best, sale.blocks, sale.areas)
    inventory, plan, size = sale.inventory, sale.inventory.plan, best.party.size
    feature = sum(NEED_BITS[need] for need in set(best.needs))
    search = SeatSearch(wish.category_id, block, feature, max(1, best.party.access) if feature else 0)
    segments = inventory.segments(wish.category_id, block)
    for orphans in (False, True):
        for segment in inventory.with_room(size, segments, orphans=orphans).tolist():
            rows = len(sale.venue.blocks[int(plan.block[segment])].rows)
            if wish.near == "front" and plan.row[segment] >= -(-rows // FRONT_SHARE):
                continue
            mask = inventory.mask(segment)
            starts = starts_of(mask, size) if orphans else without_orphans(mask, size)
            if wish.near == "aisle":  # a segment is a row between two aisles
                starts &= 1 | 1 << max(0, plan.length[segment] - size)
            starts = with_feature(inventory, segment, search, size, starts)
            if starts:
                first = plan.first[segment] + bits(starts)[0]
                return seat_party(inventory, best.party, list(range(first, first + size)), feature)
    return Refused(Reason.SOLD_OUT)


def _best(first: Venue, wanted: Sequence[Assigned], seats: Seats) -> BestSeats:
    """Return a search for seats for the people of these places, with the same needs."""
    tariffs = Counter(one.tariff for one in wanted)
    needs = seats.needs if isinstance(seats, BestSeats) else ()
    if any(first.features[one.place] & WHEELCHAIR for one in wanted if one.place < first.seats):
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
