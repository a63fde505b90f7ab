"""The waiting list of a sold-out event: who is told, in which order, when seats are free or listed."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from virage.platform.values.refusals import Refused, invalid_input
from virage.sale.ticketing.rules.open_sale import OpenSale
from virage.sale.ticketing.rules.plan import NEED_BITS
from virage.sale.ticketing.rules.sale import propose, sale_window, within_limit
from virage.sale.ticketing.rules.terms import (
    NEEDS_MAX,
    PARTY_MAX,
    BestSeats,
    Need,
    Party,
    Reason,
    SeatNeed,
    Seats,
    StandingPlaces,
)

INVITATIONS_MAX = 3
"""An entry ends after this many invitations without a purchase."""


class WaitingRefusal(StrEnum):
    """Refusal codes of the waiting list, part of the API."""

    SEATS_AVAILABLE = "seats_available"


class WaitingRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Wait for seats of an event for a party, in these categories; in any without one.

    `wheelchairs` of the party need a wheelchair space, each with a companion seat for another one of the party as far
    as they go. `needs` are features that a seat must have, one for each wheelchair, or one. Both are stored only with
    the person's consent: `consents`.
    """

    size: Annotated[int, Meta(ge=1, le=PARTY_MAX)]
    wheelchairs: Annotated[int, Meta(ge=0, le=PARTY_MAX)] = 0
    needs: Annotated[list[SeatNeed], Meta(max_length=NEEDS_MAX)] = []
    category_ids: Annotated[list[UUID], Meta(max_length=30)] = []
    consents: bool = False


class WaitingEntry(Struct, frozen=True):
    """An entry as stored; `buying`: the person has a basket of this event that is open."""

    event_id: UUID
    person_id: UUID
    joined_at: datetime
    turn_at: datetime
    invited_until: datetime | None
    size: int
    wheelchairs: int
    invitations: int
    category_ids: list[UUID]
    needs: list[SeatNeed]
    buying: bool = False

    @property
    def of_access(self) -> bool:
        """Whether the party has a wheelchair or another need."""
        return self.wheelchairs > 0 or bool(self.needs)

    def is_invited(self, now: datetime) -> bool:
        """Return whether an invitation runs."""
        return self.invited_until is not None and self.invited_until > now


class ListedSeats(Struct, frozen=True):
    """A listing that no basket holds. `access`: it has access tickets. `features` are the bits of each seat."""

    seller_id: UUID
    size: int
    category_ids: frozenset[UUID | None]
    access: bool
    features: tuple[int, ...]


def may_wait(sale: OpenSale, request: WaitingRequest, bought: int, now: datetime) -> Refused | None:
    """Refuse a request while the event is not on sale, for unknown categories, above the limit, or without consent."""
    refusal = sale_window(sale.event, now)
    if refusal is not None:
        return refusal
    if not set(request.category_ids) <= {category.id for category in sale.pricing.categories}:
        return Refused(Reason.CATEGORY_UNKNOWN)
    if request.wheelchairs > request.size:
        return invalid_input("wheelchairs", "The party is smaller.")
    if (request.wheelchairs or request.needs) and not request.consents:
        return invalid_input("consents", "A need of access is stored only with consent.")
    return within_limit(sale.event, bought, request.size)


class Supply:
    """What an event has for those who wait: the free seats of its sale, and listings."""

    def __init__(self, sale: OpenSale, listed: Sequence[ListedSeats]) -> None:
        self._sale = sale
        self.listed = list(listed)

    def find(
        self, wanted: WaitingRequest | WaitingEntry, person_id: UUID
    ) -> tuple[list[int], list[ListedSeats]] | None:
        """Return seats together in the sale, or listings with exactly as many tickets as the party; None without them.

        A person's own listings are left out. Listings with access tickets are for parties with a wheelchair or another
        need, and each listing for a party with needs has a seat with all of these features.
        """
        for seats in _wishes(self._sale, wanted):
            found = propose(self._sale.inventory, seats, self._sale.blocks, self._sale.areas)
            if not isinstance(found, Refused):
                return [seat.place for seat in found], []
        feature = sum(NEED_BITS[need] for need in set(wanted.needs))
        fitting = [
            one
            for one in self.listed
            if (one.access == (wanted.wheelchairs > 0) or (wanted.needs and not wanted.wheelchairs))
            and any(bits & feature == feature for bits in one.features)
            and one.seller_id != person_id
            and (not wanted.category_ids or one.category_ids <= set(wanted.category_ids))
        ]
        sums: dict[int, list[ListedSeats]] = {0: []}
        for one in fitting:
            for size, chosen in list(sums.items()):
                if size + one.size <= wanted.size:
                    sums.setdefault(size + one.size, [*chosen, one])
        return ([], sums[wanted.size]) if wanted.size in sums else None

    def take(self, wanted: WaitingEntry) -> bool:
        """Take what `find` finds, also out of the inventory of the sale; return False if it finds nothing."""
        found = self.find(wanted, wanted.person_id)
        if found is None:
            return False
        places, listed = found
        self._sale.inventory.hold(places)
        for one in listed:
            self.listed.remove(one)
        return True


def to_invite(entries: Sequence[WaitingEntry], supply: Supply, now: datetime) -> list[WaitingEntry]:
    """Return who is invited now, in order: as many parties as there are seats for.

    The seats of running invitations are counted first, so that no seat is told to two parties at once. Parties with a
    wheelchair or another need come before the others. People with an open basket are left out.
    """
    invited = sorted(
        (one for one in entries if one.is_invited(now) and not one.buying),
        key=lambda one: (one.invited_until, one.turn_at, one.person_id),
    )
    for one in invited:
        supply.take(one)
    waiting = sorted(
        (one for one in entries if not one.is_invited(now) and not one.buying),
        key=lambda one: (not one.of_access, one.turn_at, one.person_id),
    )
    chosen = []
    hopeless: set[tuple[int, int, frozenset[SeatNeed], frozenset[UUID]]] = set()
    for one in waiting:
        wish = (one.size, one.wheelchairs, frozenset(one.needs), frozenset(one.category_ids))
        if wish in hopeless:
            continue
        if supply.take(one):
            chosen.append(one)
        elif all(listed.seller_id != one.person_id for listed in supply.listed):
            hopeless.add(wish)  # what one party of this kind does not find, no later one does
    return chosen


def _wishes(sale: OpenSale, wanted: WaitingRequest | WaitingEntry) -> Iterator[Seats]:
    """Yield the searches for seats of a party: seats together in each category, then standing places without needs."""
    companions = min(wanted.wheelchairs, wanted.size - wanted.wheelchairs)
    party = Party(full=wanted.size - wanted.wheelchairs - companions, access=wanted.wheelchairs, companions=companions)
    anywhere: list[UUID | None] = [None]
    needs: tuple[Need, ...] = (*(("wheelchair",) if wanted.wheelchairs else ()), *wanted.needs)
    for category_id in wanted.category_ids or anywhere:
        yield BestSeats(party, category_id, needs=needs)
    if not needs:
        for area in sale.pricing.areas:
            if area.area in sale.areas and (not wanted.category_ids or area.category_id in wanted.category_ids):
                yield StandingPlaces(area.area, party)
