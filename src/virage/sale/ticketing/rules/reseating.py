"""Other places for the affected lines of a moved event: those that the office names, or the best equal ones."""

from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from virage.platform.values.refusals import Refused
from virage.sale.ticketing.rules.moving import Affected, Line, needs_of
from virage.sale.ticketing.rules.open_sale import OpenSale, sold_as
from virage.sale.ticketing.rules.places import code_of
from virage.sale.ticketing.rules.plan import COMPANION, WHEELCHAIR
from virage.sale.ticketing.rules.runs import bits, starts_of, without_orphans
from virage.sale.ticketing.rules.terms import PARTY_MAX, Reason
from virage.site.venue.types import Venue


class Reseat(Struct, frozen=True, tag_field="kind", tag="place", forbid_unknown_fields=True):
    """Move the ticket to a free place of the new version."""

    place: int


class BestEqual(Struct, frozen=True, tag_field="kind", tag="best", forbid_unknown_fields=True):
    """Move the ticket to the best free place of at least its price, together with its party."""


class GiveBack(Struct, frozen=True, tag_field="kind", tag="refund", forbid_unknown_fields=True):
    """Refund the ticket."""


MoveChoice = Reseat | BestEqual | GiveBack
PROPOSALS_MAX = 3
"""Number of places that are proposed for each affected ticket."""


class Reseating(Struct, frozen=True):
    """The new places of affected tickets, and the tickets to refund."""

    places: dict[UUID, int]
    refunds: list[UUID]


def reseat(
    sale: OpenSale, old: Venue, affected: Sequence[Affected], choices: Mapping[UUID, MoveChoice]
) -> Reseating | Refused:
    """Return what happens to the affected tickets; each needs a choice.

    `sale` is the event at the new version, in which the places of all other lines are taken; the places chosen here
    are taken in it afterwards. Named places come first, then parties in the order of their former places, so that the
    same choices have the same result. Refused with the tickets that have no choice or no suitable place.
    """
    wishes = {found.line.ticket_id: _wish(sale, old, found.line) for found in affected}
    unclear = sorted(wishes.keys() ^ choices.keys())
    if unclear:
        return Refused(Reason.TICKETS_AFFECTED, {"tickets": unclear})
    places: dict[UUID, int] = {}
    parties: dict[UUID, list[_Wish]] = {}
    for ticket_id, wish in wishes.items():
        choice = choices[ticket_id]
        if isinstance(choice, Reseat):
            if not _is_suitable(sale, choice.place, _beside(wish)):
                return Refused(Reason.PLACE_TAKEN, {"places": [choice.place], "tickets": [ticket_id]})
            sale.inventory.hold([choice.place])
            places[ticket_id] = choice.place
        elif isinstance(choice, BestEqual):
            parties.setdefault(wish.line.order_id, []).append(wish)
    for party in parties.values():
        found = _seat_party(sale, party)
        missing = [wish.line.ticket_id for wish in party if wish.line.ticket_id not in found]
        if missing:
            return Refused(Reason.SOLD_OUT, {"tickets": missing})
        places |= found
    return Reseating(places, [id_ for id_ in wishes if isinstance(choices[id_], GiveBack)])


def proposals(sale: OpenSale, old: Venue, affected: Sequence[Affected]) -> dict[UUID, list[int]]:
    """Return up to `PROPOSALS_MAX` places for each affected line, the best first, and take them in the sale.

    No place is proposed twice, so that any choice among the proposals is possible. The first proposals of a party are
    those of `BestEqual`, its second ones belong together as well, and so on.
    """
    parties: dict[UUID, list[_Wish]] = {}
    for found in affected:
        parties.setdefault(found.line.order_id, []).append(_wish(sale, old, found.line))
    proposed: dict[UUID, list[int]] = {found.line.ticket_id: [] for found in affected}
    for _ in range(PROPOSALS_MAX):
        for party in parties.values():
            for ticket_id, place in _seat_party(sale, party).items():
                proposed[ticket_id].append(place)
    return proposed


class _Wish(Struct, frozen=True):
    """A line with what its new place must have: features, and the kind of a hospitality block.

    `category` is the one of its former place, None if that is no longer for sale.
    """

    line: Line
    features: int
    hospitality: str | None
    standing: bool
    category: UUID | None


def _wish(sale: OpenSale, old: Venue, line: Line) -> _Wish:
    standing = line.place >= old.seats
    kind = "seats" if standing else old.blocks[old.block[line.place]].kind
    category = sold_as(sale.pricing).get(code_of(old, line.place)[0])
    return _Wish(line, needs_of(old, line), None if kind == "seats" else kind, standing, category)


def _beside(wish: _Wish) -> _Wish:
    """Return a wish that any seat fulfils if a companion seat did: a companion may sit on an ordinary one."""
    return replace(wish, features=wish.features & ~COMPANION)


def _is_suitable(sale: OpenSale, place: int, wish: _Wish) -> bool:
    """Return whether a place is free and has what is wanted; a wheelchair space only for the access tariff."""
    inventory, venue = sale.inventory, sale.venue
    if not inventory.is_free(place):
        return False
    if place >= venue.seats:
        return not wish.features and wish.hospitality is None
    features = inventory.plan.features[place]
    if wish.features & ~features or (features & WHEELCHAIR and not wish.features & WHEELCHAIR):
        return False
    return wish.hospitality is None or venue.blocks[venue.block[place]].kind == wish.hospitality


def _seat_party(sale: OpenSale, party: Sequence[_Wish]) -> dict[UUID, int]:
    """Return places for the lines of an order, taken in the sale; lines without a suitable place are missing.

    Wheelchair spaces come with their companion seats; the others sit side by side in one segment if they can.
    """
    found = _seat_wheelchairs(sale, party)
    rest = [_beside(wish) for wish in party if wish.line.ticket_id not in found]
    if 1 < len(rest) <= PARTY_MAX and not any(wish.standing or wish.features & WHEELCHAIR for wish in rest):
        found |= _seat_together(sale, rest)
    for wish in rest:
        if wish.line.ticket_id not in found:
            place = next((place for place in _candidates(sale, wish) if _is_suitable(sale, place, wish)), None)
            if place is not None:
                sale.inventory.hold([place])
                found[wish.line.ticket_id] = place
    return found


def _seat_wheelchairs(sale: OpenSale, party: Sequence[_Wish]) -> dict[UUID, int]:
    """Return wheelchair spaces with the companion seats beside them, best sightline first."""
    inventory, found = sale.inventory, dict[UUID, int]()
    companions = [wish for wish in party if wish.features & COMPANION]
    for wish in party:
        if wish.features & WHEELCHAIR:
            units = (
                unit
                for category in _categories(sale, [wish])
                for unit in inventory.plan.units
                if inventory.category_of[unit.space] == category and _is_suitable(sale, unit.space, wish)
            )
            unit = next((unit for unit in units if not companions or inventory.companion_free(unit)), None)
            if unit is not None:
                found[wish.line.ticket_id] = unit.space
                if companions and unit.companion is not None:
                    found[companions.pop(0).line.ticket_id] = unit.companion
                inventory.hold(found.values())
    return found


def _seat_together(sale: OpenSale, party: Sequence[_Wish]) -> dict[UUID, int]:
    """Return adjacent seats of one category for a party, the best segment first; empty if there are none."""
    inventory, size = sale.inventory, len(party)
    for category in _categories(sale, party):
        segments = inventory.segments(inventory.categories[category], None)
        for orphans in (False, True):
            for segment in inventory.with_room(size, segments, orphans=orphans).tolist():
                mask, first = inventory.mask(segment), inventory.plan.first[segment]
                for start in bits(starts_of(mask, size) if orphans else without_orphans(mask, size)):
                    seats = range(first + start, first + start + size)
                    if all(_is_suitable(sale, seat, wish) for seat, wish in zip(seats, party, strict=True)):
                        inventory.hold(seats)
                        return {wish.line.ticket_id: seat for seat, wish in zip(seats, party, strict=True)}
    return {}


def _candidates(sale: OpenSale, wish: _Wish) -> Iterator[int]:
    """Yield the free ordinary seats and standing places of at least the price of a line, the best first.

    A standing line gets a standing place before a seat, and a seat is only replaced by a seat.
    """
    inventory = sale.inventory
    categories = _categories(sale, [wish])
    if wish.standing:
        for category in categories:
            for first, capacity in sale.areas.values():
                if inventory.category_of[first] == category:
                    yield from range(first, first + capacity)
    for category in categories:
        segments = inventory.segments(inventory.categories[category], None)
        for segment in [] if segments is None else segments.tolist():
            yield from (inventory.plan.first[segment] + offset for offset in bits(inventory.mask(segment)))


def _categories(sale: OpenSale, party: Sequence[_Wish]) -> list[int]:
    """Return the categories that cost at least what each line cost, the nearest price first, then the former one."""
    ranked = []
    for index, (id_, prices) in enumerate(zip(sale.inventory.categories, sale.prices, strict=True)):
        if all(prices[wish.line.tariff] >= wish.line.price_cents for wish in party):
            total = sum(prices[wish.line.tariff] for wish in party)
            ranked.append((total, id_ != party[0].category, index))
    return [index for _, _, index in sorted(ranked)]
